//! Reading, changing and deleting a registration (RFC 7592), by whoever has its registration token, or owns it.

use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::bearer::{self, Caller};
use shared::http::client_auth;
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, Problem, Segment, sector};
use shared::id::{Attempt, ClientId};
use shared::log;
use shared::oauth::client::HashedSecret;
use shared::oauth::metadata::Requested;
use shared::oauth::{Client, ErrorCode, OAuthError};

/// What this server tells of a client, and an update may not tell it (§2.2).
const OURS: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

pub(crate) async fn manage(State(app): State<App>, Segment(id): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let client = authorized(&app, &incoming, &id).await?;
        match incoming.method {
            Method::GET => Ok(tell(&app, &incoming, &client, None)),
            Method::PUT => update(&app, &incoming, client).await,
            _ => {
                // Everything of it is dead from here on: whatever it was given is read together with it.
                app.store.delete_client(client.client_id).await?;
                Ok(shared::http::empty(StatusCode::NO_CONTENT))
            }
        }
    };
    answer.await.unwrap_or_else(|failure: Failure| failure.to_json_response(client_auth::used_basic(&incoming)))
}

/// The client, for who may manage it. Who may not learns nothing, also not whether there is one (§2: 401).
async fn authorized(app: &App, incoming: &Incoming, id: &str) -> Result<Client, Failure> {
    let refuse = || OAuthError::new(ErrorCode::InvalidToken, "the registration access token is not this client's");
    let client_id: ClientId = id.parse().map_err(|_| refuse())?;
    // What stands in a document nobody registered.
    if matches!(client_id, ClientId::Document(_)) {
        return Err(refuse().into());
    }
    log::client(client_id);
    let client = app.store.find_client(client_id).await?.ok_or_else(refuse)?;
    if let Some(token) = bearer::token(incoming) {
        let token = SecretString::from(token);
        if client.registration_token.as_ref().is_some_and(|hash| hash.verifies_generated(&token)) {
            return Ok(client);
        }
    }
    let site = app.site().await?;
    let caller = Caller::find(app, &site, incoming).await.map_err(|problem| match problem.token_error {
        Some(_) => Failure::from(refuse()),
        None => problem.into(),
    })?;
    let own = caller.as_ref().and_then(|caller| caller.own_session().ok());
    match (own, client.owner_id) {
        (Some(session), Some(owner)) if session.user_id == owner => Ok(client),
        _ => Err(refuse().into()),
    }
}

async fn update(app: &App, incoming: &Incoming, mut client: Client) -> Result<Response, Failure> {
    let object = incoming.json_object()?;
    let refuse = |description| OAuthError::new(ErrorCode::InvalidClientMetadata, description);
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if text("client_id") != Some(client.client_id.to_string().as_str()) {
        return Err(refuse("client_id must be the client's own").into());
    }
    if OURS.iter().any(|name| object.contains_key(*name)) {
        let description = "registration_access_token, registration_client_uri, client_secret_expires_at and \
                           client_id_issued_at are not the client's to send";
        return Err(refuse(description).into());
    }
    let known = |secret: &SecretString| client.secret.as_ref().is_some_and(|hash| hash.verifies_generated(secret));
    if object.contains_key("client_secret") && !text("client_secret").map(SecretString::from).is_some_and(|s| known(&s))
    {
        return Err(
            refuse("client_secret must be the client's own, or be left out: it is not the client's to choose").into()
        );
    }
    let malformed = || refuse("the body is not client metadata in JSON");
    let requested: Requested = serde_json::from_value(object.into()).map_err(|_| malformed())?;
    if client.disabled {
        let description = "an administrator has disabled the client";
        return Err(Problem::new(StatusCode::FORBIDDEN, description).into());
    }
    let metadata = requested.complete(&client.policies.privileges)?;
    sector::check(app, &metadata).await?;
    // A secret is made where one is needed and there is none, and goes where none is.
    let needs_secret = metadata.token_endpoint_auth_method.has_secret();
    let made = (needs_secret && client.secret.is_none()).then(|| HashedSecret::generate(&app.entropy));
    let (secret, hashed) = made.unzip();
    client.secret = hashed.or(client.secret).filter(|_| needs_secret);
    client.metadata = metadata;
    if !app.store.update_client(&client, Attempt::new(&app.entropy)).await? {
        let description = "the registration was changed by somebody else: read it again";
        return Err(Problem::new(StatusCode::CONFLICT, description).into());
    }
    Ok(tell(app, incoming, &client, secret.as_ref()))
}

/// The registration, as §3 answers it; who presented the token is told it again.
fn tell(app: &App, incoming: &Incoming, client: &Client, secret: Option<&SecretString>) -> Response {
    let token = bearer::token(incoming).map(SecretString::from);
    let token =
        token.filter(|token| client.registration_token.as_ref().is_some_and(|hash| hash.verifies_generated(token)));
    let registration = client.registration(secret).managed_at(&app.config.issuer, token.as_ref());
    shared::http::json(StatusCode::OK, &json!(registration))
}
