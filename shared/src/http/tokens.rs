//! Tokens, signed.

use http::StatusCode;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::app::{App, Site};
use crate::clock::Time;
use crate::jose::access_token::{self, AccessClaims, Actor, Audience, Confirmation, TokenSubject};
use crate::jose::id_token::{self, IdClaims};
use crate::jose::subject::subject;
use crate::oauth::metadata::SigningAlg;
use crate::oauth::{Client, Family, Scope};

/// What one access token says.
#[derive(Clone, Debug)]
pub struct AccessToken<'a> {
    /// What it hangs on.
    pub subject: TokenSubject,
    /// Whom it speaks for.
    pub sub: String,
    /// To whom it is issued.
    pub client_id: String,
    /// What it allows.
    pub scope: &'a Scope,
    /// Who should accept it; this site, if nobody is named.
    pub resources: &'a [String],
    /// The key that its bearer must prove.
    pub jkt: Option<&'a str>,
    /// Who acts for its subject.
    pub act: Option<Actor>,
    /// How long it lives, in seconds.
    pub lifetime: i64,
}

fn no_key() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "there is no key to sign with yet: try again")
}

impl AccessToken<'_> {
    /// Signs it (RFC 9068).
    ///
    /// # Errors
    /// 503 where there is no key.
    pub fn sign(self, app: &App, site: &Site) -> Result<String, Problem> {
        let now = app.clock.now();
        let issuer = app.config.issuer.to_string();
        let aud = match self.resources {
            [] => Audience::One(issuer.clone()),
            several => Audience::of(several.to_vec()),
        };
        let claims = AccessClaims {
            iss: issuer,
            aud,
            sub: self.sub,
            client_id: self.client_id,
            exp: now + self.lifetime,
            iat: now,
            jti: self.subject.jti(&site.sealer, &app.entropy),
            scope: self.scope.to_string(),
            cnf: self.jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
            act: self.act,
        };
        access_token::sign(site, &claims, now).ok_or_else(no_key)
    }
}

/// What one ID token says.
#[derive(Clone, Debug)]
pub struct IdToken<'a> {
    /// For whom it is.
    pub client: &'a Client,
    /// What the user granted them.
    pub family: &'a Family,
    /// From the authorization request.
    pub nonce: Option<String>,
    /// What it tells about the user.
    pub about: Map<String, Value>,
    /// The access token that comes along.
    pub access_token: Option<&'a str>,
    /// The code that comes along, where it comes by redirect.
    pub code: Option<&'a str>,
    /// The `state` that it comes back with, there.
    pub state: Option<&'a str>,
    /// When it ends.
    pub exp: Time,
}

impl IdToken<'_> {
    /// Signs it as the client registered (OpenID Connect Core §2).
    ///
    /// # Errors
    /// 503 where there is no key.
    pub fn sign(self, app: &App, site: &Site) -> Result<String, Problem> {
        let (client, family, now) = (self.client, self.family, app.clock.now());
        let alg: SigningAlg = client.metadata.id_token_signed_response_alg;
        let claims = IdClaims {
            iss: app.config.issuer.to_string(),
            sub: subject(site, client, family.user_id),
            aud: client.name(),
            exp: self.exp,
            iat: now,
            auth_time: family.auth_time,
            nonce: self.nonce,
            sid: family.session_id.map(id_token::sid),
            at_hash: self.access_token.map(|token| id_token::half_hash(alg, token)),
            c_hash: self.code.map(|code| id_token::half_hash(alg, code)),
            s_hash: self.state.map(|state| id_token::half_hash(alg, state)),
            about: self.about,
        };
        id_token::sign(site, alg, &claims, now).ok_or_else(no_key)
    }
}
