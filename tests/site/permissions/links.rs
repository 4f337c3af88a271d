//! What functions ask for accounts elsewhere.

use tests::{Browser, Client, Remote, TestSite, json};

use crate::links::{bind, newcomer, renews, tokens};

/// Bound accounts are shown and unbound, with a password and without one; tokens renewed; an account goes with what is
/// bound to it.
pub(super) async fn tour(site: &TestSite, remote: &Remote, client: &Client) {
    let user = site.register("kinomoto-touya").await;
    let first = tokens(site.site.app(), "first", 600);
    bind(site, &user, "bangumi", "kinomoto-touya", Some(&first)).await;
    renews(remote, "second");
    site.site.run_scheduled("sweep").await.expect("the sweep");
    let browser = site.browser();
    browser.sign_in(&user).await;
    let theirs = site.token(client, &[("grant_type", "client_credentials")]).await.json();
    let theirs = theirs["access_token"].as_str().unwrap_or_default().to_owned();
    site.get("/connections", Some(&theirs)).await;
    let third = browser.authorize_and_redeem(client, "openid").await;
    site.get("/connections", Some(&third.access_token)).await;
    assert_eq!(site.delete("/connections/bangumi", Some(&site.sign_in(&user).await), json!({})).await.status, 204);
    let (user, browser) = newcomer(site, "yukito", "weibo", "yukito").await;
    for at in ["bangumi", "acwing"] {
        bind(site, &user, at, "yukito", None).await;
    }
    assert_eq!(unbind(site, &browser, "bangumi").await, 204);
    assert_eq!(site.send(browser.http.delete(site.url("/account")).json(&json!({})), None).await.status, 204);
}

/// The session's use is noted an hour after it began.
pub(super) async fn later(site: &TestSite) {
    let (_, browser) = newcomer(site, "kerochan", "weibo", "kerochan").await;
    site.clock.advance(3700);
    assert_eq!(browser.open("/connections").await.status, 200);
}

async fn unbind(site: &TestSite, browser: &Browser<'_>, at: &str) -> u16 {
    site.send(browser.http.delete(site.url(&format!("/connections/{at}"))), None).await.status
}
