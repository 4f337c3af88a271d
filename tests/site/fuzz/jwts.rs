//! JWTs of every kind, signed by a key that is known, or by nobody.

use jsonwebtoken::Algorithm;
use proptest::prelude::*;
use tests::keys::{Key, assertion_claims, unsigned};
use tests::{DpopKey, Value, json};

use super::inputs::{text, value};
use super::{Scene, assert_sound, fuzz};

/// Changes to a header and to claims, and whether it is signed.
type Bent = (Vec<(String, Value)>, Vec<(String, Value)>, bool);

fn bent() -> impl Strategy<Value = Bent> {
    let header =
        prop_oneof![Just("alg"), Just("typ"), Just("kid"), Just("jwk"), Just("jku"), Just("crit"), Just("b64")];
    let claim = prop_oneof![
        Just("iss"),
        Just("sub"),
        Just("aud"),
        Just("exp"),
        Just("iat"),
        Just("nbf"),
        Just("jti"),
        Just("htm"),
        Just("htu"),
        Just("ath"),
        Just("nonce"),
        Just("claims"),
        Just("scope"),
        Just("max_age"),
        Just("client_id"),
        Just("response_type"),
        Just("redirect_uri"),
        Just("cnf"),
        Just("act"),
        Just("events"),
        Just("sid"),
    ];
    let members = |name: BoxedStrategy<String>| proptest::collection::vec((name, value()), 0..3);
    let named = |name: BoxedStrategy<&'static str>| prop_oneof![9 => name.prop_map(str::to_owned), 1 => text()].boxed();
    (members(named(header.boxed())), members(named(claim.boxed())), any::<bool>())
}

/// The JWT.
fn jwt(key: &Key, typ: &str, mut claims: Value, (header, changed, signed): Bent) -> String {
    let mut head = json!({ "alg": "ES256", "typ": typ, "kid": key.jwk()["kid"] });
    head.as_object_mut().unwrap().extend(header);
    claims.as_object_mut().unwrap().extend(changed);
    if signed { key.sign_as(&head, &claims) } else { unsigned(&head, &claims) }
}

#[test]
fn t25_no_client_assertion_but_a_good_one_gets_in() {
    fuzz(bent(), async |scene: &Scene<'_>, bent| {
        let assertion = jwt(&scene.key, "JWT", assertion_claims(scene.site, &scene.keyed), bent.clone());
        let grant = [("grant_type", "client_credentials")];
        let reply = scene.site.asserted("/oauth2/token", &assertion, &grant).await;
        assert_sound(scene.site, &reply);
        assert!(reply.status != 200 || bent.2, "unsigned: {assertion}");
    });
}

#[test]
fn a12_no_request_object_breaks_anything_and_none_without_a_signature_counts() {
    fuzz(bent(), async |scene: &Scene<'_>, bent| {
        let client = &scene.keyed.id;
        let claims = json!({
            "iss": client, "client_id": client, "aud": scene.site.issuer(), "response_type": "code",
            "redirect_uri": tests::flow::REDIRECT, "scope": "openid", "state": "of the object",
        });
        let signed = bent.2;
        let object = jwt(&scene.key, "oauth-authz-req+jwt", claims, bent);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", client.as_str()), ("request", &object)])
            .finish();
        let reply = scene.browser.authorize(&query).await;
        assert_sound(scene.site, &reply);
        assert!(signed || !reply.header("location").contains("of%20the%20object"), "{}", reply.header("location"));
    });
}

#[test]
fn u34_no_jwt_of_strangers_is_a_token_or_a_hint_of_ours() {
    fuzz((bent(), 0usize..3), async |scene: &Scene<'_>, (bent, typ)| {
        let typ = ["at+jwt", "JWT", "logout+jwt"].into_iter().cycle().nth(typ).unwrap();
        let now = scene.site.clock.now();
        let claims = json!({
            "iss": scene.site.issuer(), "aud": scene.site.issuer(), "sub": "x", "client_id": scene.client.id,
            "exp": now + 600, "iat": now, "jti": "x", "scope": "openid account",
        });
        let token = jwt(&scene.key, typ, claims, bent);
        // A gateway passes headers of 10 KB.
        let token: String = token.chars().take(8000).collect();
        let reply = scene.site.userinfo(&token).await;
        assert_eq!(reply.status, 401, "{}", reply.body);
        for path in ["/oauth2/introspect", "/oauth2/revoke"] {
            let reply = scene.site.form(path, &[&scene.client.in_body()[..], &[("token", &token)]].concat()).await;
            assert!(reply.status == 200 && !reply.body.contains("true"), "{} {}", reply.status, reply.body);
        }
        assert_sound(scene.site, &scene.browser.open(&format!("/oauth2/logout?id_token_hint={token}")).await);
    });
}

#[test]
fn u41_no_dpop_proof_but_a_good_one_binds_a_token() {
    fuzz(bent(), async |scene: &Scene<'_>, (header, changed, signed)| {
        let key = DpopKey::default();
        let nonce = scene.site.dpop_nonce(&key).await;
        let mut claims = key.claims(scene.site, "POST", "/oauth2/token", None);
        claims["nonce"] = nonce.into();
        claims.as_object_mut().unwrap().extend(changed);
        let proof = if signed && header.is_empty() {
            key.sign(&claims, |_| {})
        } else {
            let other = Key::new("x", Algorithm::ES256);
            let mut head = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": key.jwk });
            head.as_object_mut().unwrap().extend(header.clone());
            if signed { other.sign_as(&head, &claims) } else { unsigned(&head, &claims) }
        };
        let proof: String = proof.chars().take(8000).collect();
        let grant = [("grant_type", "client_credentials")];
        let reply = scene.site.token_with_proof(&scene.client, &grant, &proof).await;
        assert_sound(scene.site, &reply);
        let by_another = !signed || !header.is_empty();
        // Signed by another key than it shows: no token, whatever else it says.
        let shows_own = header.iter().any(|(name, _)| name == "jwk");
        assert!(reply.status != 200 || !by_another || shows_own, "{proof}");
    });
}
