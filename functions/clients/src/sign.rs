//! `sign` of the `/oauth2.0/` dialect: registers an application whose secret it chooses itself.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};
use shared::account::Password;
use shared::app::App;
use shared::http::Incoming;
use shared::http::oauth_error::Failure;
use shared::id::ClientId;
use shared::oauth::client::HashedSecret;
use shared::oauth::dialect;
use shared::oauth::metadata::Requested;
use shared::oauth::{Client, ErrorCode, OAuthError};

pub(crate) async fn sign(State(app): State<App>, incoming: Incoming) -> Response {
    match register(&app, &incoming).await {
        Ok(client_id) => shared::http::json(StatusCode::OK, &json!({ "client_id": client_id })),
        Err(failure) => failure.to_json_response(false),
    }
}

async fn register(app: &App, incoming: &Incoming) -> Result<ClientId, Failure> {
    let owner = super::owner(app, incoming).await?;
    let object = incoming.json_object()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let refuse = |description| OAuthError::new(ErrorCode::InvalidClientMetadata, description);
    let secret = text("client_secrets").unwrap_or_default();
    // The dialect's document has six characters. Guesses are counted, and it works nowhere but there.
    if !(6..=128).contains(&secret.chars().count()) {
        return Err(refuse("client_secrets must be of 6 to 128 characters").into());
    }
    let name = ["client_name", "name"].into_iter().find_map(text);
    let requested = Requested {
        client_name: name.map(str::to_owned),
        redirect_uris: Some(redirect_urls(&object)),
        token_endpoint_auth_method: Some("client_secret_post".to_owned()),
        scope: Some("profile email".to_owned()),
        dialects: Some(vec![dialect::OAUTH2_0.name.to_owned()]),
        ..Requested::default()
    };
    let metadata = requested.complete(&[])?;
    let hash = Password::new(secret).hash(&app.hashers).await;
    let secret = Some(HashedSecret::Argon2(hash));
    let client = Client::new(ClientId::new(&app.entropy), metadata, secret, owner, app.clock.now());
    super::store(app, &client).await?;
    Ok(client.client_id)
}

/// `redirect_url`, `redirect_urls`, each a string or a list: nothing may be redirected to that was not registered.
fn redirect_urls(object: &Map<String, Value>) -> Vec<String> {
    let values = ["redirect_url", "redirect_urls"].into_iter().filter_map(|name| object.get(name));
    let strings = values.flat_map(|value| match value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    });
    strings.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
