//! Collection entries. A page of any collection costs the same, however long it is: it is one range of an index.

use super::item::{Condition, Item, item, number, text};
use super::keys;
use super::table::{Query, Store, StoreError, Written};
use super::transaction::{Action, Transacted};
use crate::clock::Millis;
use crate::collection::activity::TOLD;
use crate::collection::entry::KEPT;
use crate::collection::{Activity, Entry, Status};
use crate::id::{Attempt, UserId};

/// Where a page begins, and which way it goes.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only these.
    pub status: Option<Status>,
    /// Newest first.
    pub descending: bool,
    /// The last entry of the page before.
    pub after: Option<(Millis, u32)>,
    /// How many at the most.
    pub limit: usize,
}

impl Page {
    /// The range of sort keys that is left, under `prefix`: both ends are inclusive.
    fn range(&self, prefix: &str) -> (String, String) {
        let (mut from, mut to) = (format!("{prefix}0"), format!("{prefix}:"));
        if let Some((at, subject_id)) = self.after {
            // The neighbour of a key in its order: one subject on, or one back ('/' is below every digit).
            let last = format!("{prefix}{}", keys::by_time(at.0, subject_id));
            if self.descending {
                to = match subject_id.checked_sub(1) {
                    Some(before) => format!("{prefix}{}", keys::by_time(at.0, before)),
                    None => format!("{prefix}{:013}#/", at.0),
                };
            } else {
                from = format!("{last}!");
            }
        }
        (from, to)
    }
}

impl Store {
    /// Reads one entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_entry(&self, user: UserId, subject_id: u32) -> Result<Option<Entry>, StoreError> {
        Ok(self.find_kept_entry(user, subject_id).await?.filter(Entry::is_live))
    }

    /// Reads one entry, also one that was removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_kept_entry(&self, user: UserId, subject_id: u32) -> Result<Option<Entry>, StoreError> {
        self.get(&keys::entry(user, subject_id)).await
    }

    /// Writes an entry, which may be one that is removed by it, over `before`, or where there is none; and what was done.
    /// False if it changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_entry(
        &self,
        user: UserId,
        entry: &Entry,
        before: Option<&Entry>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let activity = Activity::between(before, entry);
        let mut told = item(&keys::activity(user, activity.at.0, activity.subject_id), "activity", &activity)?;
        told.insert("ttl".to_owned(), number(activity.at.time().0 + TOLD));
        let (item, condition) = following(user, entry, before)?;
        let actions = vec![Action::Put(item, condition), Action::Put(told, Condition::absent())];
        match self.transact(actions, attempt).await? {
            Transacted::Done => Ok(true),
            Transacted::Lost(_) => Ok(false),
        }
    }

    /// The same where nothing is told: what its owner sees did not change, or it came with many at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_entry_untold(
        &self,
        user: UserId,
        entry: &Entry,
        before: Option<&Entry>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let (item, condition) = following(user, entry, before)?;
        Ok(matches!(self.put(item, condition, attempt).await?, Written::Done))
    }

    /// Reads several entries, also those that were removed, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_kept_entries(&self, user: UserId, subjects: &[u32]) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for subjects in subjects.chunks(100) {
            let keys: Vec<_> = subjects.iter().map(|id| keys::entry(user, *id)).collect();
            let mut found = self.batch_get(&keys).await?;
            for key in &keys {
                entries.extend(found.take(key)?);
            }
        }
        Ok(entries)
    }

    /// The entries after one by the works' numbers, also those that were removed, `limit` at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_kept_entries(&self, user: UserId, after: u32, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let after = keys::entry(user, after);
        let (from, to) = (format!("{}!", after.sk), format!("{}~", keys::entry(user, u32::MAX).sk));
        let partition = after.pk;
        self.query(Query { index: None, partition, from, to, descending: false, limit, attributes: None }).await
    }

    /// The entries of which something may be to be sent, those after one by the works' numbers, `limit` at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_waiting_entries(&self, user: UserId, after: u32, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let of = async |prefix: &str| -> Result<Vec<Entry>, StoreError> {
            let (from, to) =
                (format!("{}!", keys::waiting(prefix, after)), format!("{}~", keys::waiting(prefix, u32::MAX)));
            let partition = keys::collection_partition(user);
            let index = Some("LSI3");
            self.query(Query { index, partition, from, to, descending: false, limit, attributes: None }).await
        };
        let (asked, to_send) = tokio::try_join!(of(keys::ASKED), of(keys::TO_SEND))?;
        let mut waiting = [asked, to_send].concat();
        waiting.sort_by_key(|entry| entry.subject_id);
        waiting.truncate(limit);
        Ok(waiting)
    }

    /// The entries about which their owner is asked, those after one by the works' numbers, `limit` at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_asked_entries(&self, user: UserId, after: u32, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (from, to) =
            (format!("{}!", keys::waiting(keys::ASKED, after)), format!("{}~", keys::waiting(keys::ASKED, u32::MAX)));
        let (index, partition) = (Some("LSI3"), keys::collection_partition(user));
        self.query(Query { index, partition, from, to, descending: false, limit, attributes: None }).await
    }

    /// The changes that somebody made, newest first, those before `before`; one more than `limit` at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_activity(
        &self,
        user: UserId,
        before: Option<(Millis, u32)>,
        limit: usize,
    ) -> Result<Vec<Activity>, StoreError> {
        let page = Page { status: None, descending: true, after: before, limit };
        let (from, to) = page.range(keys::ACTIVITY);
        let partition = keys::collection_partition(user);
        self.query(Query { index: None, partition, from, to, descending: true, limit: limit + 1, attributes: None })
            .await
    }

    /// What was removed since `since`, the latest first, those before `before`; one more than `limit` at the most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_removed_entries(
        &self,
        user: UserId,
        since: Millis,
        before: Option<(Millis, u32)>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let page = Page { status: None, descending: true, after: before, limit };
        let (_, to) = page.range(&format!("{}#", keys::REMOVED));
        let from = keys::by_status(keys::REMOVED, since.0, 0);
        let partition = keys::collection_partition(user);
        let limit = limit + 1;
        let query = Query { index: Some("LSI1"), partition, from, to, descending: true, limit, attributes: None };
        self.query(query).await
    }

    /// A page of somebody's own collection, consistently: at most one entry more than `page.limit`, which tells
    /// whether another page follows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_entries(&self, user: UserId, page: &Page) -> Result<Vec<Entry>, StoreError> {
        let (index, prefix) = match page.status {
            Some(status) => ("LSI1", format!("{}#", status.as_str())),
            None => ("LSI2", String::new()),
        };
        let partition = keys::collection_partition(user);
        self.query(self.page_query(index, partition, &prefix, page)).await
    }

    /// A page of what somebody shows to everybody. One range for one status; the whole collection is five of them,
    /// read at once and merged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_public_entries(&self, user: UserId, page: &Page) -> Result<Vec<Entry>, StoreError> {
        let one = |status: Status| {
            let prefix = format!("{}#", status.as_str());
            self.query::<Entry>(self.page_query("GSI1", keys::public_entries(user), &prefix, page))
        };
        if let Some(status) = page.status {
            return one(status).await;
        }
        let (wish, watching, done, on_hold, dropped) = tokio::try_join!(
            one(Status::Wish),
            one(Status::Watching),
            one(Status::Done),
            one(Status::OnHold),
            one(Status::Dropped)
        )?;
        let mut entries = [wish, watching, done, on_hold, dropped].concat();
        entries.sort_by_key(|entry| (entry.updated_at, entry.subject_id));
        if page.descending {
            entries.reverse();
        }
        entries.truncate(page.limit + 1);
        Ok(entries)
    }

    fn page_query(&self, index: &'static str, partition: String, prefix: &str, page: &Page) -> Query<'static> {
        let (from, to) = page.range(prefix);
        let limit = page.limit + 1;
        Query { index: Some(index), partition, from, to, descending: page.descending, limit, attributes: None }
    }
}

/// An entry's item, and what must stand there for it to be written.
fn following(user: UserId, entry: &Entry, before: Option<&Entry>) -> Result<(Item, Condition), StoreError> {
    let condition = before.map_or_else(Condition::absent, |before| Condition::revision(before.revision));
    let revision = before.map_or(0, |before| before.revision) + 1;
    Ok((entry_item(user, &Entry { revision, ..entry.clone() })?, condition))
}

fn entry_item(user: UserId, entry: &Entry) -> Result<Item, StoreError> {
    let mut item = item(&keys::entry(user, entry.subject_id), "entry", entry)?;
    let by_time = keys::by_time(entry.updated_at.0, entry.subject_id);
    let waits = match &entry.asked {
        Some(_) => Some(keys::ASKED),
        None => entry.is_to_be_sent().then_some(keys::TO_SEND),
    };
    if let Some(prefix) = waits {
        item.insert("LSI3SK".to_owned(), text(keys::waiting(prefix, entry.subject_id)));
    }
    if let Some(deleted_at) = entry.deleted_at {
        let removed = keys::by_status(keys::REMOVED, deleted_at.0, entry.subject_id);
        item.insert("LSI1SK".to_owned(), text(removed));
        // What is still there at Bangumi must not come back from there.
        if entry.base.is_none() {
            item.insert("ttl".to_owned(), number((deleted_at.0 + KEPT).div_euclid(1000)));
        }
        return Ok(item);
    }
    let by_status = keys::by_status(entry.status.as_str(), entry.updated_at.0, entry.subject_id);
    item.insert("LSI1SK".to_owned(), text(&by_status));
    item.insert("LSI2SK".to_owned(), text(by_time));
    if !entry.private {
        item.insert("GSI1PK".to_owned(), text(keys::public_entries(user)));
        item.insert("GSI1SK".to_owned(), text(by_status));
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_begins_just_after_the_last_entry() {
        let last = keys::by_time(1_700_000_000_000, 7);
        let page =
            |descending| Page { status: None, descending, after: Some((Millis(1_700_000_000_000), 7)), limit: 1 };
        let (from, to) = page(false).range("");
        assert!(from > last && from < keys::by_time(1_700_000_000_000, 8) && to > from);
        let (from, to) = page(true).range("");
        assert!(to < last && to >= keys::by_time(1_700_000_000_000, 6) && from < to);
    }
}
