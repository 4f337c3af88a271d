//! Accounts elsewhere of which it is not decided yet what becomes of them. Only the browser that came back from the
//! provider has the secret that leads to one; the table has the secret's hash.

use serde::{Deserialize, Serialize};

use super::item::{Condition, item, number, text};
use super::keys;
use super::links::Link;
use super::table::{Store, StoreError};
use super::transaction::Action;
use crate::clock::Time;
use crate::id::Attempt;
use crate::oauth::lifetimes::PENDING_LINK;
use crate::upstream::{ProviderId, Subject};

/// An account elsewhere that nobody here has yet, and somebody has just signed in with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// Where.
    pub provider: ProviderId,
    /// Its name there.
    pub subject: Subject,
    /// Its tokens, sealed: [`Pending::open_tokens`].
    #[serde(default)]
    pub tokens: Option<String>,
    /// When they came back from the provider.
    pub created_at: Time,
    /// Where they wanted to go.
    #[serde(default)]
    pub continue_to: Option<String>,
}

impl Pending {
    /// When it is over.
    pub fn expires_at(&self) -> Time {
        self.created_at + PENDING_LINK
    }
}

impl Store {
    /// Keeps one under the hash of a fresh secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_pending(&self, hash: &str, pending: &Pending, attempt: Attempt) -> Result<(), StoreError> {
        let mut item = item(&keys::pending(hash), "pending link", pending)?;
        item.insert("ttl".to_owned(), number(pending.expires_at().0));
        // 256 random bits are not taken: the condition only lets a repeat succeed.
        self.put(item, Condition::absent(), attempt).await.map(drop)
    }

    /// Reads one that is not over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_pending(&self, hash: &str, now: Time) -> Result<Option<Pending>, StoreError> {
        let found: Option<Pending> = self.get(&keys::pending(hash)).await?;
        Ok(found.filter(|pending| now < pending.expires_at()))
    }

    /// Forgets one. Forgetting it twice is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_pending(&self, hash: &str) -> Result<(), StoreError> {
        self.delete(&keys::pending(hash), None).await.map(drop)
    }
}

/// Uses one up for `link`, which must be what it was kept for.
pub(super) fn consumed(hash: &str, link: &Link) -> Action {
    let same = Condition::new("#provider = :provider AND #subject = :subject AND #created_at > :since")
        .bind(":provider", text(&link.provider))
        .bind(":subject", text(link.subject.as_str()))
        .bind(":since", number(link.linked_at.0.saturating_sub(PENDING_LINK)));
    Action::Delete(keys::pending(hash), same)
}
