//! Pushed authorization requests (RFC 9126): a client sends its request itself, authenticated, before its user comes with
//! nothing but the request's name. One read, one write.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use data_encoding::BASE64URL_NOPAD;
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::client_documents::{self, Outage};
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, client_auth, dpop, request_object};
use shared::id::Attempt;
use shared::oauth::authorization_request::ReturnAddress;
use shared::oauth::lifetimes::PUSHED_REQUEST;
use shared::oauth::pushed::{MAX_LENGTH, PREFIX, PushedRequest};
use shared::oauth::{AuthorizationRequest, OAuthError};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router().route("/oauth2/par", post(par))
}

async fn par(State(app): State<App>, incoming: Incoming) -> Response {
    let mut response = match push(&app, &incoming).await {
        Ok(answer) => shared::http::json(StatusCode::CREATED, &answer),
        Err(failure) => failure.to_json_response(client_auth::used_basic(&incoming)),
    };
    // RFC 9449 §8.2: who sends proofs is given the nonce for the next one.
    if dpop::came(&incoming)
        && let Ok(site) = app.site().await
        && let Some(nonce) = dpop::nonce(&site)
    {
        response.headers_mut().insert(dpop::NONCE, nonce);
    }
    response
}

async fn push(app: &App, incoming: &Incoming) -> Result<Value, Failure> {
    let mut params = incoming.body_params()?;
    params.refuse_doubled()?;
    let credentials = client_auth::credentials(incoming, &params)?;
    let client_id = credentials.client.id();
    let proof = match dpop::came(incoming) {
        true => dpop::proof(app, &*app.site().await?, incoming)?,
        false => None,
    };
    let client = app.store.find_client(client_id).await?;
    let client = client_documents::resolve(app, &credentials.client, client, Outage::Refuses).await?;
    let client = client_auth::authenticate(app, incoming, &credentials, client).await?;
    // RFC 9126 §2.1.
    if params.has("request_uri") {
        return Err(OAuthError::invalid_request("request_uri can't be pushed: send the request itself").into());
    }
    params.remove(&client_auth::PARAMETERS);
    params.set_default("client_id", credentials.client.as_str());
    let mut params = request_object::resolve(app, &client, &params).await?.unwrap_or(params);
    if let Some(proof) = &proof {
        dpop::check_alg(&client, proof)?;
    }
    // RFC 9449 §10.1: a proof says to which key the code is to be bound, as dpop_jkt does.
    if let Some(proof) = &proof {
        params.set_default("dpop_jkt", &proof.jkt);
        if params.get("dpop_jkt") != Some(&proof.jkt) {
            return Err(OAuthError::invalid_request("dpop_jkt is of another key than the DPoP proof").into());
        }
    }

    // As the authorization endpoint would: what is wrong is told now, and to whom it concerns.
    let address = ReturnAddress::find(&client, &params)?;
    if client.metadata.is_fapi() && !address.named {
        // FAPI 2.0 Security Profile §5.3.2.2.
        return Err(OAuthError::invalid_request("redirect_uri is missing").into());
    }
    if !address.can_carry_state() {
        return Err(OAuthError::invalid_request("state is too long to be sent back").into());
    }
    AuthorizationRequest::parse(&client, &params, app.config.issuer.as_str())?;
    let params = params.to_urlencoded();
    if params.len() > MAX_LENGTH {
        return Err(OAuthError::invalid_request(format!("the request is longer than {MAX_LENGTH} bytes")).into());
    }
    if let Some(proof) = &proof
        && !dpop::use_up(app, proof).await?
    {
        return Err(dpop::used_before().into());
    }
    let reference = BASE64URL_NOPAD.encode(&app.entropy.bytes::<32>());
    let expires_at = app.clock.now() + PUSHED_REQUEST;
    let request = PushedRequest { client_id, params, expires_at, consumed_by: None };
    app.store.push_request(&reference, &request, Attempt::new(&app.entropy)).await?;
    Ok(json!({ "request_uri": format!("{PREFIX}{reference}"), "expires_in": PUSHED_REQUEST }))
}
