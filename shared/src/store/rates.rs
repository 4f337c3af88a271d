//! Counters of attempts in fixed windows of time.

use super::keys::{self, Key};
use super::table::{Store, StoreError};
use crate::account::limits::WINDOW;
use crate::clock::Time;
use crate::id::Attempt;
use crate::oauth::client::sha256_hex;

/// One counter in its present window.
#[derive(Clone, Debug)]
pub struct Counter {
    key: Key,
    limit: u64,
    ends_at: Time,
}

impl Counter {
    /// The counter of `subject` (an identifier, an address, …: only its hash is stored) in `scope`.
    pub fn new(scope: &str, subject: &str, limit: u64, now: Time) -> Self {
        Self::within(WINDOW, scope, subject, limit, now)
    }

    /// The same in windows of so many seconds, which is always the same for a scope.
    pub fn within(seconds: i64, scope: &str, subject: &str, limit: u64, now: Time) -> Self {
        let window = now.0.div_euclid(seconds);
        let hash: String = sha256_hex(subject).chars().take(32).collect();
        Self { key: keys::rate(scope, &hash, window), limit, ends_at: Time((window + 1) * seconds) }
    }

    /// Seconds until the window is over, at least one: what `Retry-After` says.
    pub fn retry_after(&self, now: Time) -> i64 {
        (self.ends_at - now).max(1)
    }
}

impl Store {
    /// Takes one attempt off what is left; false where nothing is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_attempt(&self, counter: &Counter, attempt: Attempt) -> Result<bool, StoreError> {
        self.count(&counter.key, counter.limit, counter.ends_at.0 + WINDOW, attempt).await
    }

    /// Gives an attempt back: successes don't count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn return_attempt(&self, counter: &Counter, attempt: Attempt) -> Result<(), StoreError> {
        self.uncount(&counter.key, attempt).await
    }
}
