//! Access tokens: JWTs by RFC 9068, signed ES256, which costs a twentieth of RS256. Whoever accepts them reads the key
//! from the JWKS by its `kid`.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

use crate::app::Site;
use crate::clock::Time;
use crate::config::Issuer;
use crate::entropy::Entropy;
use crate::id::{ClientId, FamilyId, SessionId, UserId};
use crate::seal::{Sealer, Unsealable};

/// The scope of a token that `POST /login` gives: everything of one's own account. No client can register it.
pub const ACCOUNT_SCOPE: &str = "account";

/// The `client_id` of such a token: the site itself. No registered client's begins like this.
pub const OURSELVES: &str = "bangumoe";

/// Who should accept a token (RFC 7519 §4.1.3): one, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Audience {
    /// Those, of which there is one at the least.
    pub fn of(mut several: Vec<String>) -> Self {
        match several.pop() {
            Some(one) if several.is_empty() => Self::One(one),
            last => Self::Several(several.into_iter().chain(last).collect()),
        }
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        };
        all.iter().map(String::as_str)
    }
}

/// The key that a token is bound to (RFC 7800 §3.1, RFC 9449 §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Confirmation {
    /// Its thumbprint.
    pub jkt: String,
}

/// Who acts for the token's subject (RFC 8693 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// The client.
    pub sub: String,
    /// For whom it acts in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessClaims {
    /// Us.
    pub iss: String,
    /// The user, or the client where no user is.
    pub sub: String,
    /// Who should accept it.
    pub aud: Audience,
    /// To whom it was issued.
    pub client_id: String,
    /// When it ends.
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub exp: Time,
    /// When it was made.
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub iat: Time,
    /// Unique; a handle that leads to what the token hangs on.
    pub jti: String,
    /// What it allows.
    pub scope: String,
    /// What its bearer must prove to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who traded another token for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
}

/// What a token hangs on: what has to be alive for the token to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSubject {
    /// A code's family.
    Family(UserId, FamilyId),
    /// A signed-in session.
    Session(UserId, SessionId),
    /// A family, whose token another client traded for one of its own: the family's client.
    Exchanged(UserId, FamilyId, ClientId),
    /// A client that acts for itself.
    Client,
}

const JTI: &str = "jti";
const LENGTH: usize = 1 + 16 + 16 + 8;
const EXCHANGED: &str = "jti of a traded token";
const EXCHANGED_LENGTH: usize = LENGTH + 16;

impl TokenSubject {
    /// A fresh `jti` that leads here.
    pub fn jti(self, sealer: &Sealer, entropy: &Entropy) -> String {
        let (kind, user, id) = match self {
            Self::Family(user, family) => (1, user.0, family.0),
            Self::Session(user, session) => (2, user.0, session.0),
            Self::Exchanged(user, family, client) => {
                let kind = if matches!(client, ClientId::Registered(_)) { 3 } else { 4 };
                let ids = [&[kind], &user.0[..], &family.0, client.bits(), &entropy.bytes::<8>()].concat();
                return sealer.handle(EXCHANGED, &ids);
            }
            Self::Client => return BASE64URL_NOPAD.encode(&entropy.bytes::<16>()),
        };
        sealer.handle(JTI, &[&[kind], &user[..], &id, &entropy.bytes::<8>()].concat())
    }

    /// Where a `jti` leads.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`]: nowhere; so also a client's own token.
    pub fn of_jti(sealer: &Sealer, jti: &str) -> Result<Self, Unsealable> {
        let bytes = match sealer.open_handle::<LENGTH>(JTI, jti) {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => sealer.open_handle::<EXCHANGED_LENGTH>(EXCHANGED, jti)?.to_vec(),
        };
        let (kind, rest) = bytes.split_first().ok_or(Unsealable::Garbage)?;
        let (user, rest) = rest.split_first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        let (id, rest) = rest.split_first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        match (kind, rest.first_chunk::<16>()) {
            (1, _) => Ok(Self::Family(UserId(*user), FamilyId(*id))),
            (2, _) => Ok(Self::Session(UserId(*user), SessionId(*id))),
            (3, Some(bits)) => Ok(Self::Exchanged(UserId(*user), FamilyId(*id), ClientId::Registered(*bits))),
            (4, Some(bits)) => Ok(Self::Exchanged(UserId(*user), FamilyId(*id), ClientId::Document(*bits))),
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

/// Checks an access token's signature, type, issuer and time (RFC 9068 §4); for whom it is, the caller checks.
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
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    // Checked below, by the injected clock and to the second: we made the token ourselves.
    validation.validate_exp = false;
    let claims = decode::<AccessClaims>(text, &key.decoding, &validation).map_err(|_| BadToken::Invalid)?.claims;
    if now >= claims.exp { Err(BadToken::Expired) } else { Ok(claims) }
}
