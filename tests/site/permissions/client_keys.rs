//! Clients that prove themselves by a key.

use tests::keys::Key;
use tests::{Client, TestSite, json};

/// An assertion is used up.
pub(super) async fn tour(site: &TestSite) {
    let key = Key::es256();
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let client = site.keyed_client(&key, json!({ "grant_types": ["client_credentials", device] })).await;
    let grant = [("grant_type", "client_credentials")];
    let reply = site.asserted("/oauth2/token", &key.assertion(site, &client), &grant).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply = site.asserted("/oauth2/introspect", &key.assertion(site, &client), &[("token", "x")]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply = site.asserted("/oauth2/device_authorization", &key.assertion(site, &client), &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    // A guess is counted.
    let client = Client { secret: Some("guessed".to_owned()), ..site.client().await };
    let reply = site.form("/oauth2/introspect", &[&client.in_body()[..], &[("token", "x")]].concat()).await;
    assert_eq!(reply.status, 401, "{}", reply.body);
}
