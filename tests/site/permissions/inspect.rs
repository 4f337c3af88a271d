//! Tokens, asked about and ended.

use shared::oauth::metadata::GrantType;
use tests::keys::Key;
use tests::{Client, TestSite, Tokens, json};

/// Asks about tokens of every kind, and ends them.
pub(super) async fn tour(site: &TestSite, client: &Client, tokens: &Tokens, own: &str) {
    // A client's own token can't be traded, which is seen when it has been read.
    site.change_client(client, |client| client.allow(GrantType::TokenExchange)).await;
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let trade = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", own),
        ("subject_token_type", kind),
    ];
    assert_eq!(site.token(client, &trade).await.status, 400);
    let key = Key::es256();
    let keyed = site.keyed_client(&key, json!({})).await;
    // So that the signing keys are read here, too.
    site.clock.advance(301);
    let asked = site.asserted("/oauth2/introspect", &key.assertion(site, &keyed), &[("token", "x")]).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let wrong = [("client_id", client.id.as_str()), ("client_secret", "wrong"), ("token", "x")];
    assert_eq!(site.form("/oauth2/introspect", &wrong).await.status, 401);
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        for token in [&tokens.access_token, own, &tokens.refresh_token] {
            let reply = site.form(path, &[&client.in_body()[..], &[("token", token)]].concat()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }
}
