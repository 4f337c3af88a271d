//! Removes what is left of deleted accounts. Scheduled; cut off anywhere, the next run goes on.

use shared::app::App;
use shared::lambda::Error;
use shared::log;

/// How many accounts one run takes on: within its time, with room.
const ACCOUNTS: usize = 100;

/// Removes what there is to remove.
///
/// # Errors
/// The table's: what is left stays for the next run.
pub async fn run(app: App) -> Result<(), Error> {
    for user in app.store.list_purges(ACCOUNTS).await? {
        app.store.purge(user).await?;
        log::done();
        tracing::info!(%user, "what was left of a deleted account is removed");
    }
    Ok(())
}
