//! Clients that prove themselves by a key: `private_key_jwt` (RFC 7523; OpenID Connect Core §9).

mod assertions;
mod fetched;

use tests::keys::Key;
use tests::{Client, Reply, TestSite, json};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A token request with an assertion.
async fn token(site: &TestSite, assertion: &str) -> Reply {
    site.asserted("/oauth2/token", assertion, &[GRANT]).await
}

fn assert_refused(reply: &Reply, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{why}: {}", reply.body);
    assert_eq!(reply.header("www-authenticate"), "", "{why}");
}

/// A client of the FAPI 2.0 Security Profile.
async fn fapi_client(site: &TestSite, key: &Key) -> Client {
    site.keyed_client(key, json!({ "profile": "fapi2" })).await
}
