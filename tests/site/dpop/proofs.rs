//! What is no proof.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use tests::keys::Key;
use tests::{DpopKey, TestSite, Value, json};
use tokio::task::JoinSet;

use super::{assert_refused, at_token};

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[tokio::test]
async fn u41_a_proof_that_differs_from_a_good_one_in_anything_is_refused() {
    let site = TestSite::start().await;
    let (client, key) = (site.client().await, DpopKey::default());
    let nonce = site.dpop_nonce(&key).await;
    let now = site.clock.now().0;
    let mut good = key.claims(&site, "POST", "/oauth2/token", None);
    good["nonce"] = nonce.clone().into();
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        key.sign(&claims, |_| {})
    };
    let mut proofs = Vec::new();
    for (name, value) in [
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htm", Value::Null),
        ("htu", json!(format!("{}/oauth2/userinfo", site.issuer()))),
        ("htu", json!("https://evil.example/oauth2/token")),
        ("htu", json!("not an address")),
        ("htu", Value::Null),
        ("iat", json!(now - 301)),
        ("iat", json!(now + 61)),
        ("iat", json!("now")),
        ("iat", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", Value::Null),
    ] {
        proofs.push((format!("{name} {value}"), changed(name, value)));
    }
    let with_header = |change: &dyn Fn(&mut Header)| key.sign(&good, change);
    let another = DpopKey::default();
    proofs.push(("no typ".to_owned(), with_header(&|header| header.typ = None)));
    proofs.push(("typ".to_owned(), with_header(&|header| header.typ = Some("JWT".to_owned()))));
    proofs.push(("no key".to_owned(), with_header(&|header| header.jwk = None)));
    proofs.push(("another's key".to_owned(), with_header(&|header| header.jwk = Some(another.jwk.clone()))));
    // HS256 with the public key as the secret (RFC 8725 §2.1).
    let mut symmetric = Header::new(Algorithm::HS256);
    symmetric.typ = Some("dpop+jwt".to_owned());
    symmetric.jwk = Some(key.jwk.clone());
    proofs.push(("HS256".to_owned(), encode(&symmetric, &good, &EncodingKey::from_secret(b"x")).unwrap()));
    let proof = key.sign(&good, |_| {});
    let (head, signature) = proof.rsplit_once('.').unwrap();
    let (_, payload) = head.split_once('.').unwrap();
    let segment = |value: Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let none = segment(json!({ "typ": "dpop+jwt", "alg": "none", "jwk": key.jwk }));
    proofs.push(("alg none".to_owned(), format!("{none}.{payload}.")));
    proofs.push(("no signature".to_owned(), format!("{head}.")));
    let mut private = json!(key.jwk);
    private["d"] = "AAAA".into();
    let shown = segment(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": private }));
    proofs.push(("a private key".to_owned(), format!("{shown}.{payload}.{signature}")));
    for garbage in ["x", "a.b.c", "..", &"x".repeat(5000)] {
        proofs.push((garbage.chars().take(9).collect(), garbage.to_owned()));
    }
    for (why, proof) in &proofs {
        let reply = site.token_with_proof(&client, &OWN, proof).await;
        assert_refused(&reply, 400, "invalid_dpop_proof", why);
        assert_ne!(reply.header("dpop-nonce"), "", "{why}");
    }
    // None of them used anything up.
    assert_eq!(site.token_with_proof(&client, &OWN, &proof).await.status, 200);
}

/// RFC 9864 §2.2 gave EdDSA with this curve a name of its own.
#[tokio::test]
async fn u41_a_proof_is_signed_with_ed25519_by_either_name() {
    let site = TestSite::start().await;
    let (client, any) = (site.client().await, DpopKey::default());
    let key = Key::new("one", Algorithm::EdDSA);
    let proof = async |alg: &str, jwk: Value| {
        let mut claims = any.claims(&site, "POST", "/oauth2/token", None);
        claims["nonce"] = site.dpop_nonce(&any).await.into();
        let proof = key.sign_as(&json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk }), &claims);
        site.token_with_proof(&client, &OWN, &proof).await
    };
    for alg in ["EdDSA", "Ed25519"] {
        let reply = proof(alg, key.jwk()).await;
        assert_eq!(reply.json()["token_type"], "DPoP", "{alg}: {}", reply.body);
    }
    for (alg, jwk) in [("Ed448", key.jwk()), ("ES256", key.jwk()), ("Ed25519", json!(any.jwk)), ("RS256", key.jwk())] {
        assert_refused(&proof(alg, jwk).await, 400, "invalid_dpop_proof", alg);
    }
}

#[tokio::test]
async fn u41_two_proofs_at_once_are_none() {
    let site = TestSite::start().await;
    let (client, key) = (site.client().await, DpopKey::default());
    let (one, other) = (at_token(&site, &key).await, at_token(&site, &key).await);
    let mut form = client.in_body();
    form.extend(OWN);
    let request = site.http.post(site.url("/oauth2/token")).form(&form).header("dpop", one).header("dpop", other);
    assert_refused(&site.send(request, None).await, 400, "invalid_dpop_proof", "twice");
}

#[tokio::test]
async fn u41_a_proof_works_once_also_of_twenty_at_once() {
    let site = TestSite::start().await;
    let (client, key) = (site.client().await, DpopKey::default());
    let proof = at_token(&site, &key).await;
    let mut tries = JoinSet::new();
    for _ in 0..20 {
        let mut form = client.in_body();
        form.extend(OWN);
        let request = site.http.post(site.url("/oauth2/token")).form(&form).header("dpop", &proof);
        tries.spawn(tests::Reply::to(request));
    }
    let replies = tries.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert!(replies.iter().all(|reply| reply.status == 200 || reply.error() == "invalid_dpop_proof"));
    // The same `jti` under another key is another proof.
    let nonce = site.dpop_nonce(&key).await;
    let mut claims = key.claims(&site, "POST", "/oauth2/token", None);
    claims["nonce"] = nonce.into();
    assert_eq!(site.token_with_proof(&client, &OWN, &key.sign(&claims, |_| {})).await.status, 200);
    assert_eq!(site.token_with_proof(&client, &OWN, &DpopKey::default().sign(&claims, |_| {})).await.status, 200);
}

#[tokio::test]
async fn u41_without_a_nonce_of_ours_that_is_fresh_the_client_is_given_one() {
    let site = TestSite::start().await;
    let (client, key) = (site.client().await, DpopKey::default());
    let nonce = site.dpop_nonce(&key).await;
    let with = |nonce: &str| key.proof(&site, "POST", "/oauth2/token", None, nonce);
    let other =
        TestSite::start_with(tests::Wishes { issuer: Some("https://id.example".to_owned()), ..Default::default() });
    let foreign = other.await.dpop_nonce(&key).await;
    for bad in ["", "made up", &foreign] {
        let reply = site.token_with_proof(&client, &OWN, &with(bad)).await;
        assert_refused(&reply, 400, "use_dpop_nonce", bad);
        assert_ne!(reply.header("dpop-nonce"), "");
    }
    site.clock.advance(299);
    let reply = site.token_with_proof(&client, &OWN, &with(&nonce)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let next = reply.header("dpop-nonce").to_owned();
    site.clock.advance(1);
    assert_refused(&site.token_with_proof(&client, &OWN, &with(&nonce)).await, 400, "use_dpop_nonce", "too old");
    assert_eq!(site.token_with_proof(&client, &OWN, &with(&next)).await.status, 200, "an answer brings the next one");
}
