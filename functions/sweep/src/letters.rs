//! Letters that could not be sent when they were written: tried again a few times within a day, then given up.

use std::time::Duration;

use shared::app::App;
use shared::id::Attempt;
use shared::log;
use shared::mail::{self, Letter};
use shared::oauth::lifetimes::LETTER_RETRY;
use shared::store::StoreError;

/// How many one run takes on: within its time, with room, even if SES never answers.
const LETTERS: usize = 5;

/// How long SES is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is tried, each time after twice as long: for 16 hours.
const ATTEMPTS: u32 = 5;

pub(crate) async fn send(app: &App) -> Result<(), StoreError> {
    loop {
        let due = app.store.list_due_letters(app.clock.now(), LETTERS).await?;
        let (all, mut sent) = (due.len(), 0);
        for letter in due {
            sent += usize::from(try_again(app, letter).await?);
        }
        // As long as SES takes them, there is time for more.
        if all < LETTERS || sent < all {
            return Ok(());
        }
    }
}

/// Whether it is sent now.
async fn try_again(app: &App, letter: Letter) -> Result<bool, StoreError> {
    let attempts = letter.attempts + 1;
    let due_at = app.clock.now() + (LETTER_RETRY << letter.attempts.min(ATTEMPTS));
    let claimed = Letter { attempts, due_at, ..letter };
    // Whoever claims it first sends it; where it was sent meanwhile there is nothing to claim.
    if !app.store.claim_letter(&claimed, attempts - 1, Attempt::new(&app.entropy)).await? {
        return Ok(false);
    }
    let sent = mail::send(app, &claimed, PATIENCE).await;
    log::done();
    if !sent && attempts >= ATTEMPTS {
        tracing::warn!(letter = %claimed.letter_id, "given up: a letter will not be sent");
    }
    if sent || attempts >= ATTEMPTS {
        app.store.delete_letter(claimed.letter_id).await?;
    }
    Ok(sent)
}
