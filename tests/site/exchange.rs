//! Token exchange (RFC 8693): an API that was called with a user's token calls another one for them.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use shared::oauth::metadata::GrantType;
use tests::flow::{CHALLENGE, REDIRECT, VERIFIER, claims};
use tests::{Client, DpopKey, Reply, TestSite, Tokens, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const RADIO: &str = "https://radio.example/";
const SHOP: &str = "https://shop.example/";

/// An application whose users' tokens are for the radio; the radio, which may ask the shop; and a user's tokens.
struct Scene {
    app: Client,
    radio: Client,
    tokens: Tokens,
    user_id: String,
    own: String,
}

async fn scene(site: &TestSite) -> Scene {
    let user = site.register("sakura").await;
    let (app, radio) = (site.client().await, site.client().await);
    site.change_client(&app, |client| client.policies.resources = vec![RADIO.to_owned()]).await;
    site.change_client(&radio, |client| {
        client.allow(GrantType::TokenExchange);
        client.policies.audiences = vec![RADIO.to_owned()];
        client.policies.resources = vec![SHOP.to_owned(), "client_of_the_shop".to_owned()];
    })
    .await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let query = app.query_with(&[
        ("scope", "openid offline_access collections:read collections:write"),
        ("resource", RADIO),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let tokens = Tokens::read(&site.redeem(&app, &code, VERIFIER).await);
    let own = site.sign_in(&user).await;
    Scene { app, radio, tokens, user_id: user.user_id, own }
}

async fn trade(site: &TestSite, client: &Client, token: &str, more: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![("grant_type", GRANT), ("subject_token", token), ("subject_token_type", TYPE)];
    pairs.extend(more);
    site.token(client, &pairs).await
}

fn assert_refused(reply: &Reply, error: &str, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (400, error), "{why}: {}", reply.body);
}

#[tokio::test]
async fn a_traded_token_is_the_users_for_the_other_api_and_says_who_acts() {
    let site = TestSite::start().await;
    let Scene { radio, tokens, user_id, .. } = scene(&site).await;
    let reply = trade(&site, &radio, &tokens.access_token, &[("resource", SHOP), ("scope", "collections:read")]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json = reply.json();
    assert_eq!((&json["issued_token_type"], &json["token_type"]), (&json!(TYPE), &json!("Bearer")));
    assert!(json.get("refresh_token").is_none() && json.get("id_token").is_none());
    let said = claims(&Tokens::read(&reply).access_token);
    assert_eq!((&said["sub"], &said["client_id"]), (&json!(user_id), &json!(radio.id)));
    assert_eq!((&said["aud"], &said["scope"]), (&json!(SHOP), &json!("collections:read")));
    assert_eq!(said["act"], json!({ "sub": radio.id }));
    let by_id = trade(&site, &radio, &tokens.access_token, &[("audience", "client_of_the_shop")]).await;
    assert_eq!(claims(&Tokens::read(&by_id).access_token)["aud"], "client_of_the_shop");
}

#[tokio::test]
async fn it_allows_no_more_and_lives_no_longer_and_dies_with_what_it_was_traded_for() {
    let site = TestSite::start().await;
    let Scene { app, radio, tokens, .. } = scene(&site).await;
    site.clock.advance(500);
    let more = [("scope", "openid profile email collections:read")];
    let reply = trade(&site, &radio, &tokens.access_token, &more).await;
    assert_eq!((&reply.json()["expires_in"], &reply.json()["scope"]), (&json!(100), &json!("openid collections:read")));
    let traded = Tokens::read(&reply).access_token;
    assert_eq!(site.get("/collections", Some(&traded)).await.status, 200, "for this site, as none was named");
    assert_refused(
        &trade(&site, &radio, &tokens.access_token, &[("scope", "profile")]).await,
        "invalid_scope",
        "wider",
    );
    // The user's family is revoked, since somebody used its code twice, say.
    let app_of_site = site.site.app();
    let stored = site.dump().await;
    let family = stored.iter().find(|item| item["type"]["S"] == "family").unwrap();
    let id = |name: &str| family[name]["S"].as_str().unwrap().to_owned();
    let (user, family) = (id("user_id").parse().unwrap(), id("family_id").parse().unwrap());
    let attempt = shared::id::Attempt::new(&app_of_site.entropy);
    app_of_site.store.revoke_family(user, family, site.clock.now(), attempt).await.unwrap();
    assert_eq!(site.get("/collections", Some(&traded)).await.status, 401);
    assert_refused(&trade(&site, &radio, &tokens.access_token, &[]).await, "invalid_request", "revoked");
    drop(app);
}

#[tokio::test]
async fn the_client_that_traded_it_is_cut_off_by_disabling_it() {
    let site = TestSite::start().await;
    let Scene { radio, tokens, .. } = scene(&site).await;
    let traded = Tokens::read(&trade(&site, &radio, &tokens.access_token, &[]).await).access_token;
    assert_eq!(site.get("/collections", Some(&traded)).await.status, 200);
    site.change_client(&radio, |client| client.disabled = true).await;
    assert_eq!(site.get("/collections", Some(&traded)).await.status, 401);
}

#[tokio::test]
async fn nobody_trades_what_was_not_sent_to_them() {
    let site = TestSite::start().await;
    let Scene { app, radio, tokens, own, .. } = scene(&site).await;
    let stranger = site.client().await;
    assert_refused(&trade(&site, &stranger, &tokens.access_token, &[]).await, "unauthorized_client", "not allowed");
    site.change_client(&stranger, |client| client.allow(GrantType::TokenExchange)).await;
    assert_refused(&trade(&site, &stranger, &tokens.access_token, &[]).await, "invalid_request", "not meant for it");
    let public = site.public_client().await;
    site.change_client(&public, |client| client.allow(GrantType::TokenExchange)).await;
    let its_own = Tokens::read(&site.token(&radio, &[("grant_type", "client_credentials")]).await).access_token;
    for (token, why) in [
        (own.as_str(), "one's own sign-in"),
        (&its_own, "no user's"),
        (&tokens.id_token, "an ID token"),
        (&tokens.refresh_token, "a refresh token"),
        ("x", "garbage"),
    ] {
        assert_refused(&trade(&site, &radio, token, &[]).await, "invalid_request", why);
    }
    for (more, error) in [
        ([("resource", RADIO)], "invalid_target"),
        ([("audience", "anybody")], "invalid_target"),
        ([("requested_token_type", "urn:ietf:params:oauth:token-type:id_token")], "invalid_request"),
        ([("actor_token", "x")], "invalid_request"),
    ] {
        assert_refused(&trade(&site, &radio, &tokens.access_token, &more).await, error, more[0].0);
    }
    let pairs = [("grant_type", GRANT), ("subject_token", &tokens.access_token)];
    assert_refused(&site.token(&radio, &pairs).await, "invalid_request", "no subject_token_type");
    site.clock.advance(600);
    assert_refused(&trade(&site, &radio, &tokens.access_token, &[]).await, "invalid_request", "expired");
    drop(app);
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_not_traded_by_others() {
    let site = TestSite::start().await;
    let Scene { app, radio, .. } = scene(&site).await;
    let (key, browser) = (DpopKey::default(), site.browser());
    browser.sign_in(&site.register("tomoyo").await).await;
    let query = app.query_with(&[
        ("scope", "collections:read"),
        ("resource", RADIO),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let nonce = site.dpop_nonce(&key).await;
    let proof = key.proof(&site, "POST", "/oauth2/token", None, &nonce);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let bound = Tokens::read(&site.token_with_proof(&app, &pairs, &proof).await).access_token;
    assert_refused(&trade(&site, &radio, &bound, &[]).await, "invalid_request", "bound to another's key");
}
