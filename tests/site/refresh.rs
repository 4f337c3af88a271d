//! Refresh tokens: rotation, grace, replay, lifetimes.

mod endings;
mod rotation;

use tests::{Client, Reply, TestSite, Tokens, User};

/// What a session of a third party hangs on in these tests.
const SCOPE: &str = "openid profile email offline_access";

const DAY: i64 = 86_400;

fn assert_invalid_grant(reply: &Reply, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_grant"), "{why}: {}", reply.body);
}

async fn refresh_with_scope(site: &TestSite, client: &Client, token: &str, scope: &str) -> Reply {
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
    site.token(client, &pairs).await
}

/// Somebody with tokens at `client`.
async fn with_tokens(site: &TestSite, client: &Client) -> (User, Tokens) {
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(client, SCOPE).await;
    assert_ne!(tokens.refresh_token, "");
    (user, tokens)
}

/// The claims of a token of ours, unchecked.
fn claims(token: &str) -> tests::Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
