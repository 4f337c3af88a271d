//! `authorization_code` (RFC 6749 §4.1.3): one read, one write.

use shared::account::User;
use shared::http::oauth_error::Failure;
use shared::id::Attempt;
use shared::log::{self, Metric};
use shared::oauth::code::Presented;
use shared::oauth::family::RefreshToken;
use shared::oauth::metadata::GrantType;
use shared::oauth::{AuthorizationCode, Client, Family, OAuthError, Scope, ScopeToken, resource};
use shared::store::families::Redeemed;
use shared::store::grants::Grant;
use shared::store::keys;

use crate::Exchange;
use crate::reply::{Issue, Reply};

/// Whether a refresh token comes along.
pub(crate) fn is_refreshable(client: &Client, scope: &Scope) -> bool {
    // OpenID Connect Core §11: an OpenID request gets a refresh token only where offline_access was granted.
    let offline = !scope.contains(ScopeToken::Openid) || scope.contains(ScopeToken::OfflineAccess);
    client.allows(GrantType::RefreshToken) && offline
}

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let Exchange { app, site, params, .. } = exchange;
    let text = params.get("code").ok_or_else(|| OAuthError::invalid_request("code is missing"))?;
    let code = site.sealer.open::<AuthorizationCode>(text, b"").inspect(|code| log::user(code.user_id));

    // The code says which user and consent to read, so they come along with the client. An unreadable one still has
    // its client read: who is not authenticated learns nothing about codes.
    let client_key = keys::client(&exchange.client_id().to_string());
    let theirs = code
        .as_ref()
        .ok()
        .map(|code| (keys::profile(code.user_id), keys::grant(code.user_id, &code.client_id.to_string())));
    let mut wanted = vec![client_key.clone()];
    if let Some((profile, grant)) = &theirs {
        wanted.extend([profile.clone(), grant.clone()]);
    }
    let mut found = app.store.batch_get(&wanted).await?;
    let client: Option<Client> = found.take(&client_key)?;
    let client = exchange.authenticate(client, GrantType::AuthorizationCode).await?;

    let mut code = code.map_err(|error| OAuthError::invalid_grant(error.as_str()))?;
    code.check(Presented {
        client_id: client.client_id,
        redirect_uri: params.get("redirect_uri"),
        code_verifier: params.get("code_verifier"),
        dialect: exchange.dialect,
        dpop_jkt: exchange.jkt(),
    })?;
    // The standard's code, redeemed in a dialect, lives on in it.
    code.dialect = exchange.dialect.map(|dialect| dialect.name.to_owned()).or(code.dialect);
    let (mut user, mut grant) = (None, None);
    if let Some((profile_key, grant_key)) = &theirs {
        user = found.take::<User>(profile_key)?;
        grant = found.take::<Grant>(grant_key)?;
    }
    redeem(exchange, &client, &code, user, grant).await
}

/// Redeems what a user's yes is worth, once. `user` and `grant` are what was read for it.
pub(crate) async fn redeem(
    exchange: &Exchange<'_>,
    client: &Client,
    code: &AuthorizationCode,
    user: Option<User>,
    grant: Option<Grant>,
) -> Result<Reply, Failure> {
    let Exchange { app, site, params, .. } = exchange;
    let user = user.filter(|user| user.is_active() && user.epoch == code.epoch);
    let user = user.ok_or_else(|| OAuthError::invalid_grant("the user is gone, disabled, or ended all sessions"))?;
    if grant.is_none_or(|grant| grant.grant_id != code.grant_id) {
        return Err(OAuthError::invalid_grant("consent was withdrawn").into());
    }

    let now = app.clock.now();
    let refreshable = is_refreshable(client, &code.scope);
    let mut family = Family::of(code, client, refreshable, client.access_token_lifetime_in(code.dialect()), now);
    if client.is_public() {
        family.dpop_jkt = exchange.jkt().map(str::to_owned);
    }
    // Before anything is written: a refused resource costs no code.
    resource::narrowed(&family.resources, params, app.config.issuer.as_str())?;
    exchange.use_up_proof().await?;
    if let Redeemed::Replay = app.store.redeem(&family, Attempt::new(&app.entropy)).await? {
        // RFC 6749 §4.1.2, RFC 9700 §4.5: somebody had this code before, so whatever came of it ends. If that can't be
        // written the answer is 503, and the next try with this code says it again.
        log::count(Metric::ReplaysDetected);
        tracing::warn!(user = %code.user_id, client = %code.client_id, "a code was used twice: its tokens are revoked");
        app.store.revoke_family(code.user_id, code.family_id, now, Attempt::new(&app.entropy)).await?;
        return Err(OAuthError::invalid_grant("the code was used before").into());
    }
    let refresh_token = refreshable
        .then(|| RefreshToken { user_id: user.user_id, family_id: family.family_id, generation: 0 }.seal(&site.sealer));
    Issue { client, user: &user, family: &family, scope: &code.scope, nonce: code.nonce.clone(), refresh_token }
        .reply(exchange)
}
