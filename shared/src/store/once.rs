//! Marks of what was used and may not be used again.

use serde::{Deserialize, Serialize};

use super::item::{Condition, flag, item, number, read, text};
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

#[derive(Serialize, Deserialize)]
struct Mark {
    ttl: Time,
    /// How often it was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned: Option<u32>,
    /// Whether it is just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    free: Option<bool>,
}

/// Something that was used up, and may be given back.
#[derive(Debug)]
pub struct Used {
    once: Once,
    attempt: Attempt,
    returned: u32,
}

/// How often what was used up is given back: who gets no answer tries again, and nothing serves without end.
pub const RETURNS: u32 = 3;

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
        let item = item(&once.key, "once", &Mark { ttl: once.forget_at, returned: None, free: None })?;
        Ok(matches!(self.put(item, Condition::absent(), attempt).await?, Written::Done))
    }

    /// The same for what [`Store::return_used`] may give back, a few times: then it can be used again, once each time.
    ///
    /// # Errors
    /// As [`Store::use_once`].
    pub async fn use_returnable(&self, once: Once, attempt: Attempt) -> Result<Option<Used>, StoreError> {
        let first = item(&once.key, "once", &Mark { ttl: once.forget_at, returned: None, free: None })?;
        let there = match self.put(first, Condition::absent(), attempt).await? {
            Written::Done => return Ok(Some(Used { once, attempt, returned: 0 })),
            Written::Lost(there) => there.map(read::<Mark>).transpose()?,
        };
        let Some(Mark { returned: Some(returned), free: Some(true), .. }) = there else { return Ok(None) };
        let again = Mark { ttl: once.forget_at, returned: Some(returned), free: None };
        let free = Condition::new("#free = :true AND #returned = :returned")
            .bind(":true", flag(true))
            .bind(":returned", number(returned));
        let written = self.put(item(&once.key, "once", &again)?, free, attempt).await?;
        Ok(matches!(written, Written::Done).then_some(Used { once, attempt, returned }))
    }

    /// Gives back what was used up, where nothing came of it. False where that was done [`RETURNS`] times before: it stays
    /// used up.
    ///
    /// # Errors
    /// [`StoreError`]: then it may stay used up.
    pub async fn return_used(&self, used: &Used) -> Result<bool, StoreError> {
        if used.returned >= RETURNS {
            return Ok(false);
        }
        let mark = Mark { ttl: used.once.forget_at, returned: Some(used.returned + 1), free: Some(true) };
        let ours = Condition::new("#attempt = :used").bind(":used", text(used.attempt));
        let written = self.put(item(&used.once.key, "once", &mark)?, ours, used.attempt).await?;
        Ok(matches!(written, Written::Done))
    }
}
