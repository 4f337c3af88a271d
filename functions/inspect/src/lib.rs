//! What a client may do about tokens: end them (RFC 7009), and ask what they are (RFC 7662).

mod introspect;
mod revoke;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use shared::app::{App, Site};
use shared::http::client_auth::{self, Credentials};
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, cors};
use shared::id::ClientId;
use shared::oauth::{Client, OAuthError, Params};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/revoke", post(revoke::revoke).options(|| async { cors::preflight("POST") }))
        .route("/oauth2/introspect", post(introspect::introspect))
}

/// A request about a token, read. `token_type_hint` is not needed: each kind is told from the others by its looks.
struct Question<'a> {
    app: &'a App,
    site: Arc<Site>,
    params: Params,
    incoming: &'a Incoming,
    credentials: Credentials,
}

impl<'a> Question<'a> {
    async fn read(app: &'a App, incoming: &'a Incoming) -> Result<Self, Failure> {
        let params = incoming.body_params()?;
        params.refuse_doubled()?;
        let credentials = client_auth::credentials(incoming, &params)?;
        Ok(Self { app, site: app.site().await?, params, incoming, credentials })
    }

    fn client_id(&self) -> ClientId {
        self.credentials.client.id()
    }

    async fn authenticate(&self, client: Option<Client>) -> Result<Client, Failure> {
        client_auth::authenticate(self.app, self.incoming, &self.credentials, client).await
    }

    fn token(&self) -> Result<&str, OAuthError> {
        self.params.get("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))
    }
}
