//! Pushed authorization requests.

use super::item::{Condition, item, number, text};
use super::keys::{self, Key};
use super::table::{Store, StoreError};
use crate::id::Attempt;
use crate::oauth::client::sha256_hex;
use crate::oauth::pushed::PushedRequest;

/// Where the request of that reference is. The table has only the reference's hash.
pub fn key(reference: &str) -> Key {
    keys::pushed(&sha256_hex(reference))
}

impl Store {
    /// Keeps a request under a fresh reference.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn push_request(
        &self,
        reference: &str,
        request: &PushedRequest,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let mut item = item(&key(reference), "pushed request", request)?;
        item.insert("ttl".to_owned(), number(request.forgotten_at().0));
        // 256 random bits are not taken: the condition only lets a repeat succeed.
        self.put(item, Condition::absent(), attempt).await.map(drop)
    }

    /// Uses a pushed request up, just before its answer is given: of any number of answers at once one is true.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consume_pushed(&self, reference: &str, attempt: Attempt) -> Result<bool, StoreError> {
        let unused = Condition::new("attribute_exists(#PK) AND attribute_not_exists(#consumed_by)");
        let unused = unused.bind(":by", text(attempt));
        let written = self.update(&key(reference), "SET #consumed_by = :by", unused, attempt).await?;
        Ok(matches!(written, super::table::Written::Done))
    }
}
