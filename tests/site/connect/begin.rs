//! On the way to a provider.

use tests::{Reply, TestSite, json};

use super::code;

#[tokio::test]
async fn l57_what_goes_to_a_provider_says_nothing_of_who_goes_and_is_new_each_time() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    let (one, other) = (browser.begin("oidc").await, browser.begin("oidc").await);
    let parameter = |url: &str, name: &str| {
        let url: url::Url = url.parse().unwrap();
        url.query_pairs().find(|(known, _)| known == name).unwrap_or_default().1.into_owned()
    };
    for name in ["state", "nonce", "code_challenge"] {
        assert!(parameter(&one, name).len() >= 22, "{name}: {one}");
        assert_ne!(parameter(&one, name), parameter(&other, name), "{name}");
    }
    assert_eq!(parameter(&one, "redirect_uri"), format!("{}/connect/oidc/callback", site.issuer()));
    assert!(!one.contains("sakura"), "{one}");
}

#[tokio::test]
async fn l57_signing_in_elsewhere_asks_nothing_of_the_table_until_one_comes_back() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    site.proxy.forget();
    browser.begin("bangumi").await;
    assert!(site.proxy.calls().is_empty(), "{:?}", site.proxy.calls());
}

#[tokio::test]
async fn l57_a_provider_that_is_not_configured_is_not_there() {
    let site = TestSite::start().await;
    let browser = site.browser();
    for provider in ["github", "google", "nobody", "Bangumi", "bangumi%00", "番"] {
        for path in ["", "/callback", "/pending"] {
            let reply = browser.open(&format!("/connect/{provider}{path}")).await;
            assert_eq!(reply.status, 404, "{provider}{path}");
        }
    }
    assert!(!browser.open("/login").await.body.contains("GitHub"));
}

#[tokio::test]
async fn l57_a_binding_is_begun_by_a_button_of_ours() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    // A link on another page leads to a question.
    for path in ["/connect/bangumi?intent=bind", "/connect/bangumi"] {
        let page = browser.open(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("Bind your") && page.body.contains("sakura"), "{}", page.body);
    }
    let csrf = browser.open("/connect/bangumi?intent=bind").await.input("csrf");
    let path = "/connect/bangumi";
    // Its form can't be sent from elsewhere.
    for (pairs, origin) in [
        (vec![("intent", "bind")], site.issuer()),
        (vec![("intent", "bind"), ("csrf", "x")], site.issuer()),
        (vec![("intent", "bind"), ("csrf", &csrf)], "https://evil.example"),
    ] {
        assert_eq!(browser.submit_from(path, &pairs, origin).await.status, 403, "{pairs:?} {origin}");
    }
    // Nor the program's call.
    let from = |origin| browser.http.get(site.url("/connect/bangumi?intent=bind")).header("origin", origin);
    assert_eq!(Reply::to(from("https://evil.example")).await.status, 403);
    assert_eq!(Reply::to(from(site.issuer())).await.status, 200);
    let post = browser.http.post(site.url(path)).body("intent=bind").header("content-type", "text/plain");
    assert_eq!(Reply::to(post).await.status, 415);
}

#[tokio::test]
async fn s55_binding_wants_a_recent_sign_in() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    site.clock.advance(601);
    let sent = browser.open("/connect/bangumi?intent=bind").await;
    assert!(sent.location().starts_with("/login?continue="), "{}", sent.location());
    let refused = browser.ask("/connect/bangumi?intent=bind").await;
    assert_eq!((refused.status, code(&refused)), (403, "fresh_sign_in_required".to_owned()));
    let csrf = browser.open("/login").await.input("csrf");
    let posted = browser.submit("/connect/bangumi", &[("csrf", &csrf), ("intent", "bind")]).await;
    assert!(posted.location().starts_with("/login?continue="), "{}", posted.location());
    // Back from there, it goes on.
    let login = browser.open(sent.location()).await;
    let back = browser.fill_login(&login, &user).await;
    assert_eq!(back.location(), "/connect/bangumi?intent=bind");
    assert_eq!(browser.open(back.location()).await.status, 200);
    assert_eq!(browser.bind("bangumi", "sakura").await.location(), "/connections?done=bound");
}

#[tokio::test]
async fn l57_who_is_not_signed_in_binds_nothing() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let sent = browser.open("/connect/bangumi?intent=bind&continue=/account").await;
    assert!(sent.location().starts_with("/login?continue="), "{}", sent.location());
    assert_eq!(browser.ask("/connect/bangumi?intent=bind").await.status, 401);
    // Without an intent they sign in, then.
    assert!(browser.open("/connect/bangumi").await.location().starts_with("http://localhost:"));
    for wrong in ["intent=both", "intent=bind&intent=sign_in"] {
        assert_eq!(browser.open(&format!("/connect/bangumi?{wrong}")).await.status, 400, "{wrong}");
    }
    let long = "x".repeat(4097);
    assert_eq!(browser.open(&format!("/connect/bangumi?intent=sign_in&continue={long}")).await.status, 400);
    assert!(!browser.open(&format!("/login?continue={long}")).await.body.contains("/connect/"));
}

#[tokio::test]
async fn l57_another_applications_token_begins_no_binding() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    let client = site.client().await;
    let theirs = browser.authorize_and_redeem(&client, "openid profile").await.access_token;
    let reply = site.get("/connect/bangumi?intent=bind", Some(&theirs)).await;
    assert_eq!(reply.status, 403, "{}", reply.body);
    let path = "/connect/bangumi";
    assert_eq!(site.post(path, Some(&theirs), json!({ "intent": "bind" })).await.status, 403);
    assert_eq!(site.post(path, Some("nonsense"), json!({ "intent": "bind" })).await.status, 401);
}
