//! DPoP proofs (RFC 9449 §4): a client shows that it has the private key to which a token is bound.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{DecodingKey, crypto};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::client_keys::Jwt;
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
    pub alg: SigningAlg,
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
    let proof = Jwt::read(text).map_err(|_| "the DPoP proof is not a JWT")?;
    if proof.typ.as_deref() != Some("dpop+jwt") {
        return Err("the DPoP proof must be of typ dpop+jwt");
    }
    let alg = SigningAlg::ALL.into_iter().find(|alg| alg.is_called(&proof.alg));
    let alg = alg.ok_or("the DPoP proof must be signed with ES256, Ed25519 (EdDSA), PS256 or RS256")?;
    let jwk = proof.jwk.ok_or("the DPoP proof has no jwk")?;
    // A private key that was sent is known to whoever reads along.
    if ["d", "k", "p", "q"].iter().any(|name| jwk.get(name).is_some()) {
        return Err("the DPoP proof shows a private key: replace it");
    }
    let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| "the jwk of the DPoP proof is no public key")?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "the jwk of the DPoP proof is no public key")?;
    let (message, signature) = text.rsplit_once('.').ok_or("the DPoP proof is not a JWT")?;
    // A key of another kind than the algorithm's is an error there.
    if !crypto::verify(signature, message.as_bytes(), &key, alg.into()).unwrap_or(false) {
        return Err("the DPoP proof has a wrong signature");
    }
    let claims: Claims = serde_json::from_value(Value::Object(proof.claims))
        .map_err(|_| "the DPoP proof lacks htm, htu, iat or jti, or has them in another form")?;
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
    Ok(Proof { jkt, alg, jti: claims.jti, nonce: claims.nonce, ath: claims.ath })
}

impl Proof {
    /// Whether the FAPI 2.0 Security Profile has its algorithm (§5.4.1).
    pub fn is_fapi(&self) -> bool {
        self.alg.is_fapi()
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
