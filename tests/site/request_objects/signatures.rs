//! Who may have signed a request object, and with what.

use jsonwebtoken::Algorithm;
use tests::flow::{REDIRECT, VERIFIER};
use tests::keys::{Key, unsigned};
use tests::{TestSite, Tokens, json};

use super::{claims, client, query, refused, visitor, with_object};

#[tokio::test]
async fn a12_a_signed_request_is_answered_whatever_it_is_signed_with() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    for alg in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA] {
        let key = Key::new("one", alg);
        let client = client(&site, &key, json!({})).await;
        let object = key.sign(&claims(&site, &client));
        let back = browser.authorize_fully(&query(&client, &[("request", &object)])).await;
        assert_eq!(back.parameter("state").as_deref(), Some("inside"), "{alg:?}: {}", back.location());
        let code = back.parameter("code").unwrap();
        Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    }
    // RFC 9864 §2.2.
    let key = Key::new("one", Algorithm::EdDSA);
    let client = client(&site, &key, json!({ "request_object_signing_alg": "Ed25519" })).await;
    let object = key.sign_as(&json!({ "alg": "Ed25519", "kid": "one" }), &claims(&site, &client));
    let back = browser.authorize_fully(&query(&client, &[("request", &object)])).await;
    assert_ne!(back.parameter("code"), None, "{}", back.location());
}

#[tokio::test]
async fn a12_a_request_that_is_not_rightly_signed_is_refused() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let (key, stranger) = (Key::es256(), Key::es256());
    let client = client(&site, &key, json!({})).await;
    let claims = claims(&site, &client);
    let good = key.sign(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let mut evil = claims.clone();
    evil["redirect_uri"] = json!("https://evil.example/cb");
    let tampered = unsigned(&json!({}), &evil);
    let payload = tampered.split('.').nth(1).unwrap();
    for (why, object) in [
        ("a stranger's key", stranger.sign(&claims)),
        ("nobody", unsigned(&json!({ "alg": "none" }), &claims)),
        ("an empty signature", format!("{message}.")),
        ("HS256", key.sign_as(&json!({ "alg": "HS256", "kid": "es256" }), &claims)),
        ("another key's name", key.sign_as(&json!({ "alg": "ES256", "kid": "x" }), &claims)),
        ("a key that it brings along", stranger.sign_as(&json!({ "alg": "ES256", "jwk": stranger.jwk() }), &claims)),
        ("other claims than were signed", format!("{header}.{payload}.{signature}")),
        ("an ID token's type", key.sign_as(&json!({ "alg": "ES256", "kid": "es256", "typ": "at+jwt" }), &claims)),
        ("crit", key.sign_as(&json!({ "alg": "ES256", "crit": ["x"] }), &claims)),
        ("nonsense", "x".to_owned()),
        ("an encrypted one", "a.b.c.d.e".to_owned()),
    ] {
        refused(&browser.authorize(&with_object(&client, &object)).await, "invalid_request_object", why);
    }
    for typ in ["oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "JWT"] {
        let object = key.sign_as(&json!({ "alg": "ES256", "kid": "es256", "typ": typ }), &claims);
        assert_ne!(browser.authorize(&with_object(&client, &object)).await.status, 303, "{typ}: the consent page");
    }
}

#[tokio::test]
async fn a12_without_an_address_outside_a_bad_object_sends_nobody_anywhere() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let (key, stranger) = (Key::es256(), Key::es256());
    let client = client(&site, &key, json!({})).await;
    let object = stranger.sign(&claims(&site, &client));
    for outside in [&[][..], &[("redirect_uri", "https://evil.example/cb")], &[("scope", "openid")]] {
        let reply = browser.authorize(&query(&client, &[outside, &[("request", &object)]].concat())).await;
        // The client's only address may be left out; an OpenID request names it.
        let openid = outside.contains(&("scope", "openid"));
        let expected = if outside.is_empty() { 303 } else { 400 };
        assert_eq!(reply.status, expected, "{outside:?} {openid}: {}", reply.header("location"));
        assert!(reply.header("location").is_empty() || reply.location().starts_with(REDIRECT));
    }
}

#[tokio::test]
async fn a12_who_registered_an_algorithm_uses_no_other() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let rsa = Key::new("rsa", Algorithm::PS256);
    let client = client(&site, &rsa, json!({ "request_object_signing_alg": "PS256" })).await;
    let good = browser.authorize(&with_object(&client, &rsa.sign(&claims(&site, &client)))).await;
    assert_eq!(good.status, 200, "{}", good.body);
    let object = rsa.with(Algorithm::RS256).sign(&claims(&site, &client));
    refused(&browser.authorize(&with_object(&client, &object)).await, "invalid_request_object", "RS256");
}

#[tokio::test]
async fn a12_an_unsigned_request_is_taken_from_whose_registration_says_so_and_from_nobody_else() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let metadata = json!({ "request_object_signing_alg": "none" });
    let careless = client(&site, &key, metadata).await;
    let none = json!({ "alg": "none" });
    // Nobody signed what stands outside either: it counts where the object is silent.
    let object = unsigned(&none, &json!({ "scope": "openid profile", "state": "inside", "max_age": 600 }));
    let outside = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "openid"), ("nonce", "n")];
    let back = browser.authorize_fully(&query(&careless, &[&outside[..], &[("request", &object)]].concat())).await;
    assert_eq!(back.parameter("state").as_deref(), Some("inside"), "{}", back.location());
    let reply = site.redeem(&careless, &back.parameter("code").unwrap(), "").await;
    assert_eq!(reply.json()["scope"], "openid profile");
    assert_eq!(tests::flow::claims(reply.json()["id_token"].as_str().unwrap())["nonce"], "n");
    for (why, object) in [
        ("signed", key.sign(&claims(&site, &careless))),
        ("none, with a signature", format!("{object}AA")),
        ("another client's", unsigned(&none, &json!({ "client_id": "client_x" }))),
        ("of somebody else", unsigned(&none, &json!({ "iss": "https://evil.example" }))),
        ("for somebody else", unsigned(&none, &json!({ "aud": "https://evil.example" }))),
        ("expired", unsigned(&none, &json!({ "exp": site.clock.now() }))),
    ] {
        refused(&browser.authorize(&with_object(&careless, &object)).await, "invalid_request_object", why);
    }
}

#[tokio::test]
async fn a12_a_client_that_must_sign_is_refused_anything_else() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let strict = client(&site, &key, json!({ "require_signed_request_object": true })).await;
    let reply = browser.authorize(&strict.query("openid")).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"), "{}", reply.location());
    let metadata = json!({ "require_signed_request_object": true, "request_object_signing_alg": "none" });
    let careless = client(&site, &key, metadata).await;
    let object = unsigned(&json!({ "alg": "none" }), &claims(&site, &careless));
    refused(&browser.authorize(&with_object(&careless, &object)).await, "invalid_request_object", "unsigned");
    let object = key.sign(&claims(&site, &strict));
    assert_eq!(browser.authorize(&with_object(&strict, &object)).await.status, 200);
    // What is not signed does not count, not even what OAuth wants there.
    let mut silent = claims(&site, &strict);
    silent.as_object_mut().unwrap().remove("response_type");
    let reply = browser.authorize(&with_object(&strict, &key.sign(&silent))).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"), "{}", reply.location());
}
