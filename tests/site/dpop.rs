//! Tokens that are of use to nobody but who has a key (RFC 9449).

mod proofs;
mod resource_server;
mod tokens;

use tests::{DpopKey, Reply, TestSite};

fn assert_refused(reply: &Reply, status: u16, error: &str, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (status, error), "{why}: {}", reply.body);
}

/// A good proof for the token endpoint.
async fn at_token(site: &TestSite, key: &DpopKey) -> String {
    let nonce = site.dpop_nonce(key).await;
    key.proof(site, "POST", "/oauth2/token", None, &nonce)
}

/// A good proof for userinfo.
async fn at_userinfo(site: &TestSite, key: &DpopKey, token: &str) -> String {
    let nonce = site.dpop_nonce(key).await;
    key.proof(site, "GET", "/oauth2/userinfo", Some(token), &nonce)
}
