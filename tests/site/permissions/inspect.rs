//! Tokens, asked about and ended.

use tests::{Client, TestSite, Tokens};

/// Asks about tokens of every kind, and ends them.
pub(super) async fn tour(site: &TestSite, client: &Client, tokens: &Tokens, own: &str) {
    // So that the signing keys are read here, too.
    site.clock.advance(301);
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        for token in [&tokens.access_token, own, &tokens.refresh_token] {
            let reply = site.form(path, &[&client.in_body()[..], &[("token", token)]].concat()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }
}
