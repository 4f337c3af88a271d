//! Marks of what was used and may not be used again.

use serde::Serialize;

use super::item::{Condition, item, text};
use super::keys::{self, Key};
use super::table::{Store, StoreError, Written};
use crate::clock::Time;
use crate::id::Attempt;
use crate::oauth::client::sha256_hex;

/// Something that may be used once.
#[derive(Clone, Debug)]
pub struct Once {
    key: Key,
    forget_at: Time,
}

#[derive(Serialize)]
struct Mark {
    ttl: Time,
}

impl Once {
    /// `id` (only its hash is stored) among all that is used for `purpose`. After `forget_at` it must be refused for
    /// another reason: its own expiry, say.
    pub fn new(purpose: &str, id: &str, forget_at: Time) -> Self {
        Self { key: keys::once(purpose, &sha256_hex(id)), forget_at }
    }
}

impl Store {
    /// Uses something up: true for the first, of any number at once.
    ///
    /// # Errors
    /// [`StoreError`]: then it may be used up or not, and whoever tries again with a new one loses nothing.
    pub async fn use_once(&self, once: &Once, attempt: Attempt) -> Result<bool, StoreError> {
        let item = item(&once.key, "once", &Mark { ttl: once.forget_at })?;
        Ok(matches!(self.put(item, Condition::absent(), attempt).await?, Written::Done))
    }

    /// Gives back what `attempt` used up, where nothing came of it. What another has used up meanwhile stays so.
    ///
    /// # Errors
    /// [`StoreError`]: then it may stay used up.
    pub async fn return_once(&self, once: &Once, attempt: Attempt) -> Result<(), StoreError> {
        let ours = Condition::new("#attempt = :attempt").bind(":attempt", text(attempt));
        self.delete(&once.key, Some(ours)).await.map(drop)
    }
}
