//! Requests that are pushed, by a client that knows its secret and by one that doesn't, with and without a proof.

use tests::flow::REDIRECT;
use tests::{Browser, Client, DpopKey, TestSite};

pub(super) async fn tour(site: &TestSite, browser: &Browser<'_>, client: &Client) {
    let request = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "openid")];
    let push = async |secret: Option<&str>, proof: Option<&str>| {
        let mut pairs = vec![("client_id", client.id.as_str())];
        pairs.extend(secret.map(|secret| ("client_secret", secret)));
        pairs.extend(request);
        let sent = site.http.post(site.url("/oauth2/par")).form(&pairs);
        site.send(if let Some(proof) = proof { sent.header("dpop", proof) } else { sent }, None).await
    };
    assert_eq!(push(Some("wrong"), None).await.status, 401);
    // So that the function reads the keys itself, which only proofs need.
    site.clock.advance(3700);
    let key = DpopKey::default();
    let stale = key.sign(&key.claims(site, "POST", "/oauth2/par", None), |_| {});
    let reply = push(client.secret.as_deref(), Some(&stale)).await;
    let proof = key.proof(site, "POST", "/oauth2/par", None, reply.header("dpop-nonce"));
    assert_eq!(push(client.secret.as_deref(), Some(&proof)).await.status, 201);
    let pushed = push(client.secret.as_deref(), None).await.json();
    let name = pushed["request_uri"].as_str().unwrap_or_default();
    let back = browser.authorize_fully(&format!("client_id={}&request_uri={name}", client.id)).await;
    assert!(back.parameter("code").is_some(), "{}", back.location());
}
