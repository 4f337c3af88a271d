//! ID tokens (OpenID Connect Core §2), signed RS256.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::Algorithm;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::Site;
use crate::clock::Time;

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
    /// Binds the access token that comes along (§3.1.3.6).
    pub at_hash: String,
    /// What the authorization request asked for here (§5.5).
    #[serde(flatten)]
    pub requested: Map<String, Value>,
}

/// The left half of an access token's SHA-256, for an ID token signed with a 256-bit algorithm.
pub fn at_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    BASE64URL_NOPAD.encode(left)
}

/// Signs an ID token. `None` where the site has no key to sign with.
pub fn sign(site: &Site, claims: &IdClaims, now: Time) -> Option<String> {
    site.keys.signer(Algorithm::RS256, now)?.sign("JWT", claims)
}
