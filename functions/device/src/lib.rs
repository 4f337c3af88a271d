//! Devices without a browser or a keyboard (RFC 8628): a device asks here for two codes, and its user comes here with one
//! of them. With the other it polls the token endpoint.

mod page;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::client_auth::{authenticate, credentials, used_basic};
use shared::http::client_documents::{self, Outage};
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, Problem};
use shared::id::{Attempt, DeviceId};
use shared::oauth::authorization_request::scope;
use shared::oauth::device::{DeviceAuthorization, DeviceCode, UserCode};
use shared::oauth::lifetimes::{DEVICE, DEVICE_INTERVAL};
use shared::oauth::metadata::GrantType;
use shared::oauth::{ErrorCode, OAuthError, resource};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/device_authorization", post(authorize))
        .route("/device", get(page::show).post(page::submit))
}

/// The device authorization endpoint (§3.1).
async fn authorize(State(app): State<App>, incoming: Incoming) -> Response {
    match begin(&app, &incoming).await {
        Ok(answer) => shared::http::json(StatusCode::OK, &answer),
        Err(failure) => failure.to_json_response(used_basic(&incoming)),
    }
}

/// One read, one write.
async fn begin(app: &App, incoming: &Incoming) -> Result<Value, Failure> {
    let params = incoming.body_params()?;
    params.refuse_doubled()?;
    let credentials = credentials(incoming, &params)?;
    let client_id = credentials.client.id();
    let site = app.site().await?;
    let client = app.store.find_client(client_id).await?;
    let client = client_documents::resolve(app, &credentials.client, client, Outage::Refuses).await?;
    let client = authenticate(app, incoming, &credentials, client).await?;
    if !client.allows(GrantType::DeviceCode) {
        let description = "the client is not registered for this grant";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description).into());
    }
    let now = app.clock.now();
    let device = DeviceAuthorization {
        device_id: DeviceId::new(&app.entropy),
        client_id,
        scope: scope(&client, &params)?,
        resources: resource::asked(&client, &params, app.config.issuer.as_str())?,
        expires_at: now + DEVICE,
        interval: DEVICE_INTERVAL,
        polled_at: None,
        denied: false,
        approved: None,
    };
    // Of 25,600,000,000 codes another device may have drawn the same.
    for _ in 0..3 {
        let code = UserCode::new(&app.entropy);
        if !app.store.create_device(&code, &device, now, Attempt::new(&app.entropy)).await? {
            continue;
        }
        let sealed = DeviceCode { device_id: device.device_id, user_code: code.as_str().to_owned() };
        let page = app.config.issuer.url("/device");
        return Ok(json!({
            "device_code": site.sealer.seal(&sealed, DEVICE, b""),
            "user_code": code.to_string(),
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={code}"),
            "expires_in": DEVICE,
            "interval": DEVICE_INTERVAL,
        }));
    }
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "there is no free code at this moment: try again").into())
}
