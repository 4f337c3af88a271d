//! Tokens that look like ours and are not, or not for this.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use tests::{TestSite, Value, json};

use super::{verified, with_tokens};

async fn assert_refused(site: &TestSite, token: &str, why: &str) {
    for path in ["/oauth2/userinfo", "/collections", "/account"] {
        let reply = site.get(path, Some(token)).await;
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"), "{why} at {path}: {}", reply.body);
    }
    let reply = site.form("/oauth2/userinfo", &[("access_token", token)]).await;
    assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"), "{why} in a body");
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

#[tokio::test]
async fn u34_an_id_token_is_no_access_token() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid collections:read").await;
    assert_refused(&site, &tokens.id_token, "an ID token").await;
}

#[tokio::test]
async fn u34_refresh_tokens_codes_and_garbage_open_nothing() {
    let site = TestSite::start().await;
    let (user, client, tokens) = with_tokens(&site, "openid offline_access").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid").await;
    for token in [tokens.refresh_token.as_str(), &code, "x", "a.b.c", "..", "e30.e30.", &"a".repeat(4000)] {
        assert_refused(&site, token, token).await;
    }
}

#[tokio::test]
async fn u34_alg_none_is_refused() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid collections:read").await;
    let (header, claims) = verified(&site, &tokens.access_token, Algorithm::ES256, site.issuer()).await.expect("good");
    for alg in ["none", "None", "NONE", ""] {
        for kid in [json!(header.kid), Value::Null] {
            let forged = unsigned(&json!({ "alg": alg, "typ": "at+jwt", "kid": kid }), &claims);
            assert_refused(&site, &format!("{forged}."), "alg none").await;
            let signature = tokens.access_token.rsplit('.').next().unwrap();
            assert_refused(&site, &format!("{forged}.{signature}"), "alg none, signed").await;
        }
    }
}

#[tokio::test]
async fn u34_hs256_with_a_public_key_as_its_secret_is_refused() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid collections:read").await;
    let (_, claims) = verified(&site, &tokens.access_token, Algorithm::ES256, site.issuer()).await.expect("good");
    let jwks = site.get("/oauth2/jwks", None).await.json();
    for jwk in jwks["keys"].as_array().unwrap() {
        let raw = |name: &str| BASE64URL_NOPAD.decode(jwk[name].as_str().unwrap_or_default().as_bytes()).unwrap();
        let (x, y, n) = (raw("x"), raw("y"), raw("n"));
        for secret in [
            jwk.to_string().into_bytes(),
            jwk["n"].as_str().or(jwk["x"].as_str()).unwrap().as_bytes().to_vec(),
            [&[4][..], &x, &y].concat(),
            n,
            Vec::new(),
        ] {
            let kid = jwk["kid"].as_str().map(str::to_owned);
            let header = Header { typ: Some("at+jwt".to_owned()), kid, ..Header::new(Algorithm::HS256) };
            let forged = encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
            assert_refused(&site, &forged, "HS256").await;
        }
    }
}

#[tokio::test]
async fn u34_an_unknown_key_is_refused() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid").await;
    let (_, claims) = verified(&site, &tokens.access_token, Algorithm::ES256, site.issuer()).await.expect("good");
    let signature = tokens.access_token.rsplit('.').next().unwrap();
    for kid in [json!("unknown"), json!(""), json!("../../etc/passwd"), Value::Null] {
        let forged = unsigned(&json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }), &claims);
        assert_refused(&site, &format!("{forged}.{signature}"), "an unknown kid").await;
        // Nor once the keys are due to be read again.
        site.clock.advance(20);
        assert_refused(&site, &format!("{forged}.{signature}"), "an unknown kid").await;
    }
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn u34_a_changed_token_is_refused() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid").await;
    let parts: Vec<_> = tokens.access_token.split('.').collect();
    let (header, claims) = verified(&site, &tokens.access_token, Algorithm::ES256, site.issuer()).await.expect("good");
    let mut wider = claims.clone();
    wider["scope"] = "openid profile email collections:read".into();
    let rewritten = BASE64URL_NOPAD.encode(wider.to_string().as_bytes());
    assert_refused(&site, &format!("{}.{rewritten}.{}", parts[0], parts[2]), "a wider scope").await;
    assert_refused(&site, &format!("{}.{}.", parts[0], parts[1]), "no signature").await;
    assert_refused(&site, &format!("{}.{}", parts[0], parts[1]), "two parts").await;
    let flipped = parts[2].replacen(&parts[2][9..10], if &parts[2][9..10] == "A" { "B" } else { "A" }, 1);
    assert_refused(&site, &format!("{}.{}.{flipped}", parts[0], parts[1]), "another signature").await;
    let typed = unsigned(&json!({ "alg": "ES256", "typ": "JWT", "kid": header.kid }), &claims);
    assert_refused(&site, &format!("{typed}.{}", parts[2]), "another type").await;
}

#[tokio::test]
async fn u34_a_token_of_ours_for_another_audience_issuer_or_use_is_refused() {
    let site = TestSite::start().await;
    let (_, client, tokens) = with_tokens(&site, "openid collections:read").await;
    let (_, claims) = verified(&site, &tokens.access_token, Algorithm::ES256, site.issuer()).await.expect("good");
    let app = site.site.app();
    let keys = app.site().await.unwrap();
    let key = keys.keys.signer(Algorithm::ES256, app.clock.now()).unwrap();
    // Signed with the site's own key: only what is written in it is wrong.
    let forge = |typ: &str, name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        key.sign(typ, &claims).unwrap()
    };
    let control = forge("at+jwt", "iat", claims["iat"].clone());
    assert_eq!(site.userinfo(&control).await.status, 200, "the forgery is good but for its claims");
    assert_refused(&site, &forge("JWT", "iat", claims["iat"].clone()), "an ID token's type").await;
    for (name, values) in [
        ("aud", vec![json!("https://api.example"), json!(client.id), json!(""), Value::Null, json!([])]),
        ("iss", vec![json!("https://evil.example"), json!(format!("{}/", site.issuer())), json!(""), Value::Null]),
        ("exp", vec![json!(site.clock.now().0), json!(0), json!("never"), Value::Null]),
        ("jti", vec![Value::Null]),
    ] {
        for value in values {
            assert_refused(&site, &forge("at+jwt", name, value.clone()), &format!("{name}: {value}")).await;
        }
    }
}

#[tokio::test]
async fn u34_a_token_of_another_site_is_refused() {
    let (ours, theirs) = (TestSite::start().await, TestSite::start().await);
    let (_, _, tokens) = with_tokens(&theirs, "openid").await;
    assert_eq!(theirs.userinfo(&tokens.access_token).await.status, 200);
    // The same keys, but another issuer.
    assert_refused(&ours, &tokens.access_token, "another site's").await;
}
