//! Taking in whoever wants an account: at `/register`, and who comes with an account elsewhere.

use http::StatusCode;
use serde_json::{Map, Value};

use super::incoming::Incoming;
use super::problem::Problem;
use super::sign_in;
use crate::account::limits::REGISTRATIONS_PER_ADDRESS;
use crate::account::{Changes, FieldError, IdentifierKind, User};
use crate::app::App;
use crate::id::UserId;
use crate::store::rates::Counter;

/// The new user that `object` describes.
///
/// # Errors
/// Every field that is wrong.
pub fn describe(app: &App, object: &Map<String, Value>) -> Result<User, Vec<FieldError>> {
    let now = app.clock.now();
    let blank = User::new(UserId::new(&app.entropy), now);
    Changes::parse(object)?.apply(&blank, now)
}

/// Counts an attempt. Every one counts: names are probed by registering them.
///
/// # Errors
/// 429, 503.
pub async fn admit(app: &App, incoming: &Incoming) -> Result<(), Problem> {
    let network = incoming.client_network();
    let counter = Counter::new("REGISTER", &network, REGISTRATIONS_PER_ADDRESS, app.clock.now());
    sign_in::claim(app, &[counter]).await
}

/// These belong to somebody else.
pub fn taken(kinds: Vec<IdentifierKind>) -> Problem {
    let errors = kinds.into_iter().map(|kind| FieldError::new(kind.as_str(), "taken")).collect();
    Problem { errors, ..Problem::new(StatusCode::CONFLICT, "some of these belong to another account") }
}
