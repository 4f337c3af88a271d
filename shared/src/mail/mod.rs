//! Letters to people: that something happened to their account which they should know of.
//!
//! A letter is an item that is written in the transaction of what it tells ([`store::letters`](crate::store::letters)), so
//! that there is none without the other. Nothing runs after a function has answered: it is sent at once, for two seconds at
//! the most, and otherwise by the hourly sweep. Where SES took it and its answer was lost it comes twice.

mod letter;
mod ses;

use std::time::Duration;

pub use letter::{Letter, LetterKind};
pub use ses::{MailError, Mailer};

use crate::app::App;

/// How long whoever did it waits until the letter is on its way.
const BUDGET: Duration = Duration::from_secs(2);

/// Sends a letter that was just written down, after its transaction. If that fails, the sweep sends it.
pub async fn send_now(app: &App, letter: &Letter) {
    if !send(app, letter, BUDGET).await {
        return;
    }
    if let Err(error) = app.store.delete_letter(letter.letter_id).await {
        tracing::warn!(%error, "a letter will come twice");
    }
}

/// Sends a letter, for `patience` at the most. Whether SES took it: the log says why not.
pub async fn send(app: &App, letter: &Letter, patience: Duration) -> bool {
    // Written by an earlier deployment that still had a sender.
    let Some(mailer) = &app.mailer else { return false };
    let sending = mailer.send(letter, app.config.issuer.as_str(), app.clock.now_millis());
    let sent = tokio::time::timeout(patience, sending).await.unwrap_or(Err(MailError::Unreachable));
    if let Err(error) = &sent {
        tracing::warn!(%error, letter = %letter.letter_id, "a letter could not be sent");
    }
    sent.is_ok()
}
