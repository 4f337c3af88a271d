//! `client_credentials` (RFC 6749 §4.4): a client acts for itself. One read, no write.

use shared::http::oauth_error::Failure;
use shared::jose::TokenSubject;
use shared::oauth::lifetimes::ACCESS_TOKEN;
use shared::oauth::metadata::GrantType;
use shared::oauth::{ErrorCode, OAuthError, Scope, ScopeToken};

use crate::Exchange;
use crate::reply::Reply;

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let client = exchange.app.store.find_client(exchange.client_id).await?;
    let client = exchange.authenticate(client, GrantType::ClientCredentials).await?;
    let scope = match exchange.params.get("scope") {
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
    let client_id = client.client_id.to_string();
    let access_token = exchange.access_token(TokenSubject::Client, &client_id, &client_id, &scope, ACCESS_TOKEN)?;
    Ok(Reply { access_token, expires_in: ACCESS_TOKEN, scope, refresh_token: None, id_token: None })
}
