//! Who a user is to a client, and what signs that they are.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

use jsonwebtoken::decode_header;
use tests::flow::{VERIFIER, claims};
use tests::{Client, TestSite, Tokens, Value, json};

async fn tokens(site: &TestSite, user: &tests::User, client: &Client, redirect: &str) -> Tokens {
    let browser = site.browser();
    browser.sign_in(user).await;
    let query = client.query_with(&[
        ("scope", "openid email"),
        ("redirect_uri", redirect),
        ("code_challenge", tests::flow::CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", redirect),
        ("code_verifier", VERIFIER),
    ];
    Tokens::read(&site.token(client, &pairs).await)
}

/// Every place where the client reads who the user is, which must agree.
async fn sub(site: &TestSite, tokens: &Tokens) -> String {
    let sub = claims(&tokens.id_token)["sub"].as_str().unwrap().to_owned();
    assert_eq!(claims(&tokens.access_token)["sub"], sub.as_str());
    assert_eq!(site.userinfo(&tokens.access_token).await.json()["sub"], sub.as_str());
    sub
}

async fn pairwise(site: &TestSite, redirect: &str) -> Client {
    site.client_with(json!({ "redirect_uris": [redirect], "subject_type": "pairwise" })).await
}

#[tokio::test]
async fn u35_a_pairwise_subject_is_the_same_at_one_host_and_another_at_every_other() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    let (one, two, elsewhere) = ("https://app.example/cb", "https://app.example/two", "https://other.example/cb");
    let mut found = Vec::new();
    for redirect in [one, two, elsewhere] {
        let client = pairwise(&site, redirect).await;
        found.push(sub(&site, &tokens(&site, &sakura, &client, redirect).await).await);
    }
    let [first, same, other] = &found[..] else { unreachable!() };
    assert_eq!(first, same);
    assert!(first != other && ![first, other].contains(&&sakura.user_id));
    assert_eq!(first.len(), 32);
    let client = pairwise(&site, one).await;
    assert_ne!(*first, sub(&site, &tokens(&site, &tomoyo, &client, one).await).await, "somebody else");
    let public = site.client_with(json!({ "redirect_uris": [one] })).await;
    assert_eq!(sub(&site, &tokens(&site, &sakura, &public, one).await).await, sakura.user_id);
}

#[tokio::test]
async fn u35_a_pairwise_subject_survives_a_refresh_and_nothing_that_the_client_reads_tells_the_other_name() {
    let site = TestSite::start().await;
    let (user, redirect) = (site.register("sakura").await, "https://app.example/cb");
    let client = pairwise(&site, redirect).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let first = browser.authorize_and_redeem(&client, "openid profile email offline_access").await;
    let reply = site.refresh(&client, &first.refresh_token).await;
    let second = Tokens::read(&reply);
    assert_eq!(sub(&site, &first).await, sub(&site, &second).await);
    let info = site.userinfo(&second.access_token).await.body;
    let told = format!("{} {} {info}", claims(&second.id_token), claims(&second.access_token));
    assert!(!told.contains(&user.user_id), "{told}");
}

#[tokio::test]
async fn u35_id_tokens_and_userinfo_are_signed_as_the_client_registered() {
    let site = TestSite::start().await;
    let (user, redirect) = (site.register("sakura").await, "https://app.example/cb");
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(site.get("/oauth2/jwks", None).await.json()).unwrap();
    for alg in ["RS256", "ES256", "EdDSA"] {
        let client =
            site.client_with(json!({ "id_token_signed_response_alg": alg, "userinfo_signed_response_alg": alg })).await;
        let tokens = tokens(&site, &user, &client, redirect).await;
        let info = site.userinfo(&tokens.access_token).await;
        assert_eq!((info.status, info.header("content-type")), (200, "application/jwt"), "{}", info.body);
        for token in [&tokens.id_token, &info.body] {
            let header = decode_header(token).unwrap();
            assert_eq!(format!("{:?}", header.alg), alg);
            let key = jwks.find(header.kid.as_deref().unwrap()).unwrap();
            let mut validation = jsonwebtoken::Validation::new(header.alg);
            (validation.validate_exp, validation.validate_aud) = (false, false);
            validation.required_spec_claims.clear();
            let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
            jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
        }
        // OpenID Connect Core §5.3.2: what is signed says by whom and for whom.
        let told = claims(&info.body);
        assert_eq!((&told["iss"], &told["aud"]), (&json!(site.issuer()), &json!(client.id)));
        assert_eq!((&told["sub"], &told["email"]), (&json!(user.user_id), &json!("sakura@moe.example")));
        // The hash is the signature algorithm's own (Core §3.1.3.6; RFC 8032 §5.1 for Ed25519).
        let length = claims(&tokens.id_token)["at_hash"].as_str().unwrap().len();
        assert_eq!(length, if alg == "EdDSA" { 43 } else { 22 });
    }
    // Plain JSON, for whoever did not register anything.
    let client = site.client().await;
    let tokens = tokens(&site, &user, &client, redirect).await;
    assert_eq!(site.userinfo(&tokens.access_token).await.header("content-type"), "application/json");
}

#[tokio::test]
async fn u35_a_signed_userinfo_is_no_access_token_and_no_id_token() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client_with(json!({ "userinfo_signed_response_alg": "ES256" })).await;
    let tokens = tokens(&site, &user, &client, "https://app.example/cb").await;
    let info = site.userinfo(&tokens.access_token).await.body;
    assert_eq!(site.userinfo(&info).await.status, 401);
    assert!(claims(&info).get("exp").is_none() && claims(&info).get("auth_time").is_none());
}
