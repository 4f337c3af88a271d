//! ID tokens (OpenID Connect Core §2), signed as their client registered.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::Site;
use crate::clock::Time;
use crate::id::SessionId;
use crate::oauth::metadata::SigningAlg;

/// The claims of an ID token.
#[derive(Clone, Debug, Serialize)]
pub struct IdClaims {
    /// Us.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// When it ends.
    pub exp: Time,
    /// When it was made.
    pub iat: Time,
    /// When the user signed in.
    pub auth_time: Time,
    /// From the authorization request. Not repeated on refresh (§12.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The session, by the name that relying parties have for it (OpenID Connect Back-Channel Logout §2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Binds the access token that comes along (§3.1.3.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Binds the code that comes along (§3.3.2.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// Binds the `state` beside it (FAPI 1.0 Advanced §5.1.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_hash: Option<String>,
    /// What is told about the user here, beside the above.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

/// The left half of a text's hash, which is the hash of the algorithm that signs the ID token: `at_hash`, `c_hash`
/// (§3.3.2.11). Of Ed25519 that is SHA-512 (RFC 8032 §5.1).
pub fn half_hash(alg: SigningAlg, text: &str) -> String {
    let hash = digest(if alg == SigningAlg::EdDsa { &SHA512 } else { &SHA256 }, text.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    BASE64URL_NOPAD.encode(left)
}

/// The name that relying parties have for a session: it leads nobody to the session itself.
pub fn sid(session: SessionId) -> String {
    half_hash(SigningAlg::Es256, &format!("sid {session}"))
}

/// Signs an ID token. `None` where the site has no key to sign with.
pub fn sign(site: &Site, alg: SigningAlg, claims: &IdClaims, now: Time) -> Option<String> {
    site.keys.signer(alg.into(), now)?.sign("JWT", claims)
}
