//! `refresh_token` (RFC 6749 §6): rotation that tells a lost answer from a stolen token.

use shared::account::User;
use shared::http::bearer;
use shared::http::oauth_error::Failure;
use shared::id::Attempt;
use shared::log::{self, Metric};
use shared::oauth::dialect::refreshes;
use shared::oauth::family::{RefreshToken, Use};
use shared::oauth::metadata::GrantType;
use shared::oauth::{Client, ErrorCode, Family, OAuthError, Scope, resource};
use shared::store::families::Rotated;
use shared::store::grants::Grant;
use shared::store::keys;

use crate::Exchange;
use crate::reply::{Issue, Reply};

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let Exchange { app, site, params, .. } = exchange;
    let text = params.get("refresh_token").ok_or_else(|| OAuthError::invalid_request("refresh_token is missing"))?;
    let token = RefreshToken::open(&site.sealer, text).inspect(|token| log::user(token.user_id));

    let client_id = exchange.client_id().to_string();
    let client_key = keys::client(&client_id);
    let theirs = token.as_ref().ok().map(|token| {
        let user = token.user_id;
        (keys::profile(user), keys::grant(user, &client_id), keys::family(user, token.family_id))
    });
    let mut wanted = vec![client_key.clone()];
    if let Some((profile, grant, family)) = &theirs {
        wanted.extend([profile.clone(), grant.clone(), family.clone()]);
    }
    let mut found = app.store.batch_get(&wanted).await?;
    let client: Option<Client> = found.take(&client_key)?;
    let client = exchange.authenticate(client, GrantType::RefreshToken).await?;

    let token = token.map_err(|error| OAuthError::invalid_grant(error.as_str()))?;
    let (mut user, mut grant, mut family) = (None, None, None);
    if let Some((profile_key, grant_key, family_key)) = &theirs {
        user = found.take::<User>(profile_key)?;
        grant = found.take::<Grant>(grant_key)?;
        family = found.take::<Family>(family_key)?;
    }
    let gone = || OAuthError::invalid_grant("user, consent or family is gone");
    let (user, grant, family) = (user.ok_or_else(gone)?, grant.ok_or_else(gone)?, family.ok_or_else(gone)?);
    bearer::stands(&client, &user, &grant, &family).map_err(OAuthError::invalid_grant)?;
    if !refreshes(exchange.dialect, family.dialect.as_deref()) {
        return Err(OAuthError::invalid_grant("the token was issued in another dialect").into());
    }
    // RFC 9449 §5: a public client's refresh token is bound to the key that it was issued for.
    if family.dpop_jkt.is_some() && family.dpop_jkt.as_deref() != exchange.jkt() {
        return Err(OAuthError::invalid_grant("the refresh token is bound to another key").into());
    }
    // Before anything is written: a refused scope or resource rotates nothing.
    let scope = narrowed(&family.scope, params.get("scope"))?;
    resource::narrowed(&family.resources, params, app.config.issuer.as_str())?;
    exchange.use_up_proof().await?;

    let generation = settle(exchange, &client, family.clone(), token.generation).await?;
    let refresh_token = RefreshToken { generation, ..token }.seal(&site.sealer);
    let refresh_token = Some(refresh_token);
    // OpenID Connect Core §12.2: the refreshed ID token carries no nonce.
    Issue { client: &client, user: &user, family: &family, scope: &scope, nonce: None, refresh_token }.reply(exchange)
}

/// Makes the presented generation's successor the current one, and returns which that is.
async fn settle(exchange: &Exchange<'_>, client: &Client, mut family: Family, presented: u32) -> Result<u32, Failure> {
    let Exchange { app, .. } = exchange;
    let now = app.clock.now();
    let attempt = Attempt::new(&app.entropy);
    // The second round is for who lost a race: against a twin of this request, or against a revocation.
    for _ in 0..2 {
        let next = match family.judge(presented, client, now) {
            Use::Rotate => family.generation.saturating_add(1),
            Use::Renew => family.generation,
            Use::Repeat => return Ok(family.generation),
            Use::Replay => {
                log::count(Metric::ReplaysDetected);
                tracing::warn!(user = %family.user_id, client = %family.client_id, "an old refresh token was used: the family is revoked");
                app.store.revoke_family(family.user_id, family.family_id, now, Attempt::new(&app.entropy)).await?;
                return Err(OAuthError::invalid_grant("the refresh token was replaced").into());
            }
            Use::Dead => return Err(OAuthError::invalid_grant("the refresh token is over or revoked").into()),
        };
        let idle_expires_at = now + client.refresh_token_idle_lifetime();
        match app.store.rotate(&family, next, idle_expires_at, now, attempt).await? {
            Rotated::Done => return Ok(next),
            Rotated::Lost(None) => return Err(OAuthError::invalid_grant("the family is gone").into()),
            Rotated::Lost(Some(current)) => family = *current,
        }
    }
    Err(OAuthError::invalid_grant("the refresh token was replaced meanwhile").into())
}

/// What is asked for, within what the family has (RFC 6749 §6).
fn narrowed(granted: &Scope, asked: Option<&str>) -> Result<Scope, OAuthError> {
    let Some(asked) = asked else { return Ok(granted.clone()) };
    let refuse = || OAuthError::new(ErrorCode::InvalidScope, "scope may only narrow what was granted");
    let scope: Scope = asked.parse().unwrap_or_default();
    let known = asked.split(' ').filter(|word| !word.is_empty()).all(|word| scope.iter().any(|t| t.as_str() == word));
    if !known || scope.is_empty() || !scope.is_subset(granted) {
        return Err(refuse());
    }
    Ok(scope)
}
