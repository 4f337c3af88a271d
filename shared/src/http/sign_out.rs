//! Ending sessions, and telling the clients that got tokens in them (OpenID Connect Back-Channel Logout 1.0).
//!
//! Nothing runs after a function has answered, so that whom to tell is written down before the sessions end, and told at
//! once, for two seconds at the most. Who does not hear it then is told by the hourly sweep.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use tokio::task::JoinSet;

use crate::app::{App, Site};
use crate::fetch::FetchError;
use crate::id::{Attempt, LogoutId, SessionId, UserId};
use crate::jose::id_token::sid;
use crate::jose::logout_token::LogoutClaims;
use crate::jose::subject::subject;
use crate::oauth::Client;
use crate::oauth::lifetimes::LOGOUT_RETRY;
use crate::store::StoreError;
use crate::store::logouts::{Listener, Logout, told};

/// How long whoever signs out waits until everybody knows.
const BUDGET: Duration = Duration::from_secs(2);

/// Sessions that are about to end, and the clients that want to know.
pub struct Farewell {
    /// What is to be written down before, or with, their end.
    pub logout: Logout,
    clients: Vec<Client>,
}

impl Farewell {
    /// Looks up who wants to know that those of a user's sessions end which `ends` names. Nobody, mostly: then it is
    /// one read, or two.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(app: &App, user: UserId, ends: impl Fn(SessionId) -> bool) -> Result<Option<Self>, StoreError> {
        let mut listeners = app.store.list_listeners(user).await?;
        listeners.retain(|listener| ends(listener.session_id));
        let clients = listening(app, &listeners).await?;
        listeners.retain(|listener| clients.iter().any(|client| client.client_id == listener.client_id));
        if listeners.is_empty() {
            return Ok(None);
        }
        let untold = told(listeners);
        let (logout_id, due_at) = (LogoutId::new(&app.entropy), app.clock.now() + LOGOUT_RETRY);
        Ok(Some(Self { logout: Logout { logout_id, user_id: user, untold, attempts: 0, due_at }, clients }))
    }

    /// Tells them, after the sessions have ended. If that fails, the sweep tells them.
    pub async fn tell(self, app: &App, site: &Site) {
        let Self { logout, clients } = self;
        let untold = tell(app, site, &logout, &clients, BUDGET).await;
        let settled = if untold.is_empty() {
            app.store.delete_logout(logout.logout_id).await
        } else {
            let left = Logout { untold, ..logout.clone() };
            app.store.claim_logout(&left, logout.attempts, Attempt::new(&app.entropy)).await.map(drop)
        };
        if let Err(error) = settled {
            tracing::warn!(%error, "some clients will be told twice that somebody signed out");
        }
    }
}

/// Ends a user's `sessions`, and tells their clients. Ending one twice is no error.
///
/// # Errors
/// [`StoreError`]: some may have ended, some not.
pub async fn end(app: &App, site: &Site, user: UserId, sessions: &[SessionId]) -> Result<(), StoreError> {
    let farewell = Farewell::of(app, user, |session| sessions.contains(&session)).await?;
    if let Some(farewell) = &farewell {
        app.store.create_logout(&farewell.logout, Attempt::new(&app.entropy)).await?;
    }
    match sessions {
        [session] => app.store.delete_session(user, *session).await?,
        sessions => app.store.delete_sessions(user, sessions).await?,
    }
    if let Some(farewell) = farewell {
        farewell.tell(app, site).await;
    }
    Ok(())
}

/// The clients among `listeners` that want to be told.
///
/// # Errors
/// [`StoreError`].
pub async fn listening(app: &App, listeners: impl IntoIterator<Item = &Listener>) -> Result<Vec<Client>, StoreError> {
    let mut ids: Vec<_> = listeners.into_iter().map(|listener| listener.client_id).collect();
    ids.sort();
    ids.dedup();
    let mut clients = app.store.find_clients(&ids).await?;
    clients.retain(|client| !client.disabled && client.metadata.backchannel_logout_uri.is_some());
    Ok(clients)
}

/// Tells all of `clients` at once, for `patience` at the most, and returns who still does not know.
pub async fn tell(app: &App, site: &Site, logout: &Logout, clients: &[Client], patience: Duration) -> Vec<Listener> {
    let mut calls = JoinSet::new();
    for listener in &logout.untold {
        let Some(client) = clients.iter().find(|client| client.client_id == listener.client_id) else { continue };
        let Some(uri) = client.metadata.backchannel_logout_uri.clone() else { continue };
        let (app, listener, token) = (app.clone(), *listener, logout_token(app, site, logout, client, *listener));
        calls.spawn(async move {
            let Some(token) = token else { return Some(listener) };
            let pairs = [("logout_token", token.as_str())];
            let called = tokio::time::timeout(patience, app.fetcher.post_form(&uri, &pairs));
            let reached = called.await.unwrap_or(Err(FetchError::Unreachable));
            match reached {
                Ok(status) if status.is_success() => return None,
                // §2.8: it says that the token is wrong, which no other try would change. Nor would one reach an address
                // that may not be called.
                Ok(status) if status == http::StatusCode::BAD_REQUEST => {}
                Err(FetchError::Forbidden) => {}
                Ok(_) | Err(_) => return Some(listener),
            }
            tracing::warn!(client = %listener.client_id, "the client will not hear that somebody signed out");
            None
        });
    }
    calls.join_all().await.into_iter().flatten().collect()
}

fn logout_token(app: &App, site: &Site, logout: &Logout, client: &Client, listener: Listener) -> Option<String> {
    let now = app.clock.now();
    let (iss, sub) = (app.config.issuer.to_string(), subject(site, client, logout.user_id));
    let jti = BASE64URL_NOPAD.encode(&app.entropy.bytes::<16>());
    let claims = LogoutClaims::new(iss, sub, client.name(), sid(listener.session_id), jti, now);
    claims.sign(site, client.metadata.id_token_signed_response_alg, now)
}
