//! Providers that do not answer, or answer nonsense.

use local::fakes::{Endpoint, Fault, IdTokenFault};
use tests::connect::PROVIDERS;
use tests::{TestSite, json};

use super::{code, kept};

#[tokio::test]
async fn l57_what_a_provider_did_not_answer_can_be_sent_again_and_nothing_is_lost() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    for provider in PROVIDERS {
        for fault in [Fault::Cut, Fault::Status(500), Fault::Status(503)] {
            let browser = site.browser();
            let there = browser.begin(provider).await;
            let back = browser.allow_there(&there, "sakura").await;
            let path = back.strip_prefix(site.issuer()).unwrap();
            control.set(provider, Endpoint::Token, fault);
            let page = browser.open(path).await;
            assert!(page.status == 503 && page.body.contains("don’t answer just now"), "{provider} {fault:?}");
            assert_ne!(page.header("retry-after"), "");
            assert_eq!(page.href("again"), "", "the same address, without saying it");
            let reply = browser.ask(path).await;
            assert_eq!((reply.status, &*code(&reply)), (503, "provider_unavailable"), "{provider} {fault:?}");
            assert_ne!(reply.header("retry-after"), "");
            control.heal();
            // What keeps a site from asking in vain is over, and the code is good still.
            site.clock.advance(31);
            let page = browser.open(path).await;
            assert_eq!(page.status, 303, "{provider} {fault:?}: {}", page.body);
            assert_eq!(page.location(), format!("/connect/{provider}/pending"));
        }
    }
}

#[tokio::test]
async fn l57_nonsense_is_understood_as_nothing() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    let faults = [
        Fault::Html,
        Fault::HalfJson,
        Fault::Redirect,
        Fault::Huge,
        Fault::Status(404),
        Fault::ErrorUnder200,
        Fault::InvalidGrant,
    ];
    for provider in PROVIDERS {
        for endpoint in [Endpoint::Token, Endpoint::Profile] {
            for fault in faults {
                // Whom nobody asks, can't answer.
                control.heal();
                site.clock.advance(600);
                let browser = site.browser();
                let there = browser.begin(provider).await;
                let back = browser.allow_there(&there, "sakura").await;
                control.set(provider, endpoint, fault);
                let before = control.requests_to(provider, endpoint).len();
                let page = browser.open(&back).await;
                if control.requests_to(provider, endpoint).len() == before {
                    // The answer with the token, or in it, said who it is: the rest is not needed.
                    assert_eq!(page.status, 303, "{provider} {endpoint:?}");
                    assert!(["bangumi", "weibo", "acwing", "oidc"].contains(&provider), "{provider}");
                    assert_eq!(endpoint, Endpoint::Profile);
                    continue;
                }
                let case = format!("{provider} {endpoint:?} {fault:?}: {} {}", page.status, page.body);
                assert!([400, 403, 502, 503].contains(&page.status), "{case}");
                assert!(page.body.contains("That didn’t work with"), "{case}");
                assert_eq!(page.set_cookie("pending"), None, "{case}");
            }
        }
    }
    control.heal();
}

#[tokio::test]
async fn l57_nobody_is_who_the_provider_does_not_name() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    for provider in PROVIDERS {
        for subject in ["", "null", "true", "\"\"", "1.5", "{}", "[]"] {
            control.heal();
            site.clock.advance(600);
            let browser = site.browser();
            let there = browser.begin(provider).await;
            let back = browser.allow_there(&there, "sakura").await;
            for endpoint in [Endpoint::Token, Endpoint::Profile] {
                control.set(provider, endpoint, Fault::Subject(subject));
            }
            let page = browser.open(&back).await;
            assert_eq!(page.status, 502, "{provider} {subject}: {}", page.body);
        }
    }
    control.heal();
    assert_eq!(kept(&site).await, [0; 4]);
}

#[tokio::test]
async fn l57_a_subject_is_kept_exactly_however_large_its_number() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    for (n, subject) in
        ["9007199254740993", "9007199254740992", "\"9007199254740993\"", "123456789012345678901234567890"]
            .into_iter()
            .enumerate()
    {
        control.set("weibo", Endpoint::Token, Fault::Subject(subject));
        let browser = site.browser();
        let place = browser.come_from("weibo", "sakura").await.location().to_owned();
        // A number and its text are the same.
        let known = n == 2;
        assert_eq!(place == "/", known, "{subject}");
        if !known {
            let created = browser.choose("weibo", "create", &[("username", &format!("sakura-{n}"))]).await;
            assert_eq!(created.status, 303, "{}", created.body);
        }
    }
    let back = site.browser();
    control.set("weibo", Endpoint::Token, Fault::Subject("9007199254740992"));
    back.come_from("weibo", "sakura").await;
    assert_eq!(back.me().await["username"], "sakura-1");
}

#[tokio::test]
async fn l57_an_id_token_that_is_wrong_signs_nobody_in() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    for fault in [
        IdTokenFault::Nonce,
        IdTokenFault::NoNonce,
        IdTokenFault::Audience,
        IdTokenFault::Issuer,
        IdTokenFault::AlgNone,
        IdTokenFault::Hs256,
        IdTokenFault::Expired,
        IdTokenFault::UnknownKid,
        IdTokenFault::Signature,
        IdTokenFault::Missing,
    ] {
        control.heal();
        site.clock.advance(600);
        let browser = site.browser();
        let there = browser.begin("oidc").await;
        let back = browser.allow_there(&there, "sakura").await;
        control.set("oidc", Endpoint::Token, Fault::IdToken(fault));
        let page = browser.open(&back).await;
        assert!(page.status == 502, "{fault:?}: {} {}", page.status, page.body);
        assert_eq!(browser.me().await, json!(null));
    }
    assert_eq!(kept(&site).await, [0; 4]);
}

#[tokio::test]
async fn l57_an_open_provider_that_is_out_is_so_before_anybody_goes_there() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    control.set("oidc", Endpoint::Discovery, Fault::Status(500));
    let browser = site.browser();
    let page = browser.open("/connect/oidc?intent=sign_in&continue=/account").await;
    assert!(page.status == 503 && !page.header("retry-after").is_empty(), "{}", page.body);
    assert_eq!(page.href("other"), "/login?continue=%2Faccount");
    assert_eq!(code(&browser.ask("/connect/oidc?intent=sign_in").await), "provider_unavailable");
    control.heal();
    site.clock.advance(31);
    assert_eq!(browser.come_from("oidc", "sakura").await.location(), "/connect/oidc/pending");
}
