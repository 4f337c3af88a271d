//! Authorization codes: sealed, so that issuing one writes nothing.

use serde::{Deserialize, Serialize};

use super::claims::RequestedClaims;
use super::dialect::{Dialect, redeems};
use super::error::OAuthError;
use super::pkce;
use super::scope::Scope;
use crate::clock::Time;
use crate::id::{ClientId, FamilyId, GrantId, SessionId, UserId};
use crate::seal::Sealable;

/// What a code stands for. Redeeming it creates the family that it names, which is what makes it single-use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// The family that it will become.
    pub family_id: FamilyId,
    /// Who consented.
    pub user_id: UserId,
    /// To whom.
    pub client_id: ClientId,
    /// The consent.
    pub grant_id: GrantId,
    /// The session in which it was given, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the authorization request named that address.
    pub redirect_uri_named: bool,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// What was granted.
    pub scope: Scope,
    /// Claims that were asked for one by one.
    #[serde(default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub claims: RequestedClaims,
    /// Resource servers that its tokens may be for (RFC 8707); this one, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The key that must be proved when it is redeemed (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// For the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// When the user signed in.
    pub auth_time: Time,
    /// The user's epoch at the time.
    pub epoch: u64,
    /// The dialect that it was issued in, and may be redeemed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
}

impl Sealable for AuthorizationCode {
    const PURPOSE: &'static str = "authorization code";
}

/// What comes with a code at the token endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The authenticated client.
    pub client_id: ClientId,
    /// Its `redirect_uri`.
    pub redirect_uri: Option<&'a str>,
    /// Its `code_verifier`.
    pub code_verifier: Option<&'a str>,
    /// The dialect of the path.
    pub dialect: Option<&'static Dialect>,
    /// The key that its DPoP proof proves.
    pub dpop_jkt: Option<&'a str>,
}

impl AuthorizationCode {
    /// Its dialect, if not the standard.
    pub fn dialect(&self) -> Option<&'static Dialect> {
        self.dialect.as_deref().and_then(Dialect::named)
    }

    /// Checks everything about the code that needs no table. A failure consumes nothing: the rightful client can still
    /// use it.
    ///
    /// # Errors
    /// `invalid_grant`.
    pub fn check(&self, presented: Presented<'_>) -> Result<(), OAuthError> {
        let refuse = |detail| Err(OAuthError::invalid_grant(detail));
        if self.client_id != presented.client_id {
            return refuse("the code was issued to another client");
        }
        if !redeems(presented.dialect, self.dialect.as_deref()) {
            return refuse("the code was issued in another dialect");
        }
        if self.dpop_jkt.is_some() && self.dpop_jkt.as_deref() != presented.dpop_jkt {
            return refuse("the code is bound to another key");
        }
        match (&self.code_challenge, presented.code_verifier) {
            (Some(challenge), Some(verifier)) if pkce::verifies(challenge, verifier) => {}
            (Some(_), Some(_)) => return refuse("code_verifier does not fit"),
            (Some(_), None) => return refuse("code_verifier is missing"),
            // RFC 9700 §4.8.2: a verifier without a challenge means that the challenge was taken out on the way.
            (None, Some(_)) => return refuse("code_verifier came for a code without challenge"),
            (None, None) => {}
        }
        match presented.redirect_uri {
            Some(uri) if uri == self.redirect_uri => Ok(()),
            Some(_) => refuse("redirect_uri differs"),
            // RFC 6749 §4.1.3 wants it where the authorization request named it; OAuth 2.1 §4.1.3 no longer does,
            // since PKCE binds the code to its client better.
            None if !self.redirect_uri_named || self.code_challenge.is_some() || self.dialect.is_some() => Ok(()),
            None => refuse("redirect_uri is missing"),
        }
    }
}
