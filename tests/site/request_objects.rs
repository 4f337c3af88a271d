//! Requests as JWTs (RFC 9101; OpenID Connect Core §6).

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod by_reference;
mod claims;
mod pushed;
mod signatures;

use tests::flow::{CHALLENGE, REDIRECT};
use tests::keys::{Key, jwks};
use tests::{Browser, Client, Reply, TestSite, Value, json};

/// The claims of a good request object.
fn claims(site: &TestSite, client: &Client) -> Value {
    json!({
        "iss": client.id, "aud": site.issuer(), "exp": site.clock.now() + 60, "nbf": site.clock.now(),
        "client_id": client.id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid profile",
        "state": "inside", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    })
}

/// A client that has a key, and proves itself by its secret.
async fn client(site: &TestSite, key: &Key, metadata: Value) -> Client {
    let mut all = json!({ "jwks": jwks(&[key]) });
    all.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
    site.client_with(all).await
}

/// A query with `client_id` and these.
fn query(client: &Client, pairs: &[(&str, &str)]) -> String {
    let all = [&[("client_id", client.id.as_str())], pairs].concat();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish()
}

/// What an application sends that may not rely on its object being understood: everything twice.
fn with_object(client: &Client, object: &str) -> String {
    let outside = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "openid"), ("state", "outside")];
    query(client, &[&outside[..], &[("request", object)]].concat())
}

/// Somebody signed in.
async fn visitor(site: &TestSite) -> Browser<'_> {
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser
}

/// The error by redirect, to the address that stood outside.
fn refused(reply: &Reply, error: &str, why: &str) {
    assert_eq!(reply.parameter("error").as_deref(), Some(error), "{why}: {}", reply.location());
    assert!(reply.location().starts_with(REDIRECT), "{why}");
    assert_eq!(reply.parameter("state").as_deref(), Some("outside"), "{why}");
}
