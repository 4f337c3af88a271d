//! How far each user's synchronisation is, who runs it, and who is due.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::item::{Condition, item, map, number, text};
use super::keys::{self, Key, SYNC_SHARDS};
use super::table::{Query, Store, StoreError, Written};
use super::transaction::Action;
use crate::clock::{Millis, Time};
use crate::collection::merge::Settings;
use crate::collection::sync::{Attention, EVERY, Progress, SOON, SyncState, scattered};
use crate::id::{Attempt, LeaseId, UserId};

/// Seconds for which one run has a user to itself: longer than a Lambda runs.
pub const LEASE: i64 = 6 * 60;

/// How a run leaves a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is through, and comes again in a day, or soon if somebody wanted that while it ran.
    Done,
    /// It goes on then.
    At(Time),
    /// Nothing is to be done before somebody does something.
    Never(Option<Attention>),
}

#[derive(Serialize, Deserialize)]
struct Seen {
    subjects: Vec<u32>,
    ttl: Time,
}

/// Wants a user's synchronisation to run at once, whatever was in its way: a step of the transaction that binds the account.
/// It is begun where there is none.
pub(super) fn wanted(user: UserId, now: Millis) -> Action {
    let (update, condition) =
        wanting(user, now, now.time(), Condition::new("attribute_exists(#PK) OR attribute_not_exists(#PK)"));
    Action::Update(keys::sync_state(user), update, condition)
}

fn wanting(user: UserId, now: Millis, at: Time, condition: Condition) -> (String, Condition) {
    let update = "SET #user_id = :user, #type = :type, #schema = :schema, #wanted_at = :wanted, #next_run_at = :at, \
                  #GSI1PK = :due, #GSI1SK = :key REMOVE #attention";
    let condition = condition
        .bind(":user", text(user))
        .bind(":type", text("sync"))
        .bind(":schema", number(1))
        .bind(":wanted", number(now.0))
        .bind(":at", number(at.0))
        .bind(":due", text(keys::sync_due_of(user)))
        .bind(":key", text(keys::by_due(at.0, user)));
    (update.to_owned(), condition)
}

impl Store {
    /// Reads how far a user's synchronisation is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_sync(&self, user: UserId) -> Result<Option<SyncState>, StoreError> {
        self.get(&keys::sync_state(user)).await
    }

    /// Wants it to run at once, as if the account had just been bound.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn want_sync(&self, user: UserId, now: Millis, attempt: Attempt) -> Result<(), StoreError> {
        let any = Condition::new("attribute_exists(#PK) OR attribute_not_exists(#PK)");
        let (update, condition) = wanting(user, now, now.time(), any);
        self.update(&keys::sync_state(user), &update, condition, attempt).await.map(drop)
    }

    /// Something changed here that is to be sent: it runs soon, unless it does anyway, or does not run at all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn nudge_sync(&self, user: UserId, now: Millis, attempt: Attempt) -> Result<(), StoreError> {
        let soon = now.time() + SOON;
        let later = Condition::new("attribute_exists(#GSI1PK) AND #next_run_at > :at");
        let (update, condition) = wanting(user, now, soon, later);
        self.update(&keys::sync_state(user), &update, condition, attempt).await.map(drop)
    }

    /// Writes how a user wants it, which is looked into at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_sync(
        &self,
        user: UserId,
        settings: Settings,
        now: Millis,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let any = Condition::new("attribute_exists(#PK) OR attribute_not_exists(#PK)");
        let any = any.bind(":settings", map("settings", &settings)?);
        let (update, condition) = wanting(user, now, now.time(), any);
        let update = update.replacen("SET ", "SET #settings = :settings, ", 1);
        self.update(&keys::sync_state(user), &update, condition, attempt).await.map(drop)
    }

    /// Who is due in one of the shards, those first that are so for longest. The index may be behind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_due_syncs(&self, shard: u8, now: Time, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let (partition, from) = (keys::sync_due(shard), "!".to_owned());
        let to = format!("{:010}~", now.0);
        let query = Query {
            index: Some("GSI1"),
            partition,
            from,
            to,
            descending: false,
            limit,
            attributes: Some("#PK, #user_id"),
        };
        let due: Vec<Due> = self.query_work(query).await?;
        Ok(due.into_iter().map(|due| due.user_id).collect())
    }

    /// Takes a user who is due for a run, unless another has them. Gives how far it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lease_sync(
        &self,
        user: UserId,
        lease: LeaseId,
        now: Time,
        attempt: Attempt,
    ) -> Result<Option<SyncState>, StoreError> {
        let until = now + LEASE;
        let free = Condition::new(
            "attribute_exists(#GSI1PK) AND #next_run_at <= :now AND \
             (attribute_not_exists(#lease_until) OR #lease_until <= :now)",
        );
        let free = free
            .bind(":now", number(now.0))
            .bind(":until", number(until.0))
            .bind(":lease", text(lease))
            .bind(":key", text(keys::by_due(until.0, user)));
        let take = "SET #lease_id = :lease, #lease_until = :until, #next_run_at = :until, #GSI1SK = :key";
        match self.update(&keys::sync_state(user), take, free, attempt).await? {
            Written::Done => self.find_sync(user).await,
            Written::Lost(_) => Ok(None),
        }
    }

    /// Saves how far a run is. False where the lease is another's by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_sync(
        &self,
        user: UserId,
        lease: LeaseId,
        progress: &Progress,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let held = held(lease).bind(":progress", map("progress", progress)?);
        let written = self.update(&keys::sync_state(user), "SET #progress = :progress", held, attempt).await?;
        Ok(matches!(written, Written::Done))
    }

    /// Saves how far a run is, and gives the user back. `began_at` is when it was taken: what somebody wanted since then is
    /// not done by it. `chance` scatters those that were bound in the same moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_sync(
        &self,
        state: &SyncState,
        lease: LeaseId,
        began_at: Millis,
        next: Next,
        (now, chance): (Time, u8),
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let user = state.user_id;
        let progress = map("progress", &state.progress)?;
        let mut update = "SET #progress = :progress".to_owned();
        let mut condition = held(lease).bind(":progress", progress.clone());
        let at = match next {
            Next::Done => Some(now + scattered(EVERY, chance)),
            Next::At(at) => Some(at),
            Next::Never(_) => None,
        };
        match at {
            Some(at) => {
                update.push_str(", #next_run_at = :at, #GSI1SK = :key REMOVE #lease_id, #lease_until");
                condition = condition.bind(":at", number(at.0)).bind(":key", text(keys::by_due(at.0, user)));
            }
            None => {
                if let Next::Never(Some(attention)) = next {
                    update.push_str(", #attention = :attention");
                    condition = condition.bind(":attention", map("attention", &attention)?);
                }
                update.push_str(" REMOVE #lease_id, #lease_until, #next_run_at, #GSI1PK, #GSI1SK");
            }
        }
        let unwanted = condition
            .and("attribute_not_exists(#wanted_at) OR #wanted_at <= :began")
            .bind(":began", number(began_at.0));
        let key = keys::sync_state(user);
        if matches!(self.update(&key, &update, unwanted, attempt).await?, Written::Done) {
            return Ok(true);
        }
        // Somebody wanted it to run meanwhile: then it does, soon.
        let soon = at.unwrap_or(now + SOON).min(now + SOON);
        let again = held(lease)
            .bind(":progress", progress)
            .bind(":at", number(soon.0))
            .bind(":key", text(keys::by_due(soon.0, user)));
        let update = "SET #progress = :progress, #next_run_at = :at, #GSI1SK = :key REMOVE #lease_id, #lease_until";
        Ok(matches!(self.update(&key, update, again, attempt).await?, Written::Done))
    }

    /// Notes what was among all that is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_seen(
        &self,
        user: UserId,
        (pass, offset): (i64, u32),
        subjects: Vec<u32>,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let seen = Seen { subjects, ttl: Time(pass + 30 * EVERY) };
        let item = item(&keys::sync_seen(user, pass, Some(offset)), "seen", &seen)?;
        self.put(item, Condition::new("attribute_exists(#PK) OR attribute_not_exists(#PK)"), attempt).await.map(drop)
    }

    /// All that was seen in a pass.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_seen(&self, user: UserId, pass: i64) -> Result<HashSet<u32>, StoreError> {
        let seen: Vec<Seen> = self.query(Query::after(&keys::sync_seen(user, pass, None), None, usize::MAX)).await?;
        Ok(seen.into_iter().flat_map(|seen| seen.subjects).collect())
    }

    /// Forgets what was seen, in whichever pass.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_seen(&self, user: UserId) -> Result<(), StoreError> {
        let query = Query {
            attributes: Some("#PK, #SK"),
            ..Query::after(&Key { sk: keys::SYNC_SEEN.to_owned(), ..keys::sync_state(user) }, None, usize::MAX)
        };
        let rows: Vec<Row> = self.query(query).await?;
        let keys: Vec<_> = rows.into_iter().map(|row| Key { pk: row.pk, sk: row.sk }).collect();
        self.delete_all(&keys).await
    }

    /// The shards that [`Store::list_due_syncs`] knows.
    pub fn sync_shards() -> impl Iterator<Item = u8> {
        0..SYNC_SHARDS
    }
}

#[derive(Deserialize)]
struct Due {
    user_id: UserId,
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
}

fn held(lease: LeaseId) -> Condition {
    Condition::new("#lease_id = :lease").bind(":lease", text(lease))
}
