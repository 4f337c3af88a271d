//! The token endpoint (RFC 6749 §3.2): one file per grant.

mod authenticate;
mod authorization_code;
mod client_credentials;
mod refresh_token;
mod reply;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use shared::app::{App, Site};
use shared::http::client_auth::{Credentials, credentials, used_basic};
use shared::http::dialects::Dialect;
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, cors};
use shared::id::ClientId;
use shared::oauth::{ErrorCode, OAuthError, Params};

use reply::Reply;

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/token", post(token).options(|| async { cors::preflight("POST") }))
        .route("/oauth2.0/granttoken", post(token))
        .route("/aouth2.0/granttoken", post(token))
}

async fn token(State(app): State<App>, incoming: Incoming) -> Response {
    let dialect = Dialect::of_path(&incoming.path);
    let mut response = match exchange(&app, &incoming, dialect).await {
        Ok(reply) => reply.render(dialect),
        Err(failure) => failure.to_json_response(used_basic(&incoming)),
    };
    cors::allow(&mut response);
    response
}

/// A token request, read.
struct Exchange<'a> {
    app: &'a App,
    site: &'a Site,
    incoming: &'a Incoming,
    params: Params,
    client_id: ClientId,
    credentials: Credentials,
    dialect: Option<&'static Dialect>,
}

async fn exchange(app: &App, incoming: &Incoming, dialect: Option<&'static Dialect>) -> Result<Reply, Failure> {
    let mut params = incoming.body_params()?;
    if let Some(dialect) = dialect {
        dialect.translate(&mut params);
    }
    params.refuse_doubled()?;
    let grant_type = params.get("grant_type").map(str::to_owned);
    let credentials = credentials(incoming, &params)?;
    let client_id = credentials.client_id.parse();
    let client_id = client_id.map_err(|_| OAuthError::invalid_client("no client has such a client_id"))?;
    let site = app.site().await?;
    let exchange = Exchange { app, site: &site, incoming, params, client_id, credentials, dialect };
    match grant_type.as_deref() {
        Some("authorization_code") => authorization_code::exchange(&exchange).await,
        Some("refresh_token") => refresh_token::exchange(&exchange).await,
        Some("client_credentials") => client_credentials::exchange(&exchange).await,
        None => Err(OAuthError::invalid_request("grant_type is missing").into()),
        Some(_) => {
            let description = "grant_type must be authorization_code, refresh_token or client_credentials";
            Err(OAuthError::new(ErrorCode::UnsupportedGrantType, description).into())
        }
    }
}
