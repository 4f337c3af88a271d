//! What clients may do about tokens: revocation and introspection.

mod introspection;
mod revocation;

use tests::{Client, Reply, TestSite, Tokens, json};

const SCOPE: &str = "openid profile offline_access collections:read";

/// Asks `/oauth2/introspect` or `/oauth2/revoke` about a token.
async fn ask(site: &TestSite, path: &str, client: &Client, token: &str) -> Reply {
    site.form(path, &[&client.in_body()[..], &[("token", token)]].concat()).await
}

async fn revoke(site: &TestSite, client: &Client, token: &str) {
    let reply = ask(site, "/oauth2/revoke", client, token).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
}

async fn introspect(site: &TestSite, client: &Client, token: &str) -> tests::Value {
    let reply = ask(site, "/oauth2/introspect", client, token).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.json()
}

/// A client's own token.
async fn own_token(site: &TestSite, client: &Client) -> String {
    let pairs = [("grant_type", "client_credentials"), ("scope", "profile")];
    Tokens::read(&site.token(client, &pairs).await).access_token
}

/// Tokens of somebody new for a client.
async fn tokens(site: &TestSite, username: &str, client: &Client) -> Tokens {
    let user = site.register(username).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser.authorize_and_redeem(client, SCOPE).await
}

async fn assert_inactive(site: &TestSite, client: &Client, token: &str, why: &str) {
    assert_eq!(introspect(site, client, token).await, json!({ "active": false }), "{why}");
}
