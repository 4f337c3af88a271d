//! Bound tokens at the resource server that this site is itself.

use tests::flow::{REDIRECT, VERIFIER};
use tests::{DpopKey, TestSite, Tokens, json};

use super::{assert_refused, at_token, at_userinfo};

/// A token of somebody's, bound to `key`.
async fn bound(site: &TestSite, key: &DpopKey) -> String {
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid collections:read").await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let proof = at_token(site, key).await;
    Tokens::read(&site.token_with_proof(&client, &redeem, &proof).await).access_token
}

#[tokio::test]
async fn u41_a_bound_token_is_refused_without_a_good_proof_of_its_own_key() {
    let site = TestSite::start().await;
    let (key, thief) = (DpopKey::default(), DpopKey::default());
    let token = bound(&site, &key).await;
    assert_refused(&site.userinfo(&token).await, 401, "invalid_token", "as a bearer token");
    let form = [("access_token", token.as_str())];
    assert_refused(&site.form("/oauth2/userinfo", &form).await, 401, "invalid_token", "in a form");
    let as_dpop = site.http.get(site.url("/oauth2/userinfo")).header("authorization", format!("DPoP {token}"));
    let reply = site.send(as_dpop, None).await;
    assert_refused(&reply, 401, "invalid_dpop_proof", "no proof");
    let challenge = reply.header("www-authenticate");
    assert!(
        challenge.starts_with("DPoP algs=\"ES256 Ed25519 EdDSA PS256 RS256\", error=\"invalid_dpop_proof\""),
        "{challenge}"
    );

    let theirs = at_userinfo(&site, &thief, &token).await;
    assert_refused(&site.userinfo_with_proof(&token, &theirs).await, 401, "invalid_token", "a thief's key");
    let for_another = at_userinfo(&site, &key, "another token").await;
    let reply = site.userinfo_with_proof(&token, &for_another).await;
    assert_refused(&reply, 401, "invalid_dpop_proof", "for another token");
    let no_nonce = key.sign(&key.claims(&site, "GET", "/oauth2/userinfo", Some(&token)), |_| {});
    let reply = site.userinfo_with_proof(&token, &no_nonce).await;
    assert_refused(&reply, 401, "use_dpop_nonce", "no nonce");
    assert!(reply.header("access-control-expose-headers").contains("DPoP-Nonce"));

    // With the nonce that the refusal gave.
    let good = key.proof(&site, "GET", "/oauth2/userinfo", Some(&token), reply.header("dpop-nonce"));
    assert_eq!(site.userinfo_with_proof(&token, &good).await.status, 200);
    assert_refused(&site.userinfo_with_proof(&token, &good).await, 401, "invalid_dpop_proof", "used before");
}

#[tokio::test]
async fn u41_a_token_that_is_bound_to_nothing_is_no_dpop_token() {
    let site = TestSite::start().await;
    let (user, client, key) = (site.register("sakura").await, site.client().await, DpopKey::default());
    let browser = site.browser();
    browser.sign_in(&user).await;
    let token = browser.authorize_and_redeem(&client, "openid").await.access_token;
    let proof = at_userinfo(&site, &key, &token).await;
    assert_refused(&site.userinfo_with_proof(&token, &proof).await, 401, "invalid_token", "unbound");
}

#[tokio::test]
async fn u41_the_collection_takes_bound_tokens_as_userinfo_does() {
    let site = TestSite::start().await;
    let key = DpopKey::default();
    let token = bound(&site, &key).await;
    let ask = |proof: String| {
        let request = site.http.get(site.url("/collections?limit=5"));
        site.send(request.header("authorization", format!("DPoP {token}")).header("dpop", proof), None)
    };
    let nonce = site.dpop_nonce(&key).await;
    let proof = key.proof(&site, "GET", "/collections", Some(&token), &nonce);
    let reply = ask(proof.clone()).await;
    assert_eq!((reply.status, &reply.json()["items"]), (200, &json!([])), "{}", reply.body);
    assert_refused(&ask(proof).await, 401, "invalid_dpop_proof", "used before");
    assert_refused(&site.get("/collections", Some(&token)).await, 401, "invalid_token", "as a bearer token");
}
