//! A recent sign-in: what changes how somebody signs in wants one (OWASP ASVS 7.5; RFC 9470 calls it a step up).

use http::StatusCode;

use super::problem::{Code, Problem};
use crate::account::Session;
use crate::app::App;
use crate::oauth::lifetimes::FRESH;

/// What an answer's `code` says where a recent sign-in is needed.
pub const REQUIRED: Code = Code::FreshSignInRequired;

/// Whether the user of a session proved who they are within the last ten minutes.
pub fn is(app: &App, session: &Session) -> bool {
    app.clock.now() - session.auth_time < FRESH
}

/// Demands it.
///
/// # Errors
/// 403 [`REQUIRED`]: a page sends to `/login` with the way back, then.
pub fn check(app: &App, session: &Session) -> Result<(), Problem> {
    if is(app, session) {
        return Ok(());
    }
    let problem = Problem::new(StatusCode::FORBIDDEN, "sign in again: this wants a sign-in of the last ten minutes");
    Err(Problem { code: Some(REQUIRED), ..problem })
}
