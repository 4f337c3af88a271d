//! What is left of deleted accounts, and its removal: resumable, since every step leaves only less.

use serde::{Deserialize, Serialize};

use super::item::{Item, item, text};
use super::keys::{self, Key};
use super::table::{Query, Store, StoreError};
use crate::clock::Time;
use crate::id::UserId;

#[derive(Serialize, Deserialize)]
struct Purge {
    user_id: UserId,
    created_at: Time,
}

/// A row's key, as a projection of a query gives it.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
}

pub(super) fn purge_item(user_id: UserId, now: Time) -> Result<Item, StoreError> {
    let mut item = item(&keys::purge(user_id), "purge", &Purge { user_id, created_at: now })?;
    item.insert("GSI1PK".to_owned(), text(keys::PURGES_DUE));
    item.insert("GSI1SK".to_owned(), text(now));
    Ok(item)
}

fn everything(partition: String, limit: usize) -> Query<'static> {
    let (from, to) = ("!".to_owned(), "~".to_owned());
    Query { index: None, partition, from, to, descending: false, limit, attributes: Some("#PK, #SK") }
}

impl Store {
    /// The deleted accounts of which something is left, oldest first, `limit` at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_purges(&self, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let mut query = everything(keys::PURGES_DUE.to_owned(), limit);
        query.index = Some("GSI1");
        query.attributes = None;
        let purges: Vec<Purge> = self.query_work(query).await?;
        Ok(purges.into_iter().map(|purge| purge.user_id).collect())
    }

    /// Removes everything that is left of a deleted account, then the job itself.
    ///
    /// # Errors
    /// [`StoreError`]: what is left stays for the next run.
    pub async fn purge(&self, user: UserId) -> Result<(), StoreError> {
        let clients = self.client_keys(user).await?;
        self.delete_all(&clients).await?;
        // The password went in the transaction that deleted the account.
        for partition in [keys::sync_partition(user), keys::collection_partition(user), keys::user_partition(user)] {
            loop {
                let rows: Vec<Row> = self.query(everything(partition.clone(), 100)).await?;
                if rows.is_empty() {
                    break;
                }
                let keys: Vec<_> = rows.into_iter().map(|row| Key { pk: row.pk, sk: row.sk }).collect();
                self.delete_all(&keys).await?;
            }
        }
        self.delete(&keys::purge(user), None).await.map(drop)
    }
}
