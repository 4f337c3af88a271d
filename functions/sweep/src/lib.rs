//! Does what was left for later: removes what is left of deleted accounts, and tells clients of sign-outs that they have
//! not heard of. Scheduled; cut off anywhere, the next run goes on.

mod accounts;
mod logouts;

use shared::app::App;
use shared::lambda::Error;

/// Does what there is to do.
///
/// # Errors
/// The table's: what is left stays for the next run.
pub async fn run(app: App) -> Result<(), Error> {
    // Neither waits for the other's failure to be mended.
    let (removed, told) = (accounts::remove(&app).await, logouts::tell(&app).await);
    removed?;
    told?;
    Ok(())
}
