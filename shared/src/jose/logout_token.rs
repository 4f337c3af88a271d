//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4): who has signed out, where.

use serde::Serialize;
use serde_json::{Value, json};

use crate::app::Site;
use crate::clock::Time;
use crate::oauth::lifetimes::LOGOUT_TOKEN;
use crate::oauth::metadata::SigningAlg;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a logout token. It has no `nonce`, so that it passes for no ID token (§2.4).
#[derive(Clone, Debug, Serialize)]
pub struct LogoutClaims {
    /// Us.
    pub iss: String,
    /// The user, as the client knows them.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// When it was made.
    pub iat: Time,
    /// When it ends.
    pub exp: Time,
    /// Unique.
    pub jti: String,
    /// What happened.
    events: Value,
    /// The session, as ID tokens name it.
    pub sid: String,
}

impl LogoutClaims {
    /// Says to `aud` that `sub` signed out of the session `sid`.
    pub fn new(iss: String, sub: String, aud: String, sid: String, jti: String, now: Time) -> Self {
        Self { iss, sub, aud, iat: now, exp: now + LOGOUT_TOKEN, jti, events: json!({ EVENT: {} }), sid }
    }

    /// Signs it like the client's ID tokens. `None` where the site has no key to sign with.
    pub fn sign(&self, site: &Site, alg: SigningAlg, now: Time) -> Option<String> {
        site.keys.signer(alg.into(), now)?.sign("logout+jwt", self)
    }
}
