//! Does what was left for later: removes what is left of deleted accounts, tells clients of sign-outs that they have not
//! heard of, sends letters that were not sent, and renews tokens of accounts elsewhere. Scheduled; cut off anywhere, the
//! next run goes on.

mod accounts;
mod letters;
mod logouts;
mod tokens;

use shared::app::App;
use shared::lambda::Error;

/// Does what there is to do.
///
/// # Errors
/// The table's: what is left stays for the next run.
pub async fn run(app: App) -> Result<(), Error> {
    let began = app.clock.now();
    // None waits for another's failure to be mended, nor for all of another's work to be done.
    let removed = accounts::remove(&app, began).await;
    let told = logouts::tell(&app, began).await;
    let sent = letters::send(&app, began).await;
    let renewed = tokens::renew(&app, began).await;
    removed?;
    told?;
    sent?;
    renewed?;
    Ok(())
}
