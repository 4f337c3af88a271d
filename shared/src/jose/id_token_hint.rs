//! ID tokens that come back to say who is meant (OpenID Connect Core §3.1.2.1), or whose session (OpenID Connect
//! RP-Initiated Logout 1.0 §2).

use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;

use crate::app::Site;
use crate::config::Issuer;
use crate::oauth::ClientName;

/// What an ID token of ours says, however old it is.
#[derive(Clone, Debug, Deserialize)]
pub struct HintClaims {
    /// The user, as the client knows them.
    pub sub: String,
    /// The client.
    pub aud: ClientName,
    /// The session.
    #[serde(default)]
    pub sid: Option<String>,
}

/// Why a hint is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHint {
    /// Signed with a key that is not published any more, or never was: nobody can tell.
    UnknownKey,
    /// Not an ID token of ours.
    Forged,
}

/// Checks signature, type and issuer of an ID token. Its time may be over (§2): it says who is meant, and proves nothing.
///
/// # Errors
/// [`BadHint`].
pub fn read(site: &Site, issuer: &Issuer, text: &str) -> Result<HintClaims, BadHint> {
    let header = decode_header(text).map_err(|_| BadHint::Forged)?;
    // RFC 8725 §3.11: an access token or a logout token is a JWT of ours as well.
    if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(BadHint::Forged);
    }
    let key = site.keys.find(&header.kid.ok_or(BadHint::Forged)?).ok_or(BadHint::UnknownKey)?;
    // The key decides the algorithm, never the header (RFC 8725 §3.1).
    let mut validation = Validation::new(key.alg);
    validation.set_issuer(&[issuer.as_str()]);
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<HintClaims>(text, &key.decoding, &validation).map(|token| token.claims).map_err(|_| BadHint::Forged)
}
