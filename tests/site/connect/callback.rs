//! On the way back, with what attackers bring.

use local::fakes::Endpoint;
use tests::connect::PROVIDERS;
use tests::{TestSite, json};

use super::{code, kept};

/// The parameters of an address.
fn pairs(url: &str) -> Vec<(String, String)> {
    url.parse::<url::Url>().unwrap().query_pairs().into_owned().collect()
}

fn parameter(url: &str, name: &str) -> String {
    pairs(url).into_iter().find(|(known, _)| known == name).unwrap().1
}

fn asked(site: &TestSite, provider: &str) -> usize {
    site.site.fakes().unwrap().control().requests_to(provider, Endpoint::Token).len()
}

#[tokio::test]
async fn l57_a_state_that_is_missing_made_up_or_changed_is_refused() {
    let site = TestSite::start().await;
    for provider in PROVIDERS {
        let browser = site.browser();
        let there = browser.begin(provider).await;
        let back = browser.allow_there(&there, "sakura").await;
        let (good, state) = (parameter(&back, "code"), parameter(&back, "state"));
        let path = format!("/connect/{provider}/callback");
        for query in [
            String::new(),
            format!("code={good}"),
            format!("code={good}&state="),
            format!("code={good}&state=AQAB"),
            format!("code={good}&state={state}x"),
            format!("code={good}&state={}", state.to_lowercase()),
        ] {
            let reply = browser.ask(&format!("{path}?{query}")).await;
            assert_eq!((reply.status, code(&reply)), (400, "invalid_state".to_owned()), "{provider} {query}");
        }
        let doubled = browser.ask(&format!("{path}?code={good}&state={state}&state={state}")).await;
        assert_eq!(doubled.status, 400);
        let without = browser.ask(&format!("{path}?state={state}")).await;
        assert_eq!(without.status, 400);
        assert_eq!(asked(&site, provider), 0, "the code is not spent");
        // None of that used it up.
        assert_eq!(browser.open(&back).await.status, 303, "{provider}");
    }
}

#[tokio::test]
async fn l57_a_callback_in_another_browser_is_refused() {
    let site = TestSite::start().await;
    let (attacker, victim) = (site.browser(), site.member("sakura").await);
    for provider in PROVIDERS {
        // The attacker's own account, sent to somebody else as a link: and the other way round, a code that was stolen.
        let there = attacker.begin(provider).await;
        let back = attacker.allow_there(&there, "attacker").await;
        let page = victim.open(&back).await;
        assert!(page.status == 400 && page.body.contains("another browser"), "{provider}: {}", page.body);
        assert_eq!(page.set_cookie("session"), None);
        assert_eq!(asked(&site, provider), 0);
        assert_eq!(site.browser().open(&back).await.status, 400, "nor in one without any cookie");
    }
    assert_eq!(victim.me().await["username"], "sakura");
}

#[tokio::test]
async fn l57_a_state_works_once() {
    let site = TestSite::start().await;
    site.browser().join_from("weibo", "sakura", "kinomoto").await;
    let browser = site.browser();
    let there = browser.begin("weibo").await;
    let back = browser.allow_there(&there, "sakura").await;
    assert_eq!(browser.open(&back).await.location(), "/");
    let before = (kept(&site).await, asked(&site, "weibo"));
    let again = browser.open(&back).await;
    assert!(again.status == 400 && again.body.contains("used already"), "{}", again.body);
    // Neither with a code that would be good.
    let fresh = browser.allow_there(&there, "sakura").await;
    assert_eq!(parameter(&fresh, "state"), parameter(&back, "state"));
    assert_eq!(browser.open(&fresh).await.status, 400);
    assert_eq!((kept(&site).await, asked(&site, "weibo")), before);
}

#[tokio::test]
async fn l57_a_state_of_another_provider_or_of_too_long_ago_is_refused() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let there = browser.begin("weibo").await;
    let back = browser.allow_there(&there, "sakura").await;
    let (good, state) = (parameter(&back, "code"), parameter(&back, "state"));
    for other in ["bangumi", "oidc", "lianluo"] {
        let reply = browser.ask(&format!("/connect/{other}/callback?code={good}&state={state}")).await;
        assert_eq!(code(&reply), "invalid_state", "{other}");
    }
    site.clock.advance(600);
    let page = browser.open(&back).await;
    assert!(page.status == 400 && page.body.contains("longer than ten minutes"), "{}", page.body);
    assert_eq!(page.href("again"), "/connect/weibo");
}

#[tokio::test]
async fn l57_a_code_that_was_used_is_refused_by_the_provider_and_spends_the_state() {
    let site = TestSite::start().await;
    for provider in PROVIDERS {
        let (thief, owner) = (site.browser(), site.browser());
        let there = owner.begin(provider).await;
        let theirs = owner.allow_there(&there, "sakura").await;
        let used = parameter(&theirs, "code");
        assert_eq!(owner.open(&theirs).await.status, 303);
        // With a state of one's own (RFC 9700 §4.5).
        let there = thief.begin(provider).await;
        let state = parameter(&thief.allow_there(&there, "thief").await, "state");
        let path = format!("/connect/{provider}/callback?code={used}&state={state}");
        assert_eq!(code(&thief.ask(&path).await), "invalid_code", "{provider}");
        assert_eq!(code(&thief.ask(&path).await), "used_state", "{provider}");
    }
}

#[tokio::test]
async fn l57_a_stolen_code_is_of_no_use_where_there_is_pkce() {
    let site = TestSite::start().await;
    let (thief, owner) = (site.browser(), site.browser());
    let there = owner.begin("oidc").await;
    let stolen = parameter(&owner.allow_there(&there, "sakura").await, "code");
    let there = thief.begin("oidc").await;
    let state = parameter(&thief.allow_there(&there, "thief").await, "state");
    let reply = thief.ask(&format!("/connect/oidc/callback?code={stolen}&state={state}")).await;
    assert_eq!(code(&reply), "invalid_code", "{}", reply.body);
}

#[tokio::test]
async fn l57_an_error_is_told_in_our_words() {
    let site = TestSite::start().await;
    for (error, status, words) in [
        ("access_denied", 403, "denied"),
        ("invalid_request", 403, "denied"),
        ("<script>", 403, "denied"),
        ("server_error", 503, "provider_unavailable"),
        ("temporarily_unavailable", 503, "provider_unavailable"),
    ] {
        let browser = site.browser();
        let state = parameter(&browser.begin("weibo").await, "state");
        let error: String = form_urlencoded::byte_serialize(error.as_bytes()).collect();
        let query = format!("error={error}&error_description=You+won+a+prize&error_uri=https://evil.example");
        let path = format!("/connect/weibo/callback?{query}&state={state}");
        let (page, reply) = (browser.open(&path).await, browser.ask(&path).await);
        assert_eq!((page.status, reply.status, &*code(&reply)), (status, status, words));
        assert!(!format!("{}{}", page.body, reply.body).contains("prize"), "{}", page.body);
        assert!(!page.body.contains("evil") && !page.body.contains("<script"), "{}", page.body);
        assert_eq!(page.header("retry-after").is_empty(), status != 503);
        // An error that nobody asked for is none.
        assert_eq!(site.browser().ask(&path).await.status, 400);
    }
    assert_eq!(kept(&site).await, [0; 4]);
}

#[tokio::test]
async fn l57_who_signed_out_or_is_another_by_then_has_nothing_bound() {
    let site = TestSite::start().await;
    let other = site.register("tomoyo").await;
    for somebody_else in [false, true] {
        let browser = site.member(&format!("sakura{somebody_else}")).await;
        let there = browser.begin_to_bind("weibo").await;
        let back = browser.allow_there(&there, "sakura").await;
        let csrf = browser.open("/login").await.input("csrf");
        assert_eq!(browser.submit("/logout", &[("csrf", &csrf)]).await.status, 303);
        if somebody_else {
            browser.sign_in(&other).await;
        }
        let page = browser.open(&back).await;
        assert!(page.status == 403 && page.body.contains("Nothing was bound"), "{}", page.body);
        assert_eq!(code(&browser.ask(&back.replace(site.issuer(), "")).await), "session_changed");
    }
    assert_eq!(asked(&site, "weibo"), 0, "the code is not spent");
    assert_eq!(kept(&site).await[1..], [0, 0, 0]);
}

#[tokio::test]
async fn l57_every_sign_in_begins_a_session_of_its_own() {
    let site = TestSite::start().await;
    site.browser().join_from("bangumi", "sakura", "kinomoto").await;
    let browser = site.browser();
    // One that somebody else put there.
    let fixed = site.member("attacker").await;
    let csrf = fixed.open("/login").await;
    assert_eq!(csrf.status, 200);
    browser.accept("session=AQAB.AQAB");
    let reply = browser.come_from("bangumi", "sakura").await;
    let one = reply.set_cookie("session").unwrap();
    let other = browser.come_from("bangumi", "sakura").await.set_cookie("session").unwrap();
    assert!(one != other && !one.contains("AQAB.AQAB"));
    // It makes the browser known, as a password does.
    assert!(reply.set_cookie("known").is_some());
}

#[tokio::test]
async fn l57_no_continuation_leads_to_another_site() {
    let site = TestSite::start().await;
    site.browser().join_from("bangumi", "sakura", "kinomoto").await;
    for (go_on, place) in [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/oauth2/authorize?resume=https%3A%2F%2Fevil%2Eexample%2F"),
        ("javascript:alert(1)", "/oauth2/authorize?resume=javascript%3Aalert%281%29"),
    ] {
        let browser = site.browser();
        let go_on: String = form_urlencoded::byte_serialize(go_on.as_bytes()).collect();
        let begun = browser.open(&format!("/connect/bangumi?intent=sign_in&continue={go_on}")).await;
        let back = browser.allow_there(begun.location(), "sakura").await;
        assert_eq!(browser.open(&back).await.location(), place);
    }
}

#[tokio::test]
async fn l58_nobody_comes_into_an_account_that_is_closed_or_deleted() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.join_from("bangumi", "sakura", "kinomoto").await;
    let user_id = browser.me().await["user_id"].as_str().unwrap().to_owned();
    let (app, id) = (site.site.app(), user_id.parse().unwrap());
    let user = app.store.find_user(id).await.unwrap().unwrap();
    let attempt = shared::id::Attempt::new(&app.entropy);
    app.store.set_user_status(&user, shared::account::user::UserStatus::Disabled, attempt).await.unwrap();
    let back = site.browser();
    let page = back.come_from("bangumi", "sakura").await;
    assert!(page.status == 403 && page.body.contains("is closed"), "{}", page.body);
    assert_eq!((page.set_cookie("session"), back.me().await), (None, json!(null)));
}
