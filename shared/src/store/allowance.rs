//! How much this site may still ask of Bangumi: one bucket, shared by all that synchronises.

use serde::{Deserialize, Serialize};

use super::item::{Condition, item, number};
use super::keys;
use super::table::{Store, StoreError, Written};
use crate::clock::Millis;
use crate::id::Attempt;

/// Milliseconds for which one request uses the bucket up: 200 requests in a minute. Bangumi bears 3,000 in ten minutes; what
/// is left is for people who look something up.
const EACH: i64 = 300;
/// How many requests the bucket holds: with what flows in, 2,500 in the worst ten minutes.
const HOLDS: i64 = 500;

/// The bucket, as the generic cell rate algorithm has it (ITU-T I.371, annex A.1): when it is full again.
#[derive(Serialize, Deserialize)]
struct Bucket {
    full_at: Millis,
    ttl: i64,
}

impl Store {
    /// Takes `requests` out of the bucket; false where it does not hold as many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_requests(&self, requests: u32, now: Millis, attempt: Attempt) -> Result<bool, StoreError> {
        let key = keys::bangumi_allowance();
        // Whoever is not the first takes what the first has left. Runs are few.
        for _ in 0..8 {
            let before = self.get::<Bucket>(&key).await?.map(|bucket| bucket.full_at);
            let full_at = Millis(before.map_or(now.0, |at| at.0.max(now.0)) + i64::from(requests) * EACH);
            if full_at.0 - now.0 > HOLDS * EACH {
                return Ok(false);
            }
            let bucket = Bucket { full_at, ttl: full_at.time().0 + 24 * 3600 };
            let unchanged = match before {
                Some(before) => Condition::new("#full_at = :before").bind(":before", number(before.0)),
                None => Condition::absent(),
            };
            if matches!(self.put(item(&key, "allowance", &bucket)?, unchanged, attempt).await?, Written::Done) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
