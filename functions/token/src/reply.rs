//! What a token request gets (RFC 6749 §5.1).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use shared::account::User;
use shared::http::dialects::Dialect;
use shared::http::oauth_error::Failure;
use shared::http::{Problem, json};
use shared::jose::id_token::{self, IdClaims};
use shared::jose::{AccessClaims, TokenSubject, access_token};
use shared::oauth::claims::about;
use shared::oauth::{Family, Scope, ScopeToken};

use crate::Exchange;

/// The tokens.
pub(crate) struct Reply {
    pub(crate) access_token: String,
    pub(crate) expires_in: i64,
    pub(crate) scope: Scope,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
}

/// What a family's tokens are made from.
pub(crate) struct Issue<'a> {
    pub(crate) user: &'a User,
    pub(crate) family: &'a Family,
    pub(crate) scope: &'a Scope,
    pub(crate) nonce: Option<String>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) lifetime: i64,
}

fn no_key() -> Failure {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "there is no key to sign with yet: try again").into()
}

impl Exchange<'_> {
    /// Signs an access token (RFC 9068).
    ///
    /// # Errors
    /// 503 where there is no key.
    pub(crate) fn access_token(
        &self,
        subject: TokenSubject,
        sub: &str,
        client_id: &str,
        scope: &Scope,
        lifetime: i64,
    ) -> Result<String, Failure> {
        let now = self.app.clock.now();
        let issuer = self.app.config.issuer.to_string();
        let claims = AccessClaims {
            aud: issuer.clone(),
            iss: issuer,
            sub: sub.to_owned(),
            client_id: client_id.to_owned(),
            exp: now + lifetime,
            iat: now,
            jti: subject.jti(&self.site.sealer, &self.app.entropy),
            scope: scope.to_string(),
        };
        access_token::sign(self.site, &claims, now).ok_or_else(no_key)
    }
}

impl Issue<'_> {
    /// Signs the tokens: an ID token comes along where the request was OpenID Connect's.
    ///
    /// # Errors
    /// 503 where there is no key.
    pub(crate) fn reply(self, exchange: &Exchange<'_>) -> Result<Reply, Failure> {
        let Self { user, family, scope, nonce, refresh_token, lifetime } = self;
        let sub = family.user_id.to_string();
        let client_id = family.client_id.to_string();
        // No access token outlives its family, or a code could be redeemed again after the table forgot it.
        let now = exchange.app.clock.now();
        let lifetime = lifetime.min(family.expires_at - now).max(1);
        let subject = TokenSubject::Family(family.user_id, family.family_id);
        let access_token = exchange.access_token(subject, &sub, &client_id, scope, lifetime)?;
        let id_token = if scope.contains(ScopeToken::Openid) {
            let claims = IdClaims {
                iss: exchange.app.config.issuer.to_string(),
                sub,
                aud: client_id,
                exp: now + lifetime,
                iat: now,
                auth_time: family.auth_time,
                nonce,
                at_hash: id_token::at_hash(&access_token),
                requested: about(user, &Scope::default(), &family.claims.id_token),
            };
            Some(id_token::sign(exchange.site, &claims, now).ok_or_else(no_key)?)
        } else {
            None
        };
        Ok(Reply { access_token, expires_in: lifetime, scope: scope.clone(), refresh_token, id_token })
    }
}

impl Reply {
    /// The reply, in the dialect's words where it has some.
    pub(crate) fn render(self, dialect: Option<&Dialect>) -> Response {
        let mut members = Map::new();
        members.insert("access_token".to_owned(), self.access_token.into());
        members.insert("token_type".to_owned(), "Bearer".into());
        members.insert("expires_in".to_owned(), self.expires_in.into());
        // RFC 6749 §3.3: a scope has one word at the least, so that none is told by none.
        if !self.scope.is_empty() {
            members.insert("scope".to_owned(), self.scope.to_string().into());
        }
        for (name, token) in [("refresh_token", self.refresh_token), ("id_token", self.id_token)] {
            if let Some(token) = token {
                members.insert(name.to_owned(), token.into());
            }
        }
        if let Some(dialect) = dialect {
            let renamed = dialect.token_reply.iter();
            members =
                renamed.filter_map(|(ours, theirs)| Some(((*theirs).to_owned(), members.remove(*ours)?))).collect();
        }
        let mut response = json(StatusCode::OK, &Value::Object(members));
        response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }
}
