//! The site's own applications, which need no consent.

use tests::{Client, TestSite, json};

use super::somebody;

async fn trust(site: &TestSite, client: &Client) {
    site.change_client(client, |client| client.policies.first_party = true).await;
}

#[tokio::test]
async fn a14_an_application_of_the_sites_own_asks_nobody_and_what_it_may_is_remembered() {
    let site = TestSite::start().await;
    let (user, browser, client) = somebody(&site, "sakura").await;
    trust(&site, &client).await;
    let silent = browser.authorize(&format!("{}&prompt=none", client.query("openid"))).await;
    assert!(silent.parameter("code").is_some(), "{}", silent.location());
    let tokens = browser.authorize_and_redeem(&client, "openid profile offline_access").await;
    assert_eq!(site.userinfo(&tokens.access_token).await.json()["nickname"], "sakura");
    let app = site.site.app();
    let user_id = user.user_id.parse().expect("an id");
    let grant = app.store.find_grant(user_id, client.id.parse().expect("an id")).await.expect("the table");
    assert_eq!(grant.expect("a grant").scope.to_string(), "openid profile offline_access");
    // Asked by name, the user is asked.
    let page = browser.authorize(&format!("{}&prompt=consent", client.query("openid"))).await;
    assert_eq!(browser.decide(&page, "deny").await.parameter("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a14_nobody_registers_as_the_sites_own_and_no_other_application_gains_by_one() {
    let site = TestSite::start().await;
    let (_, browser, trusted) = somebody(&site, "sakura").await;
    trust(&site, &trusted).await;
    browser.code(&trusted, "openid").await;
    let pretender = site.client_with(json!({ "first_party": true, "policies": { "first_party": true } })).await;
    let reply = browser.authorize(&format!("{}&prompt=none", pretender.query("openid"))).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("consent_required"));
    // Nor is anybody let in who is not signed in.
    let visitor = site.browser();
    let reply = visitor.authorize(&format!("{}&prompt=none", trusted.query("openid"))).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("login_required"));
}
