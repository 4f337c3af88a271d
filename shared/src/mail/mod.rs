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

use crate::account::limits::{LETTERS_UNVERIFIED, LETTERS_WINDOW};
use crate::account::{Identifier, IdentifierKind, User};
use crate::app::App;
use crate::i18n::Lang;
use crate::id::Attempt;
use crate::store::StoreError;
use crate::store::rates::Counter;

/// How long whoever did it waits until the letter is on its way.
const BUDGET: Duration = Duration::from_secs(2);

/// A letter about what a user is doing just now, as [`Letter::to`] writes it. None where they have done so much within the
/// hour, or their address got so much, and nobody has shown that it is theirs: else whoever binds and unbinds in a loop
/// fills a stranger's letter box. What they do is done all the same.
///
/// # Errors
/// [`StoreError`].
pub async fn about(app: &App, user: &User, kind: LetterKind, lang: Lang) -> Result<Option<Letter>, StoreError> {
    let Some(letter) = Letter::to(app, user, kind, lang) else { return Ok(None) };
    if user.email_verified {
        return Ok(Some(letter));
    }
    let claim = async |scope, subject: String| {
        let counter = Counter::within(LETTERS_WINDOW, scope, &subject, LETTERS_UNVERIFIED, app.clock.now());
        app.store.claim_attempt(&counter, Attempt::new(&app.entropy)).await
    };
    // By the address as well: an account is deleted and made again in a moment.
    let address = Identifier { kind: IdentifierKind::Email, value: letter.to.clone() }.normalised();
    let (by_user, to_address) =
        tokio::join!(claim("LETTERS", user.user_id.to_string()), claim("LETTERSTO", address.to_string()));
    Ok((by_user? & to_address?).then_some(letter))
}

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
