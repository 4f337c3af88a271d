//! An OpenID provider by the book (OpenID Connect Core 1.0, Discovery 1.0): RS256, PKCE, nonce, a secret in either place.

use std::sync::OnceLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::BASE64URL_NOPAD;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::control::{Endpoint, IdTokenFault};
use super::desk::{Code, Desk, Route, System, Twist, Wanted};
use super::message::{Asked, json};
use crate::answer::Answer;

const LIFETIME: i64 = 3600;

pub(super) static SYSTEM: System = System {
    id: "oidc",
    title: "an OpenID provider",
    addresses: &[("issuer", "")],
    routes: &[
        Route {
            method: Method::GET,
            path: "/.well-known/openid-configuration",
            endpoint: Endpoint::Discovery,
            handler: discovery,
        },
        Route { method: Method::GET, path: "/authorize", endpoint: Endpoint::Authorize, handler: authorize },
        Route { method: Method::POST, path: "/authorize", endpoint: Endpoint::Authorize, handler: authorize },
        Route { method: Method::POST, path: "/token", endpoint: Endpoint::Token, handler: token },
        Route { method: Method::GET, path: "/userinfo", endpoint: Endpoint::Profile, handler: userinfo },
        Route { method: Method::GET, path: "/jwks", endpoint: Endpoint::Keys, handler: keys },
    ],
    refuse,
};

/// What it signs with. Made when it is first needed, and once in a process: RSA takes its time, on a busy machine longer
/// than anybody waits for a provider.
pub(super) struct SigningKey;

impl SigningKey {
    const KID: &str = "stand-in";

    fn pair(&self) -> Option<&'static KeyPair> {
        static PAIR: OnceLock<Option<KeyPair>> = OnceLock::new();
        PAIR.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).ok()).as_ref()
    }

    /// Its public half (RFC 7517).
    fn jwk(&self) -> Option<Value> {
        let public = self.pair()?.public_key();
        let number = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let n = number(public.modulus().big_endian_without_leading_zero());
        let e = number(public.exponent().big_endian_without_leading_zero());
        Some(json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": Self::KID, "n": n, "e": e }))
    }

    fn sign(&self, signed: &str) -> Option<Vec<u8>> {
        let pair = self.pair()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(signature)
    }
}

fn discovery(desk: &Desk, _: &Asked, _: &Twist) -> Answer {
    let at = |path: &str| format!("{}{path}", desk.url);
    let body = json!({
        "issuer": desk.url,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": ["sub", "name", "preferred_username", "picture", "email"],
        "code_challenge_methods_supported": ["S256"],
    });
    json(StatusCode::OK, &body)
}

fn keys(desk: &Desk, _: &Asked, _: &Twist) -> Answer {
    json(StatusCode::OK, &json!({ "keys": desk.key.jwk().into_iter().collect::<Vec<_>>() }))
}

fn authorize(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let wanted = desk.knows(asked.query("client_id")).and_then(|()| {
        if asked.query("response_type") != Some("code") {
            return Err("response_type is not code");
        }
        if !asked.query("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "openid")) {
            return Err("scope is without openid");
        }
        let redirect_uri = asked.query("redirect_uri").ok_or("redirect_uri is missing")?.to_owned();
        let challenge = asked.query("code_challenge").map(str::to_owned);
        // `plain` is not offered (RFC 9700 §2.1.1).
        if challenge.is_some() && asked.query("code_challenge_method") != Some("S256") {
            return Err("code_challenge_method is not S256");
        }
        let text = |name: &str| asked.query(name).map(str::to_owned);
        Ok(Wanted { redirect_uri, state: text("state"), nonce: text("nonce"), challenge })
    });
    desk.authorize(asked, wanted)
}

fn token(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    if !is_client(desk, asked) {
        return refuse("invalid_client");
    }
    match asked.form("grant_type").as_deref() {
        Some("authorization_code") => {
            let (redirect_uri, verifier) = (asked.form("redirect_uri"), asked.form("code_verifier"));
            let code = desk.redeem(&asked.form("code").unwrap_or_default());
            let code = code.filter(|code| {
                Some(&code.wanted.redirect_uri) == redirect_uri.as_ref() && code.is_verified_by(verifier.as_deref())
            });
            let Some(mut code) = code else { return refuse("invalid_grant") };
            code.person = twist.person(code.person);
            let mut reply = reply(desk, &code.person, twist.era);
            if let (Some(token), Some(members)) = (id_token(desk, &code, twist), reply.as_object_mut()) {
                members.insert("id_token".to_owned(), token.into());
            }
            json(StatusCode::OK, &reply)
        }
        Some("refresh_token") => match desk.rotate(&asked.form("refresh_token").unwrap_or_default(), twist.era) {
            Some(person) => json(StatusCode::OK, &reply(desk, &person, twist.era)),
            None => refuse("invalid_grant"),
        },
        _ => refuse("unsupported_grant_type"),
    }
}

fn reply(desk: &Desk, person: &super::person::Person, era: u64) -> Value {
    json!({
        "access_token": desk.access_token(person, LIFETIME),
        "expires_in": LIFETIME,
        "token_type": "Bearer",
        "scope": "openid profile email",
        "refresh_token": desk.refresh_token(person, era),
    })
}

/// RFC 6749 §2.3.1: in the header, where both halves are encoded as a form's are, or in the body.
fn is_client(desk: &Desk, asked: &Asked) -> bool {
    let decoded = |text: &str| {
        let text = format!("v={text}");
        form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    match asked.basic() {
        Some((id, secret)) => desk.is_client(decoded(&id).as_deref(), decoded(&secret).as_deref()),
        None => desk.is_client(asked.form("client_id").as_deref(), asked.form("client_secret").as_deref()),
    }
}

fn userinfo(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    match asked.bearer().and_then(|token| desk.bearer(token)) {
        Some((person, _)) => {
            let person = twist.person(person);
            twist.answer(StatusCode::OK, json!({ "sub": person.opaque("oidc"), "name": person.name }), "sub")
        }
        None => json(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" })),
    }
}

/// Core §2, signed as it says there (or not).
fn id_token(desk: &Desk, code: &Code, twist: &Twist) -> Option<String> {
    let (now, wrong, person) = (desk.clock.now(), twist.id_token, &code.person);
    let or =
        |fault: IdTokenFault, right: &str, other: &str| Value::from(if wrong == Some(fault) { other } else { right });
    let expires_at = now + if wrong == Some(IdTokenFault::Expired) { -3600 } else { LIFETIME };
    let mut claims = json!({
        "iss": or(IdTokenFault::Issuer, &desk.url, "https://evil.example"),
        "aud": or(IdTokenFault::Audience, &desk.client_id, "another-application"),
        "sub": person.opaque("oidc"),
        "iat": now.0.min(expires_at.0 - 60),
        "exp": expires_at.0,
        "name": person.name,
        "preferred_username": person.name,
        "email": format!("{}@users.oidc.example", person.number),
        "email_verified": true,
    });
    let nonce = code.wanted.nonce.as_deref().filter(|_| wrong != Some(IdTokenFault::NoNonce));
    if let (Some(nonce), Some(members)) = (nonce, claims.as_object_mut()) {
        members.insert("nonce".to_owned(), or(IdTokenFault::Nonce, nonce, "another request's"));
    }
    let alg = match wrong {
        Some(IdTokenFault::Missing) => return None,
        Some(IdTokenFault::AlgNone) => "none",
        Some(IdTokenFault::Hs256) => "HS256",
        _ => "RS256",
    };
    let header =
        json!({ "alg": alg, "typ": "JWT", "kid": or(IdTokenFault::UnknownKid, SigningKey::KID, "unheard-of") });
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let signed = format!("{}.{}", encode(&header.to_string()), encode(&twist.text(claims, "sub")));
    let mut signature = match alg {
        "none" => Vec::new(),
        "HS256" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, desk.client_secret.as_bytes());
            hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        }
        _ => desk.key.sign(&signed)?,
    };
    if wrong == Some(IdTokenFault::Signature) {
        signature.reverse();
    }
    Some(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
}

fn refuse(error: &'static str) -> Answer {
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    json(status, &json!({ "error": error }))
}
