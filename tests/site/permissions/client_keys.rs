//! Clients that prove themselves by a key.

use tests::keys::Key;
use tests::{TestSite, json};

/// An assertion is used up.
pub(super) async fn tour(site: &TestSite) {
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let grant = [("grant_type", "client_credentials")];
    let reply = site.asserted("/oauth2/token", &key.assertion(site, &client), &grant).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}
