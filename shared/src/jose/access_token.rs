//! Access tokens: JWTs by RFC 9068, signed ES256, which costs a twentieth of RS256. Whoever accepts them reads the key
//! from the JWKS by its `kid`.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

use crate::app::Site;
use crate::clock::Time;
use crate::config::Issuer;
use crate::entropy::Entropy;
use crate::id::{FamilyId, SessionId, UserId};
use crate::seal::{Sealer, Unsealable};

/// The scope of a token that `POST /login` gives: everything of one's own account. No client can register it.
pub const ACCOUNT_SCOPE: &str = "account";

/// The `client_id` of such a token: the site itself. No registered client's begins like this.
pub const OURSELVES: &str = "bangumoe";

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Us.
    pub iss: String,
    /// The user, or the client where no user is.
    pub sub: String,
    /// Who should accept it.
    pub aud: String,
    /// To whom it was issued.
    pub client_id: String,
    /// When it ends.
    pub exp: Time,
    /// When it was made.
    pub iat: Time,
    /// Unique; a handle that leads to what the token hangs on.
    pub jti: String,
    /// What it allows.
    pub scope: String,
}

/// What a token hangs on: what has to be alive for the token to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSubject {
    /// A code's family.
    Family(UserId, FamilyId),
    /// A signed-in session.
    Session(UserId, SessionId),
    /// A client that acts for itself.
    Client,
}

const JTI: &str = "jti";
const LENGTH: usize = 1 + 16 + 16 + 8;

impl TokenSubject {
    /// A fresh `jti` that leads here.
    pub fn jti(self, sealer: &Sealer, entropy: &Entropy) -> String {
        let (kind, user, id) = match self {
            Self::Family(user, family) => (1, user.0, family.0),
            Self::Session(user, session) => (2, user.0, session.0),
            Self::Client => return BASE64URL_NOPAD.encode(&entropy.bytes::<16>()),
        };
        sealer.handle(JTI, &[&[kind], &user[..], &id, &entropy.bytes::<8>()].concat())
    }

    /// Where a `jti` leads.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`]: nowhere; so also a client's own token.
    pub fn of_jti(sealer: &Sealer, jti: &str) -> Result<Self, Unsealable> {
        let bytes = sealer.open_handle::<LENGTH>(JTI, jti)?;
        let (kind, rest) = bytes.split_first().ok_or(Unsealable::Garbage)?;
        let (user, rest) = rest.split_first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        let id = rest.first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        match kind {
            1 => Ok(Self::Family(UserId(*user), FamilyId(*id))),
            2 => Ok(Self::Session(UserId(*user), SessionId(*id))),
            _ => Err(Unsealable::Garbage),
        }
    }
}

/// Why a token is not accepted. For the log; the caller learns only that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum BadToken {
    /// Not a JWT of ours.
    Invalid,
    /// It names a key that is not in memory.
    UnknownKey,
    /// Its time is over.
    Expired,
}

impl BadToken {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "not an access token of ours",
            Self::UnknownKey => "signed with an unknown key",
            Self::Expired => "expired",
        }
    }
}

/// Signs an access token. `None` where the site has no key to sign with.
pub fn sign(site: &Site, claims: &AccessClaims, now: Time) -> Option<String> {
    site.keys.signer(Algorithm::ES256, now)?.sign("at+jwt", claims)
}

/// Checks an access token's signature, type, issuer, audience and time (RFC 9068 §4).
///
/// # Errors
/// [`BadToken`]. After [`BadToken::UnknownKey`] the keys should be read again, once.
pub fn verify(site: &Site, issuer: &Issuer, text: &str, now: Time) -> Result<AccessClaims, BadToken> {
    let header = decode_header(text).map_err(|_| BadToken::Invalid)?;
    // RFC 9068 §4: an ID token is a JWT of ours as well, and must not pass.
    let typed = header
        .typ
        .as_deref()
        .is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt"));
    if !typed {
        return Err(BadToken::Invalid);
    }
    let kid = header.kid.ok_or(BadToken::Invalid)?;
    let key = site.keys.find(&kid).ok_or(BadToken::UnknownKey)?;
    // The key decides the algorithm, never the header (RFC 8725 §3.1): no `none`, no HS256 with a public key.
    let mut validation = Validation::new(key.alg);
    validation.set_issuer(&[issuer.as_str()]);
    validation.set_audience(&[issuer.as_str()]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    // Checked below, by the injected clock and to the second: we made the token ourselves.
    validation.validate_exp = false;
    let claims = decode::<AccessClaims>(text, &key.decoding, &validation).map_err(|_| BadToken::Invalid)?.claims;
    if now >= claims.exp { Err(BadToken::Expired) } else { Ok(claims) }
}
