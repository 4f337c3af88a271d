//! Does what was left for later: removes what is left of deleted accounts, tells clients of sign-outs that they have not
//! heard of, and sends letters that were not sent. Scheduled; cut off anywhere, the next run goes on.

mod accounts;
mod letters;
mod logouts;

use shared::app::App;
use shared::lambda::Error;

/// Does what there is to do.
///
/// # Errors
/// The table's: what is left stays for the next run.
pub async fn run(app: App) -> Result<(), Error> {
    // None waits for another's failure to be mended.
    let (removed, told, sent) = (accounts::remove(&app).await, logouts::tell(&app).await, letters::send(&app).await);
    removed?;
    told?;
    sent?;
    Ok(())
}
