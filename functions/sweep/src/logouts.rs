//! Sign-outs that clients have not heard of: tried again a few times within a day, then given up.

use std::collections::{BTreeSet, HashMap, HashSet};

use shared::app::App;
use shared::clock::Time;
use shared::fetch::PATIENCE;
use shared::http::sign_out;
use shared::id::{Attempt, ClientId};
use shared::log;
use shared::oauth::lifetimes::LOGOUT_RETRY;
use shared::store::StoreError;
use shared::store::logouts::Logout;

/// How many are read at once.
const PAGE: usize = 25;

/// Seconds after the run began in which another may be told of.
const BUDGET: i64 = 20;

/// After so many sign-outs that a client did not answer to, it is not asked again in this run: each takes up to [`PATIENCE`],
/// and nobody's client may keep others from hearing.
const FAILURES: u8 = 2;

/// How often it is tried, each time after twice as long: for 16 hours.
const ATTEMPTS: u32 = 5;

/// Tells of what is due, in a run that began at `began`.
pub(crate) async fn tell(app: &App, began: Time) -> Result<(), StoreError> {
    let (mut met, mut silent) = (HashSet::new(), HashMap::new());
    loop {
        let due = app.store.list_logouts(app.clock.now(), PAGE).await?;
        // The index may be behind, and still have what was just told.
        let due: Vec<_> = due.into_iter().filter(|logout| met.insert(logout.logout_id)).collect();
        if due.is_empty() {
            return Ok(());
        }
        for logout in due {
            if app.clock.now() >= began + BUDGET {
                return Ok(());
            }
            try_again(app, logout, &mut silent).await?;
        }
    }
}

async fn try_again(app: &App, logout: Logout, silent: &mut HashMap<ClientId, u8>) -> Result<(), StoreError> {
    let attempts = logout.attempts + 1;
    let due_at = app.clock.now() + (LOGOUT_RETRY << logout.attempts.min(ATTEMPTS));
    let claimed = Logout { attempts, due_at, ..logout };
    // Whoever claims it first tells of it; where it was done meanwhile there is nothing to claim.
    if !app.store.claim_logout(&claimed, logout.attempts, Attempt::new(&app.entropy)).await? {
        return Ok(());
    }
    let is_silent = |client: ClientId| silent.get(&client).is_some_and(|failures| *failures >= FAILURES);
    let mut clients = sign_out::listening(app, &claimed.untold).await?;
    let unasked: Vec<_> = claimed.untold.iter().filter(|listener| is_silent(listener.client_id)).copied().collect();
    clients.retain(|client| !is_silent(client.client_id));
    let site = app.site().await?;
    let mut untold = sign_out::tell(app, &site, &claimed, &clients, PATIENCE).await;
    for client in untold.iter().map(|listener| listener.client_id).collect::<BTreeSet<_>>() {
        *silent.entry(client).or_default() += 1;
    }
    untold.extend(unasked);
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
    Ok(())
}
