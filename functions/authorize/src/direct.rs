//! `POST /oauth2.0/show` in JSON: the caller sends the user's own e-mail address and password and gets a code. That is
//! a password grant in disguise, so it works only for a client which an administrator allowed that grant.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::incoming::BodyKind;
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, consent, sign_in};
use shared::id::{ClientId, FamilyId};
use shared::log;
use shared::oauth::Dialect;
use shared::oauth::authorization_request::ReturnAddress;
use shared::oauth::lifetimes::CODE;
use shared::oauth::metadata::GrantType;
use shared::oauth::{AuthorizationCode, AuthorizationRequest, ErrorCode, OAuthError};

pub(crate) async fn show(state: State<App>, incoming: Incoming) -> Response {
    if incoming.body_kind() != BodyKind::Json {
        return crate::authorize(state, incoming).await;
    }
    match code(&state.0, &incoming).await {
        Ok(answer) => shared::http::json(StatusCode::OK, &answer),
        Err(failure) => failure.to_json_response(false),
    }
}

async fn code(app: &App, incoming: &Incoming) -> Result<Value, Failure> {
    let site = app.site().await?;
    let mut params = incoming.body_params()?;
    let dialect = Dialect::of_path(&incoming.path);
    if let Some(dialect) = dialect {
        dialect.translate_request(&mut params);
    }
    params.refuse_doubled()?;
    let unknown = || OAuthError::invalid_request("client_id is not that of a registered application");
    // No document is allowed passwords.
    let client_id = params.get("client_id").and_then(|id| id.parse().ok());
    let client_id = client_id.filter(|id| matches!(id, ClientId::Registered(_))).ok_or_else(unknown)?;
    log::client(client_id);
    let client = app.store.find_client(client_id).await?.filter(|client| !client.disabled).ok_or_else(unknown)?;
    if !client.allows(GrantType::Password) {
        let description = "an administrator has not allowed this application to send its users' passwords";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description).into());
    }
    let address = ReturnAddress::find(&client, &params)?;
    let request = AuthorizationRequest::parse(&client, &params, app.config.issuer.as_str())?;
    let text = |name| params.get(name).unwrap_or_default();
    let checked = sign_in::check(app, &site, incoming, text("username"), text("password")).await;
    // RFC 6749 §5.2: a user's credentials that don't fit are an invalid grant.
    let checked = checked.map_err(|problem| match problem.status {
        StatusCode::UNAUTHORIZED => Failure::from(OAuthError::new(ErrorCode::InvalidGrant, problem.detail)),
        _ => problem.into(),
    })?;
    let user = checked.user.clone();
    checked.settle(app).await;
    tracing::warn!(%client_id, "a legacy password sign-in was used");

    let before = app.store.find_grant(user.user_id, client_id).await?;
    let grant = consent::give(app, &user, &client, before, &request.consent()).await?;
    let code = AuthorizationCode {
        family_id: FamilyId::new(&app.entropy),
        user_id: user.user_id,
        client_id,
        grant_id: grant.grant_id,
        session_id: None,
        redirect_uri: address.redirect_uri,
        redirect_uri_named: address.named,
        code_challenge: request.code_challenge,
        scope: request.scope,
        claims: request.claims.requested,
        resources: request.resources,
        dpop_jkt: request.dpop_jkt,
        nonce: request.nonce,
        auth_time: app.clock.now(),
        epoch: user.epoch,
        dialect: dialect.map(|dialect| dialect.name.to_owned()),
    };
    Ok(json!({ "code": site.sealer.seal(&code, CODE, b"") }))
}
