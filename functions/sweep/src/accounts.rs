//! What is left of deleted accounts.

use shared::app::App;
use shared::log;
use shared::store::StoreError;

/// How many accounts one run takes on: within its time, with room.
const ACCOUNTS: usize = 100;

pub(crate) async fn remove(app: &App) -> Result<(), StoreError> {
    for user in app.store.list_purges(ACCOUNTS).await? {
        app.store.purge(user).await?;
        log::done();
        tracing::info!(%user, "what was left of a deleted account is removed");
    }
    Ok(())
}
