//! DPoP proofs (RFC 9449 §4): a client shows that it has the private key to which a token is bound.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::client_alg;
use crate::clock::Time;
use crate::oauth::metadata::SigningAlg;

/// How far a proof's `iat` may lie in the past, in seconds; its nonce says better how old it is (RFC 9449 §11.1).
const PAST: i64 = 300;
/// How far it may lie in the future (FAPI 2.0 Security Profile §5.3.2.1).
const FUTURE: i64 = 60;
/// Longer `jti`s nobody needs.
const LONGEST_JTI: usize = 256;

/// A proof that verifies, for this request and at this time. Whether its nonce is ours and its `jti` is new is for the
/// caller to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key's thumbprint (RFC 7638, SHA-256), to which tokens are bound.
    pub jkt: String,
    /// What it is signed with.
    pub alg: Algorithm,
    /// Used once for each key.
    pub jti: String,
    /// The nonce that it answers to.
    pub nonce: Option<String>,
    /// The access token that it comes with, hashed.
    ath: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: f64,
    jti: String,
    nonce: Option<String>,
    ath: Option<String>,
}

/// Checks a proof for a request of `method` to `url` (RFC 9449 §4.3).
///
/// # Errors
/// What is wrong with it, for its sender.
pub fn verify(text: &str, method: &str, url: &str, now: Time) -> Result<Proof, &'static str> {
    let header = decode_header(text).map_err(|_| "the DPoP proof is not a JWT")?;
    if header.typ.as_deref() != Some("dpop+jwt") {
        return Err("the DPoP proof must be of typ dpop+jwt");
    }
    if !client_alg(header.alg) {
        return Err("the DPoP proof must be signed with ES256, EdDSA, PS256 or RS256");
    }
    // A private key that was sent is known to whoever reads along.
    if shows_private_key(text) {
        return Err("the DPoP proof shows a private key: replace it");
    }
    let jwk = header.jwk.ok_or("the DPoP proof has no jwk")?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "the jwk of the DPoP proof is no public key")?;
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    // Checked below, by the injected clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = decode::<Claims>(text, &key, &validation);
    let claims = claims.map_err(|_| "the DPoP proof has a wrong signature, or lacks htm, htu, iat or jti")?.claims;
    if claims.htm != method {
        return Err("the DPoP proof is for another method");
    }
    if !same_target(&claims.htu, url) {
        return Err("the DPoP proof is for another address");
    }
    let age = now.0 as f64 - claims.iat;
    if !(-(FUTURE as f64)..=PAST as f64).contains(&age) {
        return Err("the DPoP proof is too old or of the future");
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err("the jti of the DPoP proof must have 1 to 256 bytes");
    }
    let jkt = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| "the jwk of the DPoP proof is no public key")?;
    Ok(Proof { jkt, alg: header.alg, jti: claims.jti, nonce: claims.nonce, ath: claims.ath })
}

impl Proof {
    /// Whether the FAPI 2.0 Security Profile has its algorithm (§5.4.1).
    pub fn is_fapi(&self) -> bool {
        SigningAlg::ALL.into_iter().any(|alg| alg.is_fapi() && Algorithm::from(alg) == self.alg)
    }

    /// Whether it was made for `access_token` (RFC 9449 §4.2).
    pub fn is_for(&self, access_token: &str) -> bool {
        let hash = BASE64URL_NOPAD.encode(digest(&SHA256, access_token.as_bytes()).as_ref());
        self.ath.as_deref() == Some(hash.as_str())
    }
}

/// Without query and fragment, and after what a parser makes equal (RFC 9449 §4.3).
fn same_target(htu: &str, url: &str) -> bool {
    let target = |text| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    target(htu).is_some_and(|htu| Some(htu) == target(url))
}

fn shows_private_key(text: &str) -> bool {
    let header = text.split('.').next().and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
    let header = header.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    let jwk = header.as_ref().and_then(|header| header.get("jwk"));
    jwk.is_some_and(|jwk| ["d", "k", "p", "q"].iter().any(|name| jwk.get(name).is_some()))
}
