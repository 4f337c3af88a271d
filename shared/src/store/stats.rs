//! A collection in numbers, as it was last worked out.

use serde::{Deserialize, Serialize};

use super::item::{Condition, item};
use super::keys;
use super::table::{Store, StoreError};
use crate::clock::Millis;
use crate::collection::stats::Stats;
use crate::id::{Attempt, UserId};

/// The numbers, and what they were made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptStats {
    /// They are good as long as nothing changed since.
    pub made_of: LastChange,
    /// The numbers.
    pub stats: Stats,
}

/// When a collection last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    /// The newest change that is told.
    pub told_at: Option<Millis>,
    /// When something last came from Bangumi that is not told one by one.
    pub pulled_at: Option<Millis>,
}

impl Store {
    /// Reads when a user's collection last changed, and the numbers that are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_stats(&self, user: UserId) -> Result<(LastChange, Option<KeptStats>), StoreError> {
        let key = keys::stats(user);
        let (newest, state, kept) =
            tokio::try_join!(self.list_activity(user, None, 0), self.find_sync(user), self.get::<KeptStats>(&key))?;
        let told_at = newest.first().map(|change| change.at);
        let pulled_at = state.and_then(|state| state.progress.pulled_at);
        Ok((LastChange { told_at, pulled_at }, kept))
    }

    /// Keeps the numbers. Of two that are worked out at once either may stay: they say what they were made of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_stats(&self, user: UserId, kept: &KeptStats, attempt: Attempt) -> Result<(), StoreError> {
        let any = Condition::new("attribute_exists(#PK) OR attribute_not_exists(#PK)");
        self.put(item(&keys::stats(user), "stats", kept)?, any, attempt).await.map(drop)
    }
}
