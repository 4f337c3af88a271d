//! Letters that could not be sent when they were written: tried again a few times within a day, then given up.

use std::collections::HashSet;
use std::time::Duration;

use shared::app::App;
use shared::clock::Time;
use shared::id::Attempt;
use shared::log;
use shared::mail::{self, Letter};
use shared::oauth::lifetimes::LETTER_RETRY;
use shared::store::StoreError;

/// How many are read at once.
const PAGE: usize = 25;

/// After so many that SES did not take a run sends no more: there is an outage, and each may have taken [`PATIENCE`].
const FAILURES: usize = 5;

/// Seconds after the run began in which another may be sent.
const BUDGET: i64 = 30;

/// How long SES is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is tried, each time after twice as long: for 16 hours.
const ATTEMPTS: u32 = 5;

/// Sends what is due, in a run that began at `began`.
pub(crate) async fn send(app: &App, began: Time) -> Result<(), StoreError> {
    let (mut met, mut failures) = (HashSet::new(), 0);
    loop {
        let due = app.store.list_due_letters(app.clock.now(), PAGE).await?;
        // The index may be behind, and still have what was just sent.
        let due: Vec<_> = due.into_iter().filter(|letter| met.insert(letter.letter_id)).collect();
        if due.is_empty() {
            return Ok(());
        }
        for letter in due {
            if failures == FAILURES || app.clock.now() >= began + BUDGET {
                return Ok(());
            }
            failures += usize::from(!try_again(app, letter).await?);
        }
    }
}

/// False if SES did not take it.
async fn try_again(app: &App, letter: Letter) -> Result<bool, StoreError> {
    let attempts = letter.attempts + 1;
    let due_at = app.clock.now() + (LETTER_RETRY << letter.attempts.min(ATTEMPTS));
    let claimed = Letter { attempts, due_at, ..letter };
    // Whoever claims it first sends it; where it was sent meanwhile there is nothing to claim.
    if !app.store.claim_letter(&claimed, attempts - 1, Attempt::new(&app.entropy)).await? {
        return Ok(true);
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
