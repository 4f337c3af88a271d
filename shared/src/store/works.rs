//! What Bangumi said about works: kept here, so that not everybody asks it, and something is known while it is away.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::item::{Condition, item, number};
use super::keys::{self, Key};
use super::table::{Store, StoreError};
use crate::clock::Time;
use crate::id::Attempt;
use crate::oauth::client::sha256_hex;

/// How long a text may be that is kept: an item holds 400 KB (Amazon DynamoDB Developer Guide, "Quotas").
const MOST: usize = 380 * 1024;

/// What is kept, and where.
#[derive(Clone, Debug)]
pub struct Shelf {
    key: Key,
    kind: &'static str,
}

impl Shelf {
    /// A work.
    pub fn work(id: u32) -> Self {
        Self { key: keys::work(id), kind: "work" }
    }

    /// A work's episodes.
    pub fn episodes(id: u32) -> Self {
        Self { key: keys::work_episodes(id), kind: "episodes" }
    }

    /// A part of what words find.
    pub fn search(words: &str, offset: u32, limit: u32) -> Self {
        Self { key: keys::search(&sha256_hex(&format!("{offset} {limit} {words}"))), kind: "search" }
    }

    /// What is shown this week.
    pub fn calendar() -> Self {
        Self { key: keys::calendar(), kind: "calendar" }
    }
}

/// What was said, and when.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    /// What; `None`: that there is no such thing.
    pub value: Option<T>,
    /// When.
    pub fetched_at: Time,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// JSON, so that an item is no larger than what it holds.
    body: Option<String>,
    fetched_at: Time,
    ttl: Time,
}

impl Store {
    /// What is kept there. What an older version kept, and this one can't read, is nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_kept<T: DeserializeOwned>(&self, shelf: &Shelf) -> Result<Option<Kept<T>>, StoreError> {
        let Some(stored) = self.get::<Stored>(&shelf.key).await? else { return Ok(None) };
        let value = match stored.body.map(|body| serde_json::from_str(&body)) {
            None => None,
            Some(Ok(value)) => Some(value),
            Some(Err(_)) => return Ok(None),
        };
        Ok(Some(Kept { value, fetched_at: stored.fetched_at }))
    }

    /// Keeps what was said, for `days`, unless something newer is kept already, or it is too long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep<T: Serialize>(
        &self,
        shelf: &Shelf,
        kept: &Kept<T>,
        days: i64,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let json = kept.value.as_ref().map(serde_json::to_string).transpose();
        let body = json.map_err(|_| StoreError::Corrupt(shelf.kind.to_owned()))?;
        if body.as_ref().is_some_and(|body| body.len() > MOST) {
            return Ok(());
        }
        let ttl = kept.fetched_at + days * 24 * 3600;
        let item = item(&shelf.key, shelf.kind, &Stored { body, fetched_at: kept.fetched_at, ttl })?;
        let newer = Condition::new("attribute_not_exists(#PK) OR #fetched_at <= :fetched_at");
        self.put(item, newer.bind(":fetched_at", number(kept.fetched_at.0)), attempt).await.map(drop)
    }
}
