//! Who is signed in, by the session cookie.

use axum::response::Response;

use super::cookies::Cookie;
use super::incoming::Incoming;
use crate::account::{Session, SessionToken, User};
use crate::app::{App, Site};
use crate::id::Attempt;
use crate::log;
use crate::oauth::lifetimes::SESSION_ABSOLUTE;
use crate::store::StoreError;

/// Somebody who is signed in, and the session in which they are.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// Where.
    pub session: Session,
}

/// What the session cookie names. Reads nothing; garbage is nothing.
pub fn token(app: &App, site: &Site, incoming: &Incoming) -> Option<SessionToken> {
    let cookie = Cookie::Session.read(incoming, &app.config.issuer)?;
    SessionToken::open(&site.sealer, &cookie).ok()
}

/// Judges what was read for `token`, and notes the session's use, once an hour at most.
///
/// # Errors
/// [`StoreError`].
pub async fn judge(
    app: &App,
    token: &SessionToken,
    session: Option<Session>,
    user: Option<User>,
) -> Result<Option<SignedIn>, StoreError> {
    let now = app.clock.now();
    let (Some(session), Some(user)) = (session, user) else { return Ok(None) };
    if !session.belongs_to(token) || !session.is_live(&user, now) {
        return Ok(None);
    }
    log::user(user.user_id);
    if session.wants_touch(now) {
        app.store.touch_session(&session, now, Attempt::new(&app.entropy)).await?;
    }
    Ok(Some(SignedIn { user, session }))
}

/// Who is signed in: one read of session and profile, or none where there is no cookie.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, site: &Site, incoming: &Incoming) -> Result<Option<SignedIn>, StoreError> {
    let Some(token) = token(app, site, incoming) else { return Ok(None) };
    let (session, user) = app.store.find_session(token.user_id, token.session_id).await?;
    judge(app, &token, session, user).await
}

/// Gives the browser its session.
pub fn remember(app: &App, site: &Site, token: &SessionToken, response: &mut Response) {
    Cookie::Session.set(response, &app.config.issuer, &token.seal(&site.sealer), SESSION_ABSOLUTE);
}
