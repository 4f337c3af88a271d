//! `urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4): a device asks whether its user has said yes. One read
//! and one write while nobody has; then what redeeming a code costs, and a read.

use shared::http::oauth_error::Failure;
use shared::id::Attempt;
use shared::log;
use shared::oauth::device::{DeviceAuthorization, DeviceCode, Poll};
use shared::oauth::metadata::GrantType;
use shared::oauth::{AuthorizationCode, Client, ErrorCode, OAuthError};
use shared::seal::Unsealable;
use shared::store::keys;

use crate::Exchange;
use crate::authorization_code::redeem;
use crate::reply::Reply;

pub(crate) async fn exchange(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let Exchange { app, site, params, .. } = exchange;
    let text = params.get("device_code").ok_or_else(|| OAuthError::invalid_request("device_code is missing"))?;
    let code = site.sealer.open::<DeviceCode>(text, b"");

    let client_key = keys::client(&exchange.client_id().to_string());
    let device_key = code.as_ref().ok().map(|code| keys::device(&code.user_code));
    let wanted: Vec<_> = [Some(client_key.clone()), device_key.clone()].into_iter().flatten().collect();
    let mut found = app.store.batch_get(&wanted).await?;
    let client: Option<Client> = found.take(&client_key)?;
    let client = exchange.authenticate(client, GrantType::DeviceCode).await?;

    let code = code.map_err(|error| match error {
        Unsealable::Expired => expired(),
        Unsealable::Garbage => OAuthError::invalid_grant(error.as_str()),
    })?;
    let device: Option<DeviceAuthorization> = device_key.map(|key| found.take(&key)).transpose()?.flatten();
    let device = device.filter(|device| device.device_id == code.device_id).ok_or_else(expired)?;
    if device.client_id != client.client_id {
        return Err(OAuthError::invalid_grant("the device code was issued to another client").into());
    }
    let now = app.clock.now();
    let (interval, answer) = match device.poll(now) {
        Poll::Approved(approved) => return approve(exchange, &client, approved).await,
        Poll::Denied => return Err(OAuthError::new(ErrorCode::AccessDenied, "the user said no").into()),
        Poll::Expired => return Err(expired().into()),
        Poll::Pending => {
            let pending = OAuthError::new(ErrorCode::AuthorizationPending, "the user has not decided yet");
            (device.interval, pending)
        }
        Poll::TooFast(interval) => {
            let slower = format!("wait {interval} seconds between two polls from now on");
            (interval, OAuthError::new(ErrorCode::SlowDown, slower))
        }
    };
    app.store.note_poll(&code.user_code, code.device_id, interval, now, Attempt::new(&app.entropy)).await?;
    Err(answer.into())
}

fn expired() -> OAuthError {
    OAuthError::new(ErrorCode::ExpiredToken, "the device code has expired: begin again")
}

async fn approve(exchange: &Exchange<'_>, client: &Client, code: &AuthorizationCode) -> Result<Reply, Failure> {
    log::user(code.user_id);
    let (profile, grant) = (keys::profile(code.user_id), keys::grant(code.user_id, &code.client_id.to_string()));
    let mut found = exchange.app.store.batch_get(&[profile.clone(), grant.clone()]).await?;
    redeem(exchange, client, code, found.take(&profile)?, found.take(&grant)?).await
}
