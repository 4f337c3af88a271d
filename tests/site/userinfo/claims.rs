//! What tokens and userinfo say.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::Algorithm;
use tests::{PASSWORD, TestSite, Tokens, json};

use super::{verified, with_tokens};

#[tokio::test]
async fn u33_an_access_token_is_a_jwt_with_the_claims_of_rfc_9068() {
    let site = TestSite::start().await;
    let (user, client, tokens) = with_tokens(&site, "openid email").await;
    let (header, claims) =
        verified(&site, &tokens.access_token, Algorithm::ES256, site.issuer()).await.expect("a token that verifies");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let now = site.clock.now().0;
    assert_eq!(claims["iss"], site.issuer());
    assert_eq!(claims["aud"], site.issuer());
    assert_eq!(claims["sub"], user.user_id.as_str());
    assert_eq!(claims["client_id"], client.id.as_str());
    assert_eq!(claims["iat"], now);
    assert_eq!(claims["exp"], now + 600);
    assert_eq!(claims["scope"], "openid email");
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22), "{claims}");
}

#[tokio::test]
async fn u33_a_clients_own_token_has_the_client_as_its_subject_and_every_jti_is_another() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let pairs = [("grant_type", "client_credentials"), ("scope", "profile")];
    let mut seen = Vec::new();
    for _ in 0..2 {
        let token = Tokens::read(&site.token(&client, &pairs).await).access_token;
        let (header, claims) = verified(&site, &token, Algorithm::ES256, site.issuer()).await.expect("a good token");
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(client.id), &json!(client.id)));
        assert_eq!(claims["scope"], "profile");
        seen.push(claims["jti"].clone());
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn u35_an_id_token_is_rs256_with_nonce_and_at_hash_and_the_users_public_id() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (client, other) = (site.client().await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let signed_in_at = site.clock.now().0;
    site.clock.advance(40);
    for client in [&client, &other] {
        let nonce = "n-0S6_WzA2Mj é/+\"";
        let reply = browser.authorize_fully(&client.query_with(&[("scope", "openid"), ("nonce", nonce)])).await;
        let tokens = Tokens::read(&site.redeem(client, &reply.parameter("code").unwrap(), "").await);
        let (header, claims) =
            verified(&site, &tokens.id_token, Algorithm::RS256, &client.id).await.expect("a token that verifies");
        assert_eq!(header.alg, Algorithm::RS256);
        assert_eq!(claims["nonce"], nonce);
        assert_eq!(claims["sub"], user.user_id.as_str(), "the same at every application");
        assert_eq!(claims["auth_time"], signed_in_at);
        assert_eq!(claims["iat"], signed_in_at + 40);
        // OpenID Connect Core §3.1.3.6: the left half of the access token's hash.
        let hash = aws_lc_sha256(&tokens.access_token);
        assert_eq!(claims["at_hash"], BASE64URL_NOPAD.encode(&hash[..16]));
    }
}

/// The hash, by way of the site's own helper for hexadecimal ones.
fn aws_lc_sha256(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(shared::oauth::client::sha256_hex(text).as_bytes()).unwrap_or_default()
}

#[tokio::test]
async fn u35_an_id_token_without_nonce_has_none() {
    let site = TestSite::start().await;
    let (_, client, tokens) = with_tokens(&site, "openid").await;
    let (_, claims) = verified(&site, &tokens.id_token, Algorithm::RS256, &client.id).await.expect("a good token");
    assert_eq!(claims.get("nonce"), None);
}

#[tokio::test]
async fn u36_userinfo_answers_get_and_post_by_header_and_post_by_body() {
    let site = TestSite::start().await;
    let (user, _, tokens) = with_tokens(&site, "openid").await;
    let token = tokens.access_token.as_str();
    let url = site.url("/oauth2/userinfo");
    let get = site.userinfo(token).await;
    let lower = site.send(site.http.get(&url).header("authorization", format!("bearer {token}")), None).await;
    // Many libraries say what they would send, also where they send nothing.
    let typed = site.send(site.http.get(&url).header("content-type", "application/json"), Some(token)).await;
    let post = site.send(site.http.post(&url), Some(token)).await;
    let empty_form = site.form_with_token("/oauth2/userinfo", &[], token).await;
    let body = site.form("/oauth2/userinfo", &[("access_token", token)]).await;
    for (how, reply) in [
        ("GET", get),
        ("bearer", lower),
        ("GET with a type", typed),
        ("POST", post),
        ("POST of an empty form", empty_form),
        ("POST of a form", body),
    ] {
        assert_eq!(reply.status, 200, "{how}: {}", reply.body);
        assert_eq!(reply.json(), json!({ "sub": user.user_id }), "{how}");
        assert_eq!(reply.header("content-type"), "application/json", "{how}");
        assert_eq!(reply.header("cache-control"), "no-store", "{how}");
    }
}

#[tokio::test]
async fn u36_userinfo_tells_what_the_scopes_let_out_and_nothing_else() {
    let site = TestSite::start().await;
    let body = json!({
        "username": "sakura", "email": "Sakura@Moe.Example", "phone": "17002108009", "password": PASSWORD,
        "nickname": "桜",
    });
    assert_eq!(site.post("/register", None, body).await.status, 201);
    let user = tests::User { user_id: String::new(), username: "sakura".to_owned(), password: PASSWORD.to_owned() };
    let own = site.sign_in(&user).await;
    let change = json!({ "avatar": "https://img.example/a.png" });
    assert_eq!(site.patch("/account", Some(&own), change).await.status, 200);
    let account = site.get("/account", Some(&own)).await.json();

    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let profile = ["name", "nickname", "picture", "preferred_username", "updated_at"];
    for (scope, expected) in [
        ("openid", vec![]),
        ("openid collections:read offline_access", vec![]),
        ("openid profile", profile.to_vec()),
        ("openid email", vec!["email", "email_verified"]),
        ("openid phone", vec!["phone_number", "phone_number_verified"]),
    ] {
        let tokens = browser.authorize_and_redeem(&client, scope).await;
        let told = site.userinfo(&tokens.access_token).await.json();
        let mut names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
        names.retain(|name| *name != "sub");
        names.sort_unstable();
        assert_eq!(names, expected, "{scope}");
    }
    let tokens = browser.authorize_and_redeem(&client, "openid profile email phone").await;
    let told = site.userinfo(&tokens.access_token).await.json();
    let now = site.clock.now().0;
    let expected = json!({
        "sub": account["user_id"], "name": "桜", "nickname": "桜", "preferred_username": "sakura",
        "picture": "https://img.example/a.png", "updated_at": now, "email": "sakura@moe.example",
        "email_verified": false, "phone_number": "+8617002108009", "phone_number_verified": false,
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn u36_a_claim_without_a_value_is_left_out() {
    let site = TestSite::start().await;
    let body = json!({ "username": "sakura", "password": PASSWORD });
    assert_eq!(site.post("/register", None, body).await.status, 201);
    let user = tests::User { user_id: String::new(), username: "sakura".to_owned(), password: PASSWORD.to_owned() };
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid profile email phone").await;
    let told = site.userinfo(&tokens.access_token).await.json();
    let mut names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["name", "preferred_username", "sub", "updated_at"]);
}
