//! `client_credentials` (RFC 6749 §4.4): a client acts for itself. One read, no write.

use shared::http::oauth_error::Failure;
use shared::http::tokens::AccessToken;
use shared::jose::TokenSubject;
use shared::oauth::metadata::GrantType;
use shared::oauth::{ErrorCode, OAuthError, Scope, ScopeToken, resource};

use crate::Exchange;
use crate::reply::Reply;

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let Exchange { app, site, params, .. } = exchange;
    let client = app.store.find_client(exchange.client_id()).await?;
    let client = exchange.authenticate(client, GrantType::ClientCredentials).await?;
    let scope = match params.get("scope") {
        None => Scope::default(),
        Some(asked) => {
            let asked: Scope = asked.parse().unwrap_or_default();
            // Nobody signed in, so there is no ID token, and nobody to stay signed in.
            let asked = asked.without(ScopeToken::Openid).without(ScopeToken::OfflineAccess);
            let scope = asked.intersection(&client.metadata.scope);
            if scope.is_empty() {
                let description = "scope holds none that the client may have for itself";
                return Err(OAuthError::new(ErrorCode::InvalidScope, description).into());
            }
            scope
        }
    };
    let resources = resource::asked(&client, params, app.config.issuer.as_str())?;
    exchange.use_up_proof().await?;
    let client_id = client.name();
    let lifetime = exchange.lifetime(&client);
    let access_token = AccessToken {
        subject: TokenSubject::Client,
        sub: client_id.clone(),
        client_id,
        scope: &scope,
        resources: &resources,
        jkt: exchange.jkt(),
        act: None,
        lifetime,
    };
    Ok(Reply {
        access_token: access_token.sign(app, site)?,
        bound: exchange.proof.is_some(),
        expires_in: lifetime,
        scope,
        refresh_token: None,
        id_token: None,
        user: None,
        issued_token_type: None,
    })
}
