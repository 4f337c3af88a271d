//! Registers OAuth clients: dynamically (RFC 7591), on a page, and in the `/oauth2.0/` dialect; and lets them be read,
//! changed and deleted (RFC 7592).

mod manage;
mod page;
mod sign;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use shared::app::App;
use shared::config::RegistrationPolicy;
use shared::http::bearer::{self, Caller};
use shared::http::client_auth;
use shared::http::incoming::BodyKind;
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, Problem, sector};
use shared::id::{Attempt, ClientId, UserId};
use shared::log;
use shared::oauth::client::HashedSecret;
use shared::oauth::metadata::{Metadata, Requested};
use shared::oauth::{Client, ErrorCode, OAuthError};
use subtle::ConstantTimeEq;

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/register", get(page::show).post(register))
        .route("/oauth2/register/{client_id}", get(manage::manage).put(manage::manage).delete(manage::manage))
        .route("/oauth2.0/sign", post(sign::sign))
        .route("/aouth2.0/sign", post(sign::sign))
}

async fn register(State(app): State<App>, incoming: Incoming) -> Response {
    if incoming.body_kind() == BodyKind::Form {
        return page::submit(&app, &incoming).await;
    }
    match by_json(&app, &incoming).await {
        Ok((client, secret, token)) => {
            let registration = client.registration(secret.as_ref()).managed_at(&app.config.issuer, Some(&token));
            shared::http::json(StatusCode::CREATED, &json!(registration))
        }
        Err(failure) => failure.to_json_response(client_auth::used_basic(&incoming)),
    }
}

/// The client, its secret, and its registration access token (RFC 7592 §3).
async fn by_json(app: &App, incoming: &Incoming) -> Result<(Client, Option<SecretString>, SecretString), Failure> {
    let owner = owner(app, incoming).await?;
    if incoming.body_kind() != BodyKind::Json {
        return Err(OAuthError::new(ErrorCode::InvalidClientMetadata, "Content-Type must be application/json").into());
    }
    let malformed = || OAuthError::new(ErrorCode::InvalidClientMetadata, "the body is not client metadata in JSON");
    // A list would be read as the metadata's values in their order.
    if !incoming.body.trim_ascii_start().starts_with(b"{") {
        return Err(malformed().into());
    }
    let requested: Requested = serde_json::from_slice(&incoming.body).map_err(|_| malformed())?;
    let (token, hashed) = HashedSecret::generate(&app.entropy);
    let (client, secret) = create(app, requested.complete(&[])?, owner, Some(hashed)).await?;
    Ok((client, secret, token))
}

/// Who will own the client, if the policy lets this caller register one.
async fn owner(app: &App, incoming: &Incoming) -> Result<Option<UserId>, Problem> {
    if let RegistrationPolicy::Token(expected) = &app.config.registration {
        let presented = bearer::token(incoming).unwrap_or_default();
        let right: bool = presented.as_bytes().ct_eq(expected.expose_secret().as_bytes()).into();
        let refusal = "registration needs the initial access token that the operator gives out";
        return if right { Ok(None) } else { Err(OAuthError::new(ErrorCode::InvalidToken, refusal).into()) };
    }
    let site = app.site().await?;
    let caller = Caller::find(app, &site, incoming).await?;
    match (caller, &app.config.registration) {
        (Some(caller), _) => caller.own_session().map(|session| Some(session.user_id)),
        (None, RegistrationPolicy::Open) => Ok(None),
        (None, _) => Err(Problem::new(StatusCode::UNAUTHORIZED, "sign in to register an application")),
    }
}

/// Makes a client and its secret.
async fn create(
    app: &App,
    metadata: Metadata,
    owner_id: Option<UserId>,
    registration_token: Option<HashedSecret>,
) -> Result<(Client, Option<SecretString>), Failure> {
    sector::check(app, &metadata).await?;
    let secret = metadata.token_endpoint_auth_method.has_secret().then(|| HashedSecret::generate(&app.entropy));
    let (secret, hashed) = secret.unzip();
    let mut client = Client::new(ClientId::new(&app.entropy), metadata, hashed, owner_id, app.clock.now());
    client.registration_token = registration_token;
    store(app, &client).await?;
    Ok((client, secret))
}

async fn store(app: &App, client: &Client) -> Result<(), Failure> {
    log::client(client.client_id);
    // 128 random bits are not taken: the condition only keeps a retry from counting as another client.
    app.store.create_client(client, Attempt::new(&app.entropy)).await?;
    Ok(())
}
