//! In the middle of an application's request.

use tests::flow::{REDIRECT, VERIFIER, claims};
use tests::{TestSite, Tokens};

#[tokio::test]
async fn l58_signing_in_elsewhere_goes_on_with_the_request_that_waited() {
    let site = TestSite::start().await;
    site.browser().join_from("bangumi", "sakura", "kinomoto").await;
    let client = site.client().await;
    let browser = site.browser();
    let login = browser.authorize(&client.query("openid profile")).await;
    let page = browser.open(login.location()).await;
    assert!(page.body.contains("Sign in with <bdi>Bangumi</bdi>"), "{}", page.body);
    let begun = browser.open(&page.href("with-bangumi")).await;
    let back = browser.allow_there(begun.location(), "sakura").await;
    let resumed = browser.open(&back).await;
    assert!(resumed.location().starts_with("/oauth2/authorize?resume="), "{}", resumed.location());
    let consent = browser.open(resumed.location()).await;
    let done = browser.decide(&consent, "allow").await;
    assert!(done.location().starts_with(REDIRECT));
    let code = done.parameter("code").unwrap();
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
}

#[tokio::test]
async fn l58_who_is_new_creates_an_account_and_the_request_goes_on() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let browser = site.browser();
    let login = browser.authorize(&client.query("openid profile")).await;
    let page = browser.open(login.location()).await;
    let begun = browser.open(&page.href("with-oidc")).await;
    let back = browser.allow_there(begun.location(), "sakura").await;
    assert_eq!(browser.open(&back).await.location(), "/connect/oidc/pending");
    let created = browser.choose("oidc", "create", &[("username", "kinomoto")]).await;
    let consent = browser.open(created.location()).await;
    assert!(consent.body.contains("kinomoto"), "{}", consent.body);
    assert!(browser.decide(&consent, "allow").await.parameter("code").is_some());
}

#[tokio::test]
async fn l58_a_request_that_wants_a_new_sign_in_is_satisfied_by_one_elsewhere() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.join_from("bangumi", "sakura", "kinomoto").await;
    let client = site.client().await;
    let first = claims(&browser.authorize_and_redeem(&client, "openid").await.id_token);
    for more in [("prompt", "login"), ("max_age", "0")] {
        site.clock.advance(100);
        let query = format!("{}&{}={}", client.query("openid"), more.0, more.1);
        let login = browser.authorize(&query).await;
        assert!(login.location().starts_with("/login?continue="), "{more:?}: {}", login.location());
        let page = browser.open(login.location()).await;
        let begun = browser.open(&page.href("with-bangumi")).await;
        let back = browser.allow_there(begun.location(), "sakura").await;
        let resumed = browser.open(&back).await;
        let done = browser.open(resumed.location()).await;
        let code = done.parameter("code").unwrap();
        let told = claims(&Tokens::read(&site.redeem(&client, &code, VERIFIER).await).id_token);
        let seconds = site.site.app().clock.now().0;
        assert_eq!(told["auth_time"], seconds, "{more:?}: {told}");
        assert!(told["auth_time"].as_i64() > first["auth_time"].as_i64() || first["auth_time"].is_null());
    }
}
