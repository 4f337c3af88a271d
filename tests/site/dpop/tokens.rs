//! What a proof binds.

use jsonwebtoken::Algorithm;
use tests::flow::{CHALLENGE, REDIRECT, VERIFIER, claims};
use tests::keys::{ASSERTION_TYPE, Key};
use tests::{DpopKey, TestSite, Tokens, json};

use super::{assert_refused, at_token, at_userinfo};

#[tokio::test]
async fn u41_a_token_of_a_proof_is_bound_to_its_key_and_says_so() {
    let site = TestSite::start().await;
    let (client, key) = (site.client().await, DpopKey::default());
    let proof = at_token(&site, &key).await;
    let reply = site.token_with_proof(&client, &[("grant_type", "client_credentials")], &proof).await;
    assert_eq!((reply.status, &reply.json()["token_type"]), (200, &json!("DPoP")), "{}", reply.body);
    assert_eq!(claims(&Tokens::read(&reply).access_token)["cnf"], json!({ "jkt": key.jkt() }));
    let plain = site.token(&client, &[("grant_type", "client_credentials")]).await;
    assert_eq!(plain.json()["token_type"], "Bearer");
    assert!(claims(&Tokens::read(&plain).access_token).get("cnf").is_none());
}

#[tokio::test]
async fn u41_a_client_that_registered_for_bound_tokens_gets_no_others() {
    let site = TestSite::start().await;
    let client = site.client_with(json!({ "dpop_bound_access_tokens": true })).await;
    let own = [("grant_type", "client_credentials")];
    assert_refused(&site.token(&client, &own).await, 400, "invalid_dpop_proof", "no proof");
    let proof = at_token(&site, &DpopKey::default()).await;
    assert_eq!(site.token_with_proof(&client, &own, &proof).await.status, 200);
}

#[tokio::test]
async fn u41_a_public_clients_refresh_token_is_bound_and_a_confidential_ones_is_not() {
    let site = TestSite::start().await;
    let (user, key, other) = (site.register("sakura").await, DpopKey::default(), DpopKey::default());
    let browser = site.browser();
    browser.sign_in(&user).await;
    for (client, bound) in [(site.public_client().await, true), (site.client().await, false)] {
        let code = browser.code(&client, "openid offline_access").await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let proof = at_token(&site, &key).await;
        let tokens = Tokens::read(&site.token_with_proof(&client, &redeem, &proof).await);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
        if bound {
            // A thief has the refresh token and no key, or a key of their own; neither rotates or revokes anything.
            assert_refused(&site.token(&client, &refresh).await, 400, "invalid_grant", "no proof");
            let theirs = at_token(&site, &other).await;
            let reply = site.token_with_proof(&client, &refresh, &theirs).await;
            assert_refused(&reply, 400, "invalid_grant", "another key");
        }
        let key = if bound { &key } else { &other };
        let proof = at_token(&site, key).await;
        let reply = site.token_with_proof(&client, &refresh, &proof).await;
        assert_eq!(claims(&Tokens::read(&reply).access_token)["cnf"]["jkt"], key.jkt().as_str());
    }
}

#[tokio::test]
async fn u41_a_code_that_was_asked_for_a_key_is_redeemed_with_that_key_alone() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let (key, other) = (DpopKey::default(), DpopKey::default());
    let browser = site.browser();
    browser.sign_in(&user).await;
    let query = format!("{}&dpop_jkt={}", client.query("openid"), key.jkt());
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_refused(&site.token(&client, &redeem).await, 400, "invalid_grant", "no proof");
    let theirs = at_token(&site, &other).await;
    assert_refused(&site.token_with_proof(&client, &redeem, &theirs).await, 400, "invalid_grant", "another key");
    let proof = at_token(&site, &key).await;
    let tokens = Tokens::read(&site.token_with_proof(&client, &redeem, &proof).await);
    let at_info = at_userinfo(&site, &key, &tokens.access_token).await;
    assert_eq!(site.userinfo_with_proof(&tokens.access_token, &at_info).await.status, 200);

    let reply = browser.authorize(&format!("{}&dpop_jkt=short", client.query("openid"))).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn u41_a_request_that_fails_otherwise_uses_no_proof_up() {
    let site = TestSite::start().await;
    let (client, key) = (site.client().await, DpopKey::default());
    let proof = at_token(&site, &key).await;
    let wrong = [("grant_type", "client_credentials"), ("scope", "nonsense")];
    assert_refused(&site.token_with_proof(&client, &wrong, &proof).await, 400, "invalid_scope", "scope");
    let right = [("grant_type", "client_credentials")];
    assert_eq!(site.token_with_proof(&client, &right, &proof).await.status, 200);
}

#[tokio::test]
async fn u41_a_fapi_clients_proofs_are_signed_with_no_rs256_anywhere() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({ "profile": "fapi2" })).await;
    let nonce = site.dpop_nonce(&DpopKey::default()).await;
    let (new, old) = (Key::new("rsa", Algorithm::PS256), Key::new("rsa", Algorithm::RS256));
    let proof = |key: &Key, method: &str, path: &str, token: Option<&str>| {
        let mut claims = DpopKey::default().claims(&site, method, path, token);
        claims["nonce"] = nonce.as_str().into();
        key.sign_as(&json!({ "typ": "dpop+jwt", "alg": key.alg, "jwk": key.jwk() }), &claims)
    };
    let post = async |signer: &Key, path: &str, pairs: &[(&str, &str)]| {
        let assertion = key.assertion(&site, &client);
        let asserted = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
        let request = site.http.post(site.url(path)).form(&[&asserted[..], pairs].concat());
        site.send(request.header("dpop", proof(signer, "POST", path, None)), None).await
    };
    let own = [("grant_type", "client_credentials")];
    assert_refused(&post(&old, "/oauth2/token", &own).await, 400, "invalid_dpop_proof", "at the token endpoint");
    let token = Tokens::read(&post(&new, "/oauth2/token", &own).await).access_token;
    let request = [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    assert_refused(&post(&old, "/oauth2/par", &request).await, 400, "invalid_dpop_proof", "pushed");
    assert_eq!(post(&new, "/oauth2/par", &request).await.status, 201);
    // The same key, to which the token is bound.
    let userinfo = async |signer: &Key| {
        site.userinfo_with_proof(&token, &proof(signer, "GET", "/oauth2/userinfo", Some(&token))).await
    };
    assert_refused(&userinfo(&old).await, 401, "invalid_dpop_proof", "at the resource server");
    assert_refused(&userinfo(&new).await, 403, "insufficient_scope", "no user's, and rightly proved");
    // To others RS256 is open.
    let client = site.client().await;
    let rs256 = proof(&old, "POST", "/oauth2/token", None);
    assert_eq!(site.token_with_proof(&client, &own, &rs256).await.status, 200);
}
