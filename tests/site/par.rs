//! Pushed authorization requests (RFC 9126).

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod authorize;
mod push;

use tests::flow::{CHALLENGE, REDIRECT};
use tests::{Browser, Client, Reply, TestSite};

/// A good request, but for who sends it.
const REQUEST: [(&str, &str); 6] = [
    ("response_type", "code"),
    ("redirect_uri", REDIRECT),
    ("scope", "openid profile"),
    ("state", "xyz"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// Pushes a request, authenticated in the body.
async fn push(site: &TestSite, client: &Client, pairs: &[(&str, &str)]) -> Reply {
    site.form("/oauth2/par", &[&client.in_body()[..], pairs].concat()).await
}

/// The name of a request that was pushed.
async fn pushed(site: &TestSite, client: &Client, pairs: &[(&str, &str)]) -> String {
    let reply = push(site, client, pairs).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()["request_uri"].as_str().unwrap().to_owned()
}

/// What a user's browser is sent with.
fn query(client: &Client, request_uri: &str) -> String {
    let pairs = [("client_id", client.id.as_str()), ("request_uri", request_uri)];
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Somebody signed in.
async fn visitor(site: &TestSite) -> Browser<'_> {
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser
}
