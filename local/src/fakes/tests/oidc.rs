//! The OpenID provider, as one that checks everything meets it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::super::{Endpoint, Fault, IdTokenFault};
use super::{Bench, Told, with};

const VERIFIER: &str = "a verifier of forty-three characters or more.";

impl Bench {
    fn oidc(&self, more: &[(&'static str, &str)]) -> String {
        let usual = [
            ("client_id", "ID"),
            ("response_type", "code"),
            ("redirect_uri", "BACK"),
            ("scope", "openid profile"),
            ("state", "xyz"),
        ];
        with(&(self.base("oidc", "issuer") + "/authorize"), &self.fill("oidc", &[&usual, more].concat()))
    }

    async fn oidc_token(&self, code: &str, more: &[(&'static str, &str)]) -> Told {
        let usual = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", "BACK")];
        let (id, secret) = (self.setting("oidc", "client_id"), self.setting("oidc", "client_secret"));
        let form = self.fill("oidc", &[&usual, more].concat());
        let url = self.base("oidc", "issuer") + "/token";
        self.send(self.http.post(url).basic_auth(id, Some(secret)).form(&form)).await
    }

    /// Header and claims of an ID token, and whether a published key signed it.
    async fn read(&self, token: &str) -> (Value, Value, bool) {
        let parts: Vec<_> = token.split('.').collect();
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
        let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap();
        let keys = self.get(&(self.base("oidc", "issuer") + "/jwks")).await.json();
        let (header, key) = (json(parts[0]), keys["keys"][0].clone());
        let number = |name: &str| decode(key[name].as_str().unwrap());
        let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
        let signed = format!("{}.{}", parts[0], parts[1]);
        let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(parts[2])).is_ok();
        let verified = verified && header["kid"] == key["kid"] && header["alg"] == "RS256";
        (header, json(parts[1]), verified)
    }
}

#[tokio::test]
async fn what_discovery_says_is_where_it_says() {
    let bench = Bench::start().await;
    let issuer = bench.base("oidc", "issuer");
    let metadata = bench.get(&format!("{issuer}/.well-known/openid-configuration")).await.json();
    assert_eq!(metadata["issuer"], issuer.as_str());
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        assert!(metadata[name].as_str().unwrap().starts_with(&issuer), "{name}");
    }
    let key = bench.get(metadata["jwks_uri"].as_str().unwrap()).await.json()["keys"][0].clone();
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("RSA"), &json!("RS256"), &json!("sig")));
}

#[tokio::test]
async fn a_code_becomes_an_id_token_for_whoever_has_the_verifier() {
    let bench = Bench::start().await;
    let challenge = BASE64URL_NOPAD.encode(digest(&SHA256, VERIFIER.as_bytes()).as_ref());
    let pkce = [("nonce", "n-0S6"), ("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    let authorize = bench.oidc(&pkce);
    assert_eq!(bench.get(&authorize.replace("S256", "plain")).await.status, 400);
    assert_eq!(bench.get(&authorize.replace("openid", "email")).await.status, 400);
    let code = bench.code(&authorize, "sakura").await;
    let reply = bench.oidc_token(&code, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply = reply.json();
    let (_, claims, verified) = bench.read(reply["id_token"].as_str().unwrap()).await;
    let now = bench.clock.now().0;
    assert!(verified);
    assert_eq!((&claims["iss"], &claims["nonce"]), (&json!(bench.base("oidc", "issuer")), &json!("n-0S6")));
    assert_eq!(claims["aud"], json!(bench.setting("oidc", "client_id")));
    assert!(claims["iat"] == json!(now) && claims["exp"].as_i64().unwrap() > now);
    let info =
        bench.http.get(bench.base("oidc", "issuer") + "/userinfo").bearer_auth(reply["access_token"].as_str().unwrap());
    assert_eq!(bench.send(info).await.json()["sub"], claims["sub"]);
    assert_eq!(bench.oidc_token(&code, &[("code_verifier", VERIFIER)]).await.json()["error"], "invalid_grant");
    for more in [&[("code_verifier", "another")][..], &[]] {
        let code = bench.code(&authorize, "sakura").await;
        assert_eq!(bench.oidc_token(&code, more).await.json()["error"], "invalid_grant", "{more:?}");
    }
    // Without a challenge a verifier is one too many (RFC 9700 §2.1.1).
    let code = bench.code(&bench.oidc(&[]), "sakura").await;
    assert_eq!(bench.oidc_token(&code, &[("code_verifier", VERIFIER)]).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn the_secret_may_stand_in_the_body_and_a_wrong_one_is_401() {
    let bench = Bench::start().await;
    let url = bench.base("oidc", "issuer") + "/token";
    let code = bench.code(&bench.oidc(&[]), "sakura").await;
    let token = async |secret: &str| {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", "BACK"),
            ("client_id", "ID"),
            ("client_secret", secret),
        ];
        bench.form(&url, &bench.fill("oidc", &pairs)).await
    };
    assert_eq!(token("wrong").await.status, 401);
    let tokens = token("SECRET").await.json();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", "ID"),
        ("client_secret", "SECRET"),
    ];
    let refresh = bench.fill("oidc", &refresh);
    assert_eq!(bench.form(&url, &refresh).await.status, 200);
    assert_eq!(bench.form(&url, &refresh).await.json()["error"], "invalid_grant", "it rotates");
}

#[tokio::test]
async fn id_tokens_are_wrong_as_they_are_told_to_be() {
    let bench = Bench::start().await;
    let token = async |fault| {
        bench.fakes.control().set("oidc", Endpoint::Token, Fault::IdToken(fault));
        let code = bench.code(&bench.oidc(&[("nonce", "n-0S6")]), "sakura").await;
        bench.oidc_token(&code, &[]).await.json()["id_token"].as_str().map(str::to_owned)
    };
    assert_eq!(token(IdTokenFault::Missing).await, None);
    let (now, issuer) = (bench.clock.now().0, bench.base("oidc", "issuer"));
    for fault in [
        IdTokenFault::Nonce,
        IdTokenFault::NoNonce,
        IdTokenFault::Audience,
        IdTokenFault::Issuer,
        IdTokenFault::AlgNone,
        IdTokenFault::Hs256,
        IdTokenFault::Expired,
        IdTokenFault::UnknownKid,
        IdTokenFault::Signature,
    ] {
        let (header, claims, verified) = bench.read(&token(fault).await.unwrap()).await;
        let wrong = [
            (claims["nonce"] != "n-0S6" && !claims["nonce"].is_null(), IdTokenFault::Nonce),
            (claims["nonce"].is_null(), IdTokenFault::NoNonce),
            (claims["aud"] != json!(bench.setting("oidc", "client_id")), IdTokenFault::Audience),
            (claims["iss"] != issuer.as_str(), IdTokenFault::Issuer),
            (header["alg"] == "none", IdTokenFault::AlgNone),
            (header["alg"] == "HS256", IdTokenFault::Hs256),
            (claims["exp"].as_i64().unwrap() < now, IdTokenFault::Expired),
            (header["kid"] != "stand-in", IdTokenFault::UnknownKid),
            (header["alg"] == "RS256" && header["kid"] == "stand-in" && !verified, IdTokenFault::Signature),
        ];
        let found: Vec<_> = wrong.iter().filter(|(is, _)| *is).map(|(_, fault)| *fault).collect();
        assert_eq!(found, [fault]);
    }
}
