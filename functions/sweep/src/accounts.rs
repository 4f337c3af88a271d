//! What is left of deleted accounts.

use shared::app::App;
use shared::clock::Time;
use shared::log;
use shared::store::StoreError;

/// How many accounts are read at once.
const ACCOUNTS: usize = 100;

/// Seconds after the run began in which another account is begun.
const BUDGET: i64 = 10;

/// Removes what is left, in a run that began at `began`. One that can't be removed keeps no other from it.
pub(crate) async fn remove(app: &App, began: Time) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for user in app.store.list_purges(ACCOUNTS).await? {
        if app.clock.now() >= began + BUDGET {
            break;
        }
        match app.store.purge(user).await {
            Ok(()) => {
                log::done();
                tracing::info!(%user, "what was left of a deleted account is removed");
            }
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome
}
