//! What a token request gets (RFC 6749 §5.1).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use shared::account::User;
use shared::http::json;
use shared::http::oauth_error::Failure;
use shared::http::tokens::{AccessToken, IdToken};
use shared::jose::TokenSubject;
use shared::jose::subject::{named, subject};
use shared::oauth::Dialect;
use shared::oauth::claims::about;
use shared::oauth::{Client, Family, Scope, ScopeToken, resource};

use crate::Exchange;

/// The tokens.
pub(crate) struct Reply {
    pub(crate) access_token: String,
    /// Whether the access token is bound to a key (RFC 9449 §5).
    pub(crate) bound: bool,
    pub(crate) expires_in: i64,
    pub(crate) scope: Scope,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
    /// What the dialect calls the user.
    pub(crate) user: Option<String>,
    /// What the access token is, where that was asked (RFC 8693 §2.2.1).
    pub(crate) issued_token_type: Option<&'static str>,
}

/// What a family's tokens are made from.
pub(crate) struct Issue<'a> {
    pub(crate) user: &'a User,
    pub(crate) client: &'a Client,
    pub(crate) family: &'a Family,
    pub(crate) scope: &'a Scope,
    pub(crate) nonce: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

impl Issue<'_> {
    /// Signs the tokens: an ID token comes along where the request was OpenID Connect's.
    ///
    /// # Errors
    /// `invalid_target`; 503 where there is no key.
    pub(crate) fn reply(self, exchange: &Exchange<'_>) -> Result<Reply, Failure> {
        let Self { client, user, family, scope, nonce, refresh_token } = self;
        let Exchange { app, site, params, proof, .. } = exchange;
        // No access token outlives its family, or a code could be redeemed again after the table forgot it.
        let now = app.clock.now();
        let lifetime = client.access_token_lifetime_in(family.dialect()).min(family.expires_at - now).max(1);
        let access_token = AccessToken {
            subject: TokenSubject::Family(family.user_id, family.family_id),
            sub: subject(site, client, family.user_id),
            client_id: client.name(),
            scope,
            resources: &resource::narrowed(&family.resources, params, app.config.issuer.as_str())?,
            jkt: proof.as_ref().map(|proof| proof.jkt.as_str()),
            act: None,
            lifetime,
        };
        let access_token = access_token.sign(app, site)?;
        let id_token = scope.contains(ScopeToken::Openid).then(|| {
            let access_token = Some(access_token.as_str());
            let about = about(user, &Scope::default(), &family.claims.id_token);
            let exp = now + lifetime;
            IdToken { client, family, nonce, about, access_token, code: None, state: None, exp }.sign(app, site)
        });
        Ok(Reply {
            id_token: id_token.transpose()?,
            bound: proof.is_some(),
            expires_in: lifetime,
            scope: scope.clone(),
            refresh_token,
            user: exchange.dialect.map(|dialect| named(site, client, family.user_id, dialect.naming)),
            issued_token_type: None,
            access_token,
        })
    }
}

impl Reply {
    /// The reply, in the dialect's words where it has some.
    pub(crate) fn render(self, dialect: Option<&Dialect>) -> Response {
        let mut members = Map::new();
        members.insert("access_token".to_owned(), self.access_token.into());
        members.insert("token_type".to_owned(), if self.bound { "DPoP" } else { "Bearer" }.into());
        members.insert("expires_in".to_owned(), self.expires_in.into());
        // RFC 6749 §3.3: a scope has one word at the least, so that none is told by none.
        if !self.scope.is_empty() {
            members.insert("scope".to_owned(), self.scope.to_string().into());
        }
        let issued_token_type = self.issued_token_type.map(str::to_owned);
        for (name, value) in [
            ("refresh_token", self.refresh_token),
            ("id_token", self.id_token),
            ("issued_token_type", issued_token_type),
        ] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.into());
            }
        }
        let mut status = StatusCode::OK;
        if let Some(dialect) = dialect {
            members = dialect.tokens(&members, self.user.as_deref());
            status = StatusCode::from_u16(dialect.status).unwrap_or(status);
        }
        let mut response = json(status, &Value::Object(members));
        response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        response
    }
}
