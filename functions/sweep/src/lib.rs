//! Removes what nobody needs any more, once an hour.

use shared::app::App;
use shared::lambda::Error;

/// Runs once.
///
/// # Errors
/// The table could not be asked.
pub async fn run(app: App) -> Result<(), Error> {
    app.site().await?;
    Ok(())
}
