//! What an assertion must be.

use jsonwebtoken::Algorithm;
use tests::flow::VERIFIER;
use tests::keys::{ASSERTION_TYPE, Key, assertion_claims, jwks, unique, unsigned};
use tests::{Client, TestSite, Tokens, Value, json};

use super::{GRANT, assert_refused, fapi_client, token};

const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

#[tokio::test]
async fn t25_a_client_proves_itself_by_each_algorithm() {
    let site = TestSite::start().await;
    for alg in ALGORITHMS {
        let key = Key::new("one", alg);
        let client = site.keyed_client(&key, json!({})).await;
        assert_eq!(client.secret, None);
        let reply = token(&site, &key.assertion(&site, &client)).await;
        assert_eq!(reply.status, 200, "{alg:?}: {}", reply.body);
        // Whoever has one key need not name it.
        let nameless = key.sign_as(&json!({ "alg": alg }), &assertion_claims(&site, &client));
        assert_eq!(token(&site, &nameless).await.status, 200, "{alg:?}");
    }
}

/// RFC 9864 §2.2: what Node's clients write today.
#[tokio::test]
async fn t25_eddsa_is_also_called_ed25519() {
    let site = TestSite::start().await;
    let key = Key::new("one", Algorithm::EdDSA);
    let mut jwk = key.jwk();
    jwk["alg"] = json!("Ed25519");
    for registered in [json!({}), json!({ "token_endpoint_auth_signing_alg": "Ed25519", "jwks": { "keys": [jwk] } })] {
        let client = site.keyed_client(&key, registered).await;
        let header = json!({ "alg": "Ed25519", "kid": "one" });
        let reply = token(&site, &key.sign_as(&header, &assertion_claims(&site, &client))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
        let other = json!({ "alg": "Ed448", "kid": "one" });
        assert_refused(&token(&site, &key.sign_as(&other, &assertion_claims(&site, &client))).await, "another curve");
    }
    // What the site itself signs with has one name, which its metadata says.
    let metadata = json!({ "redirect_uris": ["https://a.example/"], "id_token_signed_response_alg": "Ed25519" });
    assert_eq!(site.post("/oauth2/register", None, metadata).await.error(), "invalid_client_metadata");
    let document = site.get("/.well-known/openid-configuration", None).await.json();
    let says = |name: &str| document[name].as_array().unwrap().contains(&json!("Ed25519"));
    for name in ["token_endpoint_auth", "request_object", "dpop"] {
        assert!(says(&format!("{name}_signing_alg_values_supported")), "{name}");
    }
    assert!(!says("id_token_signing_alg_values_supported"));
}

#[tokio::test]
async fn t25_a_code_is_redeemed_by_key() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid offline_access").await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", tests::flow::REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_id", &client.id),
    ];
    let tokens = Tokens::read(&site.asserted("/oauth2/token", &key.assertion(&site, &client), &form).await);
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
    let reply = site.asserted("/oauth2/token", &key.assertion(&site, &client), &form).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn t25_an_assertion_works_once_for_its_client() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let (client, other) = (site.keyed_client(&key, json!({})).await, site.keyed_client(&key, json!({})).await);
    let claims = assertion_claims(&site, &client);
    assert_eq!(token(&site, &key.sign(&claims)).await.status, 200);
    assert_refused(&token(&site, &key.sign(&claims)).await, "the same again");
    let mut later = claims.clone();
    later["exp"] = json!(site.clock.now() + 120);
    assert_refused(&token(&site, &key.sign(&later)).await, "the same jti");
    let mut theirs = assertion_claims(&site, &other);
    theirs["jti"] = claims["jti"].clone();
    assert_eq!(token(&site, &key.sign(&theirs)).await.status, 200, "a jti is its client's");
}

#[tokio::test]
async fn t25_of_many_uses_of_an_assertion_at_once_one_succeeds() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let assertion = key.assertion(&site, &client);
    let tries = (0..20).map(|_| token(&site, &assertion));
    let mut good = 0;
    for reply in join_all(tries).await {
        good += u32::from(reply.status == 200);
    }
    assert_eq!(good, 1);
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, slot) in futures.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *slot = Some(value);
            }
        }
        match done.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn t25_claims_that_are_not_right_are_refused() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let (client, other) = (site.keyed_client(&key, json!({})).await, site.client().await);
    let (now, issuer) = (site.clock.now().0, site.issuer());
    let good = [
        ("aud", json!(format!("{issuer}/oauth2/token"))),
        ("aud", json!(["https://elsewhere.example", issuer])),
        ("exp", json!(now + 660)),
        ("iat", json!(now + 60)),
        ("nbf", json!(now + 60)),
        ("iat", Value::Null),
        ("nbf", json!(now)),
    ];
    let bad = [
        ("iss", json!("https://app.example")),
        ("iss", json!(other.id)),
        ("iss", Value::Null),
        ("sub", json!(other.id)),
        ("sub", Value::Null),
        ("aud", json!("https://elsewhere.example")),
        ("aud", json!(format!("{issuer}/"))),
        ("aud", json!(format!("{issuer}/oauth2/userinfo"))),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 661)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
        ("iat", json!("now")),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!(7)),
    ];
    for (cases, right) in [(&good[..], true), (&bad[..], false)] {
        for (name, value) in cases {
            let mut claims = assertion_claims(&site, &client);
            claims[name] = value.clone();
            let reply = token(&site, &key.sign(&claims)).await;
            match right {
                true => assert_eq!(reply.status, 200, "{name} {value}: {}", reply.body),
                false => assert_refused(&reply, &format!("{name} {value}")),
            }
        }
    }
}

#[tokio::test]
async fn t25_a_header_decides_nothing() {
    let site = TestSite::start().await;
    let (key, stranger) = (Key::es256(), Key::es256());
    let client = site.keyed_client(&key, json!({})).await;
    let claims = || assertion_claims(&site, &client);
    let good = key.sign(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    for (why, assertion) in [
        ("somebody else's key of that name", stranger.sign(&claims())),
        ("no key has this name", key.sign_as(&json!({ "alg": "ES256", "kid": "two" }), &claims())),
        ("another algorithm than the key's", key.sign_as(&json!({ "alg": "RS256", "kid": "es256" }), &claims())),
        ("HS256", key.sign_as(&json!({ "alg": "HS256", "kid": "es256" }), &claims())),
        ("a key of its own", stranger.sign_as(&json!({ "alg": "ES256", "jwk": stranger.jwk() }), &claims())),
        ("crit", key.sign_as(&json!({ "alg": "ES256", "crit": ["exp"] }), &claims())),
        ("none", unsigned(&json!({ "alg": "none" }), &claims())),
        ("no signature", format!("{message}.")),
        ("another signature", format!("{message}.{}", signature.chars().rev().collect::<String>())),
        ("no alg", key.sign_as(&json!({ "kid": "es256" }), &claims())),
        ("nonsense", "a.b.c".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_refused(&token(&site, &assertion).await, why);
    }
    // A request that failed has used nothing up.
    assert_eq!(token(&site, &good).await.status, 200);
}

#[tokio::test]
async fn t25_a_key_is_used_for_what_it_says_that_it_is_for() {
    let site = TestSite::start().await;
    let key = Key::es256();
    for (member, value, status) in [
        ("use", json!("sig"), 200),
        ("use", json!("enc"), 401),
        ("key_ops", json!(["verify"]), 200),
        ("key_ops", json!(["encrypt"]), 401),
        ("alg", json!("ES256"), 200),
        ("alg", json!("ES384"), 401),
    ] {
        let mut jwk = key.jwk();
        jwk[member] = value.clone();
        let client = site.keyed_client(&key, json!({ "jwks": { "keys": [jwk] } })).await;
        let reply = token(&site, &key.assertion(&site, &client)).await;
        assert_eq!(reply.status, status, "{member} {value}: {}", reply.body);
    }
    // Of several keys the named one is taken, and what is no key of ours is passed over.
    let keys = json!({ "keys": [{ "kty": "new" }, Key::new("other", Algorithm::ES256).jwk(), key.jwk()] });
    let client = site.keyed_client(&key, json!({ "jwks": keys })).await;
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
}

#[tokio::test]
async fn t25_who_registered_an_algorithm_uses_no_other() {
    let site = TestSite::start().await;
    let key = Key::new("rsa", Algorithm::PS256);
    let client = site.keyed_client(&key, json!({ "token_endpoint_auth_signing_alg": "PS256" })).await;
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
    let other = key.with(Algorithm::RS256);
    assert_refused(&token(&site, &other.assertion(&site, &client)).await, "RS256");
}

#[tokio::test]
async fn t25_who_has_a_key_has_no_secret_and_who_has_a_secret_no_key() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let keyed = site.keyed_client(&key, json!({})).await;
    for secret in [None, Some("anything".to_owned())] {
        let guess = Client { id: keyed.id.clone(), secret };
        assert_refused(&site.token(&guess, &[GRANT]).await, "no assertion");
    }
    let methods = ["client_secret_basic", "client_secret_post"].map(|method| (method, vec!["client_credentials"]));
    for (method, grants) in methods.into_iter().chain([("none", vec!["authorization_code"])]) {
        let metadata = json!({ "token_endpoint_auth_method": method, "jwks": jwks(&[&key]), "grant_types": grants });
        let client = site.client_with(metadata).await;
        assert_refused(&token(&site, &key.assertion(&site, &client)).await, method);
    }
}

#[tokio::test]
async fn t25_an_assertion_says_its_type_and_agrees_with_the_request() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let (client, other) = (site.keyed_client(&key, json!({})).await, site.client().await);
    let send = async |pairs: Vec<(&str, &str)>| site.form("/oauth2/token", &[&[GRANT][..], &pairs].concat()).await;
    let assertion = || key.assertion(&site, &client);
    for kind in ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "jwt-bearer"] {
        let reply = send(vec![("client_assertion_type", kind), ("client_assertion", &assertion())]).await;
        assert_refused(&reply, kind);
    }
    assert_refused(&send(vec![("client_assertion", &assertion())]).await, "no type");
    assert_refused(&send(vec![("client_assertion_type", ASSERTION_TYPE), ("client_id", &client.id)]).await, "none");
    let good = [("client_assertion_type", ASSERTION_TYPE)];
    let with =
        async |id: &str| send([&good[..], &[("client_assertion", &assertion()), ("client_id", id)]].concat()).await;
    assert_refused(&with(&other.id).await, "another client_id");
    assert_eq!(with(&client.id).await.status, 200);
    let query = format!("/oauth2/token?client_assertion={}", assertion());
    assert_eq!(site.form(&query, &[GRANT]).await.error(), "invalid_request");
}

#[tokio::test]
async fn t25_a_client_of_the_fapi_profile_names_the_issuer_alone_and_signs_with_what_the_profile_has() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = fapi_client(&site, &key).await;
    let issuer = site.issuer();
    // Authenticated, it learns what else is missing.
    let authenticated = |reply: &tests::Reply| reply.error() != "invalid_client";
    assert!(authenticated(&token(&site, &key.assertion(&site, &client)).await));
    for audience in [json!(format!("{issuer}/oauth2/token")), json!([issuer]), json!([issuer, "https://a.example"])] {
        let mut claims = assertion_claims(&site, &client);
        claims["aud"] = audience.clone();
        assert_refused(&token(&site, &key.sign(&claims)).await, &audience.to_string());
    }
    let rsa = Key::new("rsa", Algorithm::PS256);
    let client = fapi_client(&site, &rsa).await;
    assert!(authenticated(&token(&site, &rsa.assertion(&site, &client)).await));
    let weak = rsa.with(Algorithm::RS256);
    assert_refused(&token(&site, &weak.assertion(&site, &client)).await, "RS256");
}

#[tokio::test]
async fn t25_what_is_used_up_is_forgotten_when_it_would_be_refused_anyhow() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let mut claims = assertion_claims(&site, &client);
    claims["jti"] = json!(unique("kept"));
    assert_eq!(token(&site, &key.sign(&claims)).await.status, 200);
    let marks: Vec<_> = site.dump().await.into_iter().filter(|item| item["type"]["S"] == "once").collect();
    let [mark] = marks.as_slice() else { panic!("{marks:?}") };
    assert_eq!(mark["ttl"]["N"], claims["exp"].to_string());
    assert!(!mark.to_string().contains("kept"), "only a hash of it is written");
}

#[tokio::test]
async fn t25_an_assertion_costs_one_write_and_a_bad_one_none() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let operations = async |assertion: String| {
        site.proxy.forget();
        token(&site, &assertion).await;
        site.proxy.calls().iter().map(|call| call.operation.clone()).collect::<Vec<_>>()
    };
    assert_eq!(operations(key.assertion(&site, &client)).await, ["GetItem", "PutItem"]);
    assert_eq!(operations(Key::es256().assertion(&site, &client)).await, ["GetItem"]);
}

#[tokio::test]
async fn t24_guesses_at_a_generated_secret_are_counted_by_client_and_address_and_a_right_one_is_not() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let guess = Client { id: client.id.clone(), secret: Some("wrong".to_owned()) };
    for _ in 0..10 {
        assert_refused(&site.token(&guess, &[GRANT]).await, "a guess");
    }
    let reply = site.token(&guess, &[GRANT]).await;
    assert_eq!((reply.status, reply.error().as_str()), (429, "slow_down"));
    assert_ne!(reply.header("retry-after"), "");
    // Who knows the secret is not shut out, and it costs no write.
    site.proxy.forget();
    assert_eq!(site.token(&client, &[GRANT]).await.status, 200);
    assert!(site.proxy.calls().iter().all(|call| call.is_read()));
    let other = site.client().await;
    assert_refused(&site.token(&Client { secret: guess.secret.clone(), ..other }, &[GRANT]).await, "another client's");
    site.clock.advance(15 * 60);
    assert_refused(&site.token(&guess, &[GRANT]).await, "later");
}
