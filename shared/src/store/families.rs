//! Token families: redeemed, rotated, revoked.

use super::item::{Condition, item, number, read};
use super::keys;
use super::table::{Store, StoreError, Written};
use crate::clock::Time;
use crate::id::{Attempt, FamilyId, UserId};
use crate::oauth::Family;

/// The outcome of redeeming a code.
#[derive(Debug)]
pub enum Redeemed {
    /// The code is used up, and this is its family.
    New,
    /// It had been used up before.
    Replay,
}

/// The outcome of rotating a refresh token.
#[derive(Debug)]
pub enum Rotated {
    /// The next generation is the current one.
    Done,
    /// Something else happened first; this is the family now, if it still is.
    Lost(Option<Box<Family>>),
}

impl Store {
    /// Redeems a code by creating its family: one conditional write, so of any number of tries one succeeds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redeem(&self, family: &Family, attempt: Attempt) -> Result<Redeemed, StoreError> {
        let mut item = item(&keys::family(family.user_id, family.family_id), "family", family)?;
        item.insert("ttl".to_owned(), number(family.ttl().0));
        Ok(match self.put(item, Condition::absent(), attempt).await? {
            Written::Done => Redeemed::New,
            Written::Lost(_) => Redeemed::Replay,
        })
    }

    /// Makes the generation after `family`'s the current one, if `family` is as it was read; or, where refresh tokens
    /// do not rotate (`next` is the same generation), only moves its idle time-out on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate(
        &self,
        family: &Family,
        next: u32,
        idle_expires_at: Time,
        now: Time,
        attempt: Attempt,
    ) -> Result<Rotated, StoreError> {
        let rotated_at = if next == family.generation { family.rotated_at } else { now };
        let after = Family { generation: next, rotated_at, idle_expires_at, ..family.clone() };
        let current = Condition::new("#generation = :presented AND attribute_not_exists(#revoked_at)")
            .bind(":presented", number(family.generation))
            .bind(":next", number(next))
            .bind(":now", number(rotated_at.0))
            .bind(":idle", number(after.idle_expires_at.0))
            .bind(":ttl", number(after.ttl().0));
        let update = "SET #generation = :next, #rotated_at = :now, #idle_expires_at = :idle, #ttl = :ttl";
        let key = keys::family(family.user_id, family.family_id);
        Ok(match self.update(&key, update, current, attempt).await? {
            Written::Done => Rotated::Done,
            Written::Lost(old) => Rotated::Lost(old.map(read).transpose()?.map(Box::new)),
        })
    }

    /// Marks a family revoked. One that is revoked or gone already stays so.
    ///
    /// # Errors
    /// [`StoreError`]: then the caller answers 503, so that the sign of a theft is not lost.
    pub async fn revoke_family(
        &self,
        user: UserId,
        family: FamilyId,
        now: Time,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let alive = Condition::new("attribute_exists(#PK) AND attribute_not_exists(#revoked_at)");
        let alive = alive.bind(":now", number(now.0));
        self.update(&keys::family(user, family), "SET #revoked_at = :now", alive, attempt).await.map(drop)
    }
}
