//! Sign-outs that clients have not heard of: tried again a few times within a day, then given up.

use shared::app::App;
use shared::fetch::PATIENCE;
use shared::http::sign_out;
use shared::id::Attempt;
use shared::log;
use shared::oauth::lifetimes::LOGOUT_RETRY;
use shared::store::StoreError;
use shared::store::logouts::Logout;

/// How many one run takes on: within its time, with room, even if nobody answers.
const LOGOUTS: usize = 8;

/// How often it is tried, each time after twice as long: for 16 hours.
const ATTEMPTS: u32 = 5;

pub(crate) async fn tell(app: &App) -> Result<(), StoreError> {
    let due = app.store.list_logouts(app.clock.now(), LOGOUTS).await?;
    if due.is_empty() {
        return Ok(());
    }
    let site = app.site().await?;
    for logout in due {
        let attempts = logout.attempts + 1;
        let due_at = app.clock.now() + (LOGOUT_RETRY << logout.attempts.min(ATTEMPTS));
        let claimed = Logout { attempts, due_at, ..logout };
        // Whoever claims it first tells of it; where it was done meanwhile there is nothing to claim.
        if !app.store.claim_logout(&claimed, logout.attempts, Attempt::new(&app.entropy)).await? {
            continue;
        }
        let clients = sign_out::listening(app, &claimed.untold).await?;
        let untold = sign_out::tell(app, &site, &claimed, &clients, PATIENCE).await;
        log::done();
        if untold.is_empty() || attempts >= ATTEMPTS {
            for listener in &untold {
                tracing::warn!(client = %listener.client_id, "given up: the client did not hear that somebody signed out");
            }
            app.store.delete_logout(claimed.logout_id).await?;
        } else if untold.len() < claimed.untold.len() {
            let left = Logout { untold, ..claimed.clone() };
            app.store.claim_logout(&left, attempts, Attempt::new(&app.entropy)).await?;
        }
    }
    Ok(())
}
