//! Pushed requests (RFC 9126): the user brings nothing but a name.

pub(crate) use shared::oauth::pushed::reference;

use shared::app::App;
use shared::http::Problem;
use shared::id::{Attempt, ClientId};
use shared::oauth::Params;
use shared::oauth::authorization_request::RequestInProgress;
use shared::oauth::pushed::{PushedRequest, over};

use crate::request::{Asked, Settled};

/// The request that was pushed. It was judged then.
///
/// # Errors
/// 400 on a page: nobody is sent anywhere by a request that is not there.
pub(crate) fn settle(
    app: &App,
    progress: &RequestInProgress,
    client_id: ClientId,
    found: Option<PushedRequest>,
) -> Result<Settled, Problem> {
    let pushed = found.ok_or_else(over)?;
    pushed.check(client_id, progress.began_at, app.clock.now())?;
    Ok(Settled { params: Params::from_urlencoded(&pushed.params)?, refusal: None, object: false })
}

impl Asked {
    /// Uses a pushed request up, if it is one: just before the application is answered, and not when a page is shown, so
    /// that opening a page twice is no error (RFC 9126 §7.3).
    ///
    /// # Errors
    /// 400 on a page for who comes second; 503.
    pub(crate) async fn use_up(&self, app: &App) -> Result<(), Problem> {
        match &self.pushed {
            Some(reference) if !app.store.consume_pushed(reference, Attempt::new(&app.entropy)).await? => {
                Err(over().into())
            }
            _ => Ok(()),
        }
    }
}
