//! What functions ask of the table for a token that is bound to a key, and for one that was traded.

use shared::oauth::metadata::GrantType;
use tests::flow::{REDIRECT, VERIFIER};
use tests::{Client, DpopKey, TestSite, Tokens, User, json};

pub(super) async fn tour(site: &TestSite, user: &User, client: &Client) {
    let (key, browser) = (DpopKey::default(), site.browser());
    browser.sign_in(user).await;
    let nonce = site.dpop_nonce(&key).await;
    let code = browser.code(client, "openid collections:read").await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let proof = key.proof(site, "POST", "/oauth2/token", None, &nonce);
    let token = Tokens::read(&site.token_with_proof(client, &redeem, &proof).await).access_token;
    // Where third parties have no business they are told so only after they have shown who they are.
    for (method, path, status) in [
        ("GET", "/oauth2/userinfo", 200),
        ("GET", "/collections", 200),
        ("GET", "/account", 403),
        ("GET", "/connections", 403),
        ("POST", "/oauth2/register", 403),
        ("POST", "/logout", 403),
    ] {
        let proof = key.proof(site, method, path, Some(&token), &nonce);
        let request = site.http.request(method.parse().unwrap_or_default(), site.url(path)).header("dpop", proof);
        let request = request.header("authorization", format!("DPoP {token}"));
        let request = if method == "POST" { request.json(&json!({ "redirect_uris": [REDIRECT] })) } else { request };
        let reply = site.send(request, None).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
    }
    // A client's own token is looked at before it is found to be none to trade.
    site.change_client(client, |client| client.allow(GrantType::TokenExchange)).await;
    let own = Tokens::read(&site.token(client, &[("grant_type", "client_credentials")]).await).access_token;
    let trade = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", own.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    assert_eq!(site.token(client, &trade).await.error(), "invalid_request");
}
