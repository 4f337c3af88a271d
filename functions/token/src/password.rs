//! `password` (RFC 6749 §4.3): an application sends its user's password. OAuth 2.1 has it no longer (RFC 9700 §2.4), so it
//! is for legacy applications that an administrator allowed it, and leaves a warning in the log.

use http::StatusCode;
use shared::http::oauth_error::Failure;
use shared::http::{consent, sign_in};
use shared::id::{Attempt, FamilyId};
use shared::oauth::family::RefreshToken;
use shared::oauth::metadata::GrantType;
use shared::oauth::{AuthorizationCode, ErrorCode, Family, OAuthError, Scope, resource};
use shared::store::families::Redeemed;

use crate::Exchange;
use crate::authorization_code::is_refreshable;
use crate::reply::{Issue, Reply};

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let Exchange { app, site, incoming, params, .. } = exchange;
    let client = app.store.find_client(exchange.client_id()).await?;
    let client = exchange.authenticate(client, GrantType::Password).await.map_err(|failure| match failure {
        // To whom nobody allowed it, it is not there.
        Failure::OAuth(error) if error.code == ErrorCode::UnauthorizedClient => crate::unsupported(),
        failure => failure,
    })?;
    let asked = match params.get("scope") {
        Some(text) => text.parse().unwrap_or_default(),
        None => {
            exchange.dialect.map_or_else(Scope::default_request, |dialect| dialect.scope.parse().unwrap_or_default())
        }
    };
    let scope = asked.intersection(&client.metadata.scope);
    if scope.is_empty() {
        let description = "scope holds none that the client is registered for";
        return Err(OAuthError::new(ErrorCode::InvalidScope, description).into());
    }
    let resources = resource::asked(&client, params, app.config.issuer.as_str())?;
    let (Some(name), Some(password)) = (params.get("username"), params.get("password")) else {
        return Err(OAuthError::invalid_request("username and password are needed").into());
    };
    exchange.use_up_proof().await?;
    let checked = sign_in::check(app, site, incoming, name, password).await;
    // RFC 6749 §5.2: a user's credentials that don't fit are an invalid grant.
    let checked = checked.map_err(|problem| match problem.status {
        StatusCode::UNAUTHORIZED => Failure::from(OAuthError::new(ErrorCode::InvalidGrant, problem.detail)),
        _ => problem.into(),
    })?;
    let user = checked.user.clone();
    checked.settle(app).await;
    tracing::warn!(client = %client.client_id, "a legacy password sign-in was used");

    // Whoever knows the password may say yes.
    let before = app.store.find_grant(user.user_id, client.client_id).await?;
    let grant = consent::give(app, &user, &client, before, &scope).await?;
    let now = app.clock.now();
    // What a code would stand for, if there were one.
    let code = AuthorizationCode {
        family_id: FamilyId::new(&app.entropy),
        user_id: user.user_id,
        client_id: client.client_id,
        grant_id: grant.grant_id,
        session_id: None,
        redirect_uri: String::new(),
        redirect_uri_named: false,
        code_challenge: None,
        scope,
        claims: Default::default(),
        resources,
        dpop_jkt: None,
        nonce: None,
        auth_time: now,
        epoch: user.epoch,
        dialect: exchange.dialect.map(|dialect| dialect.name.to_owned()),
    };
    let refreshable = is_refreshable(&client, &code.scope);
    let mut family = Family::of(&code, &client, refreshable, exchange.lifetime(&client), now);
    if client.is_public() {
        family.dpop_jkt = exchange.jkt().map(str::to_owned);
    }
    if let Redeemed::Replay = app.store.redeem(&family, Attempt::new(&app.entropy)).await? {
        return Err(OAuthError::invalid_grant("the family is there already").into());
    }
    let refresh_token = refreshable
        .then(|| RefreshToken { user_id: user.user_id, family_id: family.family_id, generation: 0 }.seal(&site.sealer));
    let Family { scope, .. } = &family;
    Issue { client: &client, user: &user, family: &family, scope, nonce: None, refresh_token }.reply(exchange)
}
