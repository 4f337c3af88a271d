//! Token exchange (RFC 8693): a resource server that was sent a user's token trades it for one of its own, to call another
//! resource server on the user's behalf. What it gets allows no more, lives no longer, dies with the user's consent to the
//! first client, and says who acts. One read for the client, one for the token; no write.

use shared::http::bearer::{self, Bearer};
use shared::http::oauth_error::Failure;
use shared::http::tokens::AccessToken;
use shared::jose::TokenSubject;
use shared::jose::access_token::Actor;
use shared::jose::subject::subject;
use shared::oauth::metadata::GrantType;
use shared::oauth::{Client, ClientName, ErrorCode, OAuthError, Scope, ScopeToken, resource};

use crate::Exchange;
use crate::reply::Reply;

/// The only kind of token that is traded, and that is given (§3).
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Nobody needs a longer chain of clients that act for each other.
const LONGEST_CHAIN: usize = 4;

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let Exchange { app, site, params, .. } = exchange;
    let client = app.store.find_client(exchange.client_id()).await?;
    let client = exchange.authenticate(client, GrantType::TokenExchange).await?;
    let invalid = |description| Failure::from(OAuthError::invalid_request(description));
    for (name, needed) in [("subject_token_type", true), ("requested_token_type", false)] {
        match params.get(name) {
            Some(ACCESS_TOKEN_TYPE) => {}
            None if !needed => {}
            _ => return Err(OAuthError::invalid_request(format!("{name} must be {ACCESS_TOKEN_TYPE}")).into()),
        }
    }
    if params.has("actor_token") {
        return Err(invalid("actor_token is not supported: the client that asks is who acts"));
    }
    let subject_token = params.get("subject_token").ok_or_else(|| invalid("subject_token is missing"))?;
    let traded = bearer::inspect(app, site, subject_token).await;
    let traded = traded.map_err(|problem| match problem.token_error {
        // §2.2.2: what is wrong with it is no affair of the caller's.
        Some(_) => invalid("subject_token is expired, revoked or not ours"),
        None => problem.into(),
    })?;
    let Some((user, owner)) = may_trade(exchange, &client, &traded) else {
        return Err(invalid("subject_token is no user's, or was neither sent to nor issued to the client"));
    };
    let scope = narrowed(&client, &traded, params.get("scope"))?;
    let resources = targets(exchange, &client)?;
    exchange.use_up_proof().await?;
    let chain = std::iter::successors(traded.claims.act.as_ref(), |actor| actor.act.as_deref());
    if chain.count() >= LONGEST_CHAIN {
        return Err(invalid("subject_token was traded too often already"));
    }
    let now = app.clock.now();
    let lifetime = exchange.lifetime(&client).min(traded.claims.exp - now).max(1);
    let client_id = client.name();
    let access_token = AccessToken {
        subject: owner,
        sub: subject(site, &client, user),
        client_id: client_id.clone(),
        scope: &scope,
        resources: &resources,
        jkt: exchange.jkt(),
        act: Some(Actor { sub: client_id, act: traded.claims.act.clone().map(Box::new) }),
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
        issued_token_type: Some(ACCESS_TOKEN_TYPE),
    })
}

/// Whose token it is and what the new one hangs on, if `client` may trade it: a user's, which a third party was given,
/// and which was meant for the client. Who found a token elsewhere gets nothing for it (§5).
fn may_trade(exchange: &Exchange<'_>, client: &Client, traded: &Bearer) -> Option<(shared::id::UserId, TokenSubject)> {
    let client_id = client.name();
    let theirs = traded.claims.client_id == client_id || traded.claims.aud.iter().any(|aud| client.is_audience(aud));
    // A token that is bound to a key is of use to nobody else.
    let free = traded.claims.cnf.is_none() || traded.claims.client_id == client_id;
    if !theirs || !free {
        return None;
    }
    match TokenSubject::of_jti(&exchange.site.sealer, &traded.claims.jti).ok()? {
        TokenSubject::Family(user, family) => Some((
            user,
            TokenSubject::Exchanged(user, family, traded.claims.client_id.parse::<ClientName>().ok()?.id()),
        )),
        exchanged @ TokenSubject::Exchanged(user, ..) => Some((user, exchanged)),
        // One's own sign-in is not for third parties.
        TokenSubject::Session(..) | TokenSubject::Client => None,
    }
}

/// No more than the token allows, and than the client is registered for.
fn narrowed(client: &Client, traded: &Bearer, asked: Option<&str>) -> Result<Scope, OAuthError> {
    let most = traded.scope().intersection(&client.metadata.scope).without(ScopeToken::OfflineAccess);
    let scope = match asked {
        Some(asked) => asked.parse::<Scope>().unwrap_or_default().intersection(&most),
        None => most,
    };
    if scope.is_empty() {
        let description = "scope holds none that both subject_token and the client have";
        return Err(OAuthError::new(ErrorCode::InvalidScope, description));
    }
    Ok(scope)
}

/// For whom the new token is: `resource` and `audience` together (§2.1); a resource server's client id will do for the
/// latter.
fn targets(exchange: &Exchange<'_>, client: &Client) -> Result<Vec<String>, OAuthError> {
    let Exchange { app, params, .. } = exchange;
    let mut targets = resource::asked(client, params, app.config.issuer.as_str())?;
    for audience in params.get_all("audience") {
        if audience != app.config.issuer.as_str() && !client.policies.resources.iter().any(|known| known == audience) {
            let description = "an administrator has not allowed the application this audience";
            return Err(OAuthError::new(ErrorCode::InvalidTarget, description));
        }
        if !targets.iter().any(|known| known == audience) {
            targets.push(audience.to_owned());
        }
    }
    Ok(targets)
}
