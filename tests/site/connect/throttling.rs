//! What a stranger can make a site ask a provider, and keep others from.

use local::fakes::{Endpoint, Fault};
use shared::account::limits::CONNECTS_PER_ADDRESS;
use shared::id::Attempt;
use shared::store::rates::Counter;
use tests::{Browser, TestSite};

use super::code;

/// Somebody who comes back, and where to.
async fn coming<'s>(site: &'s TestSite, provider: &str) -> (Browser<'s>, String) {
    let browser = site.browser();
    let there = browser.begin(provider).await;
    let back = browser.allow_there(&there, "sakura").await;
    (browser, back)
}

fn asked(site: &TestSite, provider: &str) -> usize {
    site.site.fakes().unwrap().control().requests_to(provider, Endpoint::Token).len()
}

fn path(site: &TestSite, back: &str) -> String {
    back.strip_prefix(site.issuer()).unwrap().to_owned()
}

#[tokio::test]
async fn l57_a_code_that_no_provider_would_give_is_refused_before_anybody_is_asked() {
    let site = TestSite::start().await;
    for provider in ["weibo", "bangumi"] {
        let (browser, back) = coming(&site, provider).await;
        let (head, _) = back.split_once("code=").unwrap();
        let (_, state) = back.split_once("state=").unwrap();
        let state = state.split('&').next().unwrap();
        let head = path(&site, head.split('?').next().unwrap());
        for bad in ["a".repeat(2049), "a%00b".to_owned(), "a%0D%0Ab".to_owned(), "%C2%85".to_owned()] {
            site.proxy.forget();
            let reply = browser.ask(&format!("{head}?code={bad}&state={state}")).await;
            assert!(reply.status == 400 && reply.body.contains("2,048 bytes"), "{}", reply.body);
            assert!(site.proxy.calls().iter().all(tests::faults::Call::is_read));
        }
        assert_eq!(asked(&site, provider), 0);
        let reply = browser.ask(&format!("{head}?code={}&state={state}", "a".repeat(2048))).await;
        assert_eq!((code(&reply), asked(&site, provider)), ("invalid_code".to_owned(), 1));
    }
}

#[tokio::test]
async fn l57_answers_of_providers_are_counted_by_network_before_anything_is_used_up() {
    let site = TestSite::start().await;
    let app = site.site.app();
    let (browser, back) = coming(&site, "weibo").await;
    for n in 0..CONNECTS_PER_ADDRESS {
        let counter = Counter::new("CONNECT", "127.0.0.1", CONNECTS_PER_ADDRESS, app.clock.now());
        assert!(app.store.claim_attempt(&counter, Attempt::new(&app.entropy)).await.unwrap(), "{n}");
    }
    for provider in ["weibo", "bangumi"] {
        let (browser, back) = coming(&site, provider).await;
        let page = browser.open(&back).await;
        assert_eq!(page.status, 429, "{}", page.body);
        let reply = browser.ask(&path(&site, &back)).await;
        assert_eq!(reply.status, 429, "{}", reply.body);
        assert_ne!(reply.header("retry-after"), "");
        assert_eq!(asked(&site, provider), 0);
    }
    // The window is over, and the state is not: nothing was used up.
    let wait: i64 = browser.ask(&path(&site, &back)).await.header("retry-after").parse().unwrap();
    let (browser, back) = match wait < 600 {
        true => (browser, back),
        false => {
            site.clock.advance(wait - 300);
            coming(&site, "weibo").await
        }
    };
    assert_eq!(browser.open(&back).await.status, 429);
    site.clock.advance(wait.min(300));
    assert_eq!(browser.open(&back).await.location(), "/connect/weibo/pending");
}

#[tokio::test]
async fn l57_a_state_is_given_back_three_times_and_not_where_the_provider_is_asked_too_much() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    for provider in ["weibo", "bangumi"] {
        let (browser, back) = coming(&site, provider).await;
        let path = path(&site, &back);
        control.set(provider, Endpoint::Token, Fault::Status(500));
        for _ in 0..3 {
            assert_eq!(code(&browser.ask(&path).await), "provider_unavailable", "{provider}");
        }
        let last = browser.ask(&path).await;
        assert_eq!((last.status, &*code(&last)), (503, "provider_busy"), "{provider}");
        assert_ne!(last.header("retry-after"), "");
        assert_eq!(code(&browser.ask(&path).await), "used_state", "{provider}");
        assert_eq!(asked(&site, provider), 4, "{provider}");

        control.set(provider, Endpoint::Token, Fault::Status(429));
        let (browser, back) = coming(&site, provider).await;
        let page = browser.open(&back).await;
        assert!(page.status == 503 && page.body.contains("don’t answer just now"), "{provider}: {}", page.body);
        assert_eq!(page.href("again"), format!("/connect/{provider}?intent=sign_in"), "they begin again");
        control.heal();
        assert_eq!(code(&browser.ask(back.strip_prefix(site.issuer()).unwrap()).await), "used_state", "{provider}");
        assert_eq!(asked(&site, provider), 5, "{provider}");
    }
}

#[tokio::test]
async fn l57_of_many_who_send_the_same_again_one_is_taken_each_time() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    let (browser, back) = coming(&site, "weibo").await;
    let path = path(&site, &back);
    control.set("weibo", Endpoint::Token, Fault::Status(500));
    assert_eq!(code(&browser.ask(&path).await), "provider_unavailable");
    control.heal();
    let four = tokio::join!(browser.ask(&path), browser.ask(&path), browser.ask(&path), browser.ask(&path));
    let mut told = [four.0, four.1, four.2, four.3].map(|reply| (reply.status, code(&reply)));
    told.sort();
    let used = (400, "used_state".to_owned());
    assert_eq!(told, [(200, String::new()), used.clone(), used.clone(), used]);
    assert_eq!(asked(&site, "weibo"), 2);
}

#[tokio::test]
async fn l57_what_made_up_codes_make_a_provider_answer_shuts_nobody_else_out() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    for provider in ["weibo", "bangumi"] {
        for fault in [Fault::Status(429), Fault::Status(500)] {
            let (owner, good) = coming(&site, provider).await;
            control.set(provider, Endpoint::Token, fault);
            for _ in 0..6 {
                let (stranger, back) = coming(&site, provider).await;
                assert_eq!(stranger.open(&back).await.status, 503);
            }
            control.heal();
            assert_eq!(owner.open(&good).await.status, 303, "{provider} {fault:?}");
        }
        // Who says nothing at all is left alone.
        control.set(provider, Endpoint::Token, Fault::Cut);
        for _ in 0..6 {
            let (stranger, back) = coming(&site, provider).await;
            assert_eq!(stranger.open(&back).await.status, 503);
        }
        control.heal();
        let (owner, good) = coming(&site, provider).await;
        assert_eq!(owner.open(&good).await.status, 503, "{provider}");
        site.clock.advance(31);
        assert_eq!(owner.open(&good).await.status, 303, "{provider}");
    }
}

#[tokio::test]
async fn l57_a_state_that_could_not_be_given_back_is_said_to_be_used_up() {
    let site = TestSite::start().await;
    let control = site.site.fakes().unwrap().control();
    control.set("weibo", Endpoint::Token, Fault::Status(500));
    let (browser, back) = coming(&site, "weibo").await;
    site.proxy.forget();
    assert_eq!(code(&browser.ask(&path(&site, &back)).await), "provider_unavailable");
    let sites = site.proxy.call_sites();
    let given_back = sites.iter().find(|site| site.name.starts_with("PutItem ONCE") && site.nth == 2).unwrap();
    let (browser, back) = coming(&site, "weibo").await;
    site.proxy.forget();
    site.proxy.fail_from_call(given_back, tests::Fault::Error);
    assert_eq!(code(&browser.ask(&path(&site, &back)).await), "provider_busy");
    site.proxy.heal();
    control.heal();
    assert_eq!(code(&browser.ask(&path(&site, &back)).await), "used_state");
}
