//! Users, their passwords, and the identifiers that lead to them.

use serde::{Deserialize, Serialize};

use super::item::{Condition, Item, item, number, text};
use super::keys;
use super::links::{Link, unbound};
use super::logouts::{Logout, logout_item};
use super::sessions::session_item;
use super::table::{Store, StoreError, Written};
use super::transaction::{Action, Transacted};
use crate::account::Session;
use crate::account::user::UserStatus;
use crate::account::{Identifier, IdentifierKind, User};
use crate::clock::Time;
use crate::id::{Attempt, SessionId, UserId};
use crate::oauth::lifetimes::USERNAME_HELD;

/// A password as the table has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredPassword {
    /// Argon2id in PHC form.
    pub hash: String,
    /// Raised by every change.
    pub version: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredIdentifier {
    user_id: UserId,
    /// Set where the account is gone: nobody may take the name before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_until: Option<Time>,
}

/// The outcome of a write that takes identifiers.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// All were free, and are taken now.
    Done,
    /// These belong to another account. Nothing was written.
    Already(Vec<IdentifierKind>),
    /// Somebody else changed the user meanwhile. Nothing was written.
    Stale,
}

impl Store {
    /// Whose identifier it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_identifier(&self, identifier: &Identifier) -> Result<Option<UserId>, StoreError> {
        let key = keys::identifier(identifier.kind.as_str(), &identifier.normalised());
        let found: Option<StoredIdentifier> = self.get(&key).await?;
        Ok(found.filter(|found| found.held_until.is_none()).map(|found| found.user_id))
    }

    /// Reads a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.get(&keys::profile(user)).await
    }

    /// Reads a user and their password in one round trip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_and_password(
        &self,
        user: UserId,
    ) -> Result<(Option<User>, Option<StoredPassword>), StoreError> {
        let (profile, password) = (keys::profile(user), keys::password(user));
        let mut found = self.batch_get(&[profile.clone(), password.clone()]).await?;
        Ok((found.take(&profile)?, found.take(&password)?))
    }

    /// Creates a user with password, identifiers and, where they are to be signed in, a session: one transaction: of two who want the same
    /// name at once, one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_user(
        &self,
        user: &User,
        password: &StoredPassword,
        session: Option<&Session>,
        attempt: Attempt,
    ) -> Result<Taken, StoreError> {
        let mut kinds = Vec::new();
        let mut actions = Vec::new();
        for identifier in user.identifiers() {
            kinds.push(identifier.kind);
            actions.push(take(&identifier, user.user_id, user.created_at)?);
        }
        actions.push(Action::Put(profile_item(user)?, Condition::absent()));
        actions.push(Action::Put(password_item(user.user_id, password)?, Condition::absent()));
        if let Some(session) = session {
            actions.push(Action::Put(session_item(session)?, Condition::absent()));
        }
        Ok(match self.transact(actions, attempt).await? {
            Transacted::Done => Taken::Done,
            Transacted::Lost(lost) => {
                Taken::Already(lost.iter().filter_map(|(at, _)| kinds.get(*at).copied()).collect())
            }
        })
    }

    /// Writes `after` over `before`, giving up and taking identifiers as they differ.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_user(&self, before: &User, after: &User, attempt: Attempt) -> Result<Taken, StoreError> {
        let after = User { version: before.version + 1, ..after.clone() };
        let unchanged = Condition::version(before.version);
        let (old, new) = (before.identifiers(), after.identifiers());
        let key = |identifier: &Identifier| keys::identifier(identifier.kind.as_str(), &identifier.normalised());
        let gone: Vec<_> = old.iter().map(key).filter(|old| !new.iter().any(|new| key(new) == *old)).collect();
        let come: Vec<_> = new.iter().filter(|new| !old.iter().any(|old| key(old) == key(new))).collect();
        if gone.is_empty() && come.is_empty() {
            return Ok(match self.put(profile_item(&after)?, unchanged, attempt).await? {
                Written::Done => Taken::Done,
                Written::Lost(_) => Taken::Stale,
            });
        }
        let mut actions = vec![];
        for identifier in &come {
            actions.push(take(identifier, after.user_id, after.updated_at)?);
        }
        actions.push(Action::Put(profile_item(&after)?, unchanged));
        for key in gone {
            let ours = Condition::new("#user_id = :user").bind(":user", text(before.user_id));
            actions.push(Action::Delete(key, ours));
        }
        let Transacted::Lost(lost) = self.transact(actions, attempt).await? else { return Ok(Taken::Done) };
        let taken: Vec<_> = lost.iter().filter_map(|(at, _)| come.get(*at)).map(|identifier| identifier.kind).collect();
        Ok(if taken.is_empty() { Taken::Stale } else { Taken::Already(taken) })
    }

    /// Changes the password and raises the user's epoch, which ends every session and token; the session `kept` is
    /// carried over in the same transaction, in which `logout` is written down, too. False if somebody else changed either meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_password(
        &self,
        user: &User,
        old: &StoredPassword,
        hash: String,
        kept: SessionId,
        logout: Option<&Logout>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let password = StoredPassword { hash, version: old.version + 1 };
        self.put_password(user, (password, Condition::version(old.version)), kept, logout, attempt).await
    }

    /// Gives a user without a password their first one, and raises their epoch as [`Store::change_password`] does. False if
    /// somebody else changed the user meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_password(
        &self,
        user: &User,
        hash: String,
        kept: SessionId,
        logout: Option<&Logout>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        self.put_password(user, (StoredPassword { hash, version: 1 }, Condition::absent()), kept, logout, attempt).await
    }

    async fn put_password(
        &self,
        user: &User,
        (password, condition): (StoredPassword, Condition),
        kept: SessionId,
        logout: Option<&Logout>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let epoch = user.epoch + 1;
        let raised = User { version: user.version + 1, epoch, passwordless: false, ..user.clone() };
        let session = keys::session(user.user_id, kept);
        let alive = Condition::new("attribute_exists(#PK)").bind(":epoch", number(epoch));
        let mut actions = vec![
            Action::Put(profile_item(&raised)?, Condition::version(user.version)),
            Action::Put(password_item(user.user_id, &password)?, condition),
            Action::Update(session, "SET #epoch = :epoch".to_owned(), alive),
        ];
        if let Some(logout) = logout {
            actions.push(Action::Put(logout_item(logout)?, Condition::absent()));
        }
        Ok(matches!(self.transact(actions, attempt).await?, Transacted::Done))
    }

    /// Replaces the stored hash of an unchanged password. Losing against another change is no loss.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rehash_password(
        &self,
        user: UserId,
        old: &StoredPassword,
        hash: String,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let password = StoredPassword { hash, version: old.version + 1 };
        self.put(password_item(user, &password)?, Condition::version(old.version), attempt).await.map(drop)
    }

    /// Closes an account, or opens it again. False if somebody else changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_user_status(&self, user: &User, status: UserStatus, attempt: Attempt) -> Result<bool, StoreError> {
        let changed = User { version: user.version + 1, status, ..user.clone() };
        let written = self.put(profile_item(&changed)?, Condition::version(user.version), attempt).await?;
        Ok(matches!(written, Written::Done))
    }

    /// Deletes an account in one transaction: the profile is emptied and marked, the epoch raised, the password gone,
    /// the identifiers freed (the username is held for 30 days, so that nobody slips into a known name), and a job
    /// made that removes the rest, and `logout` is written down. The `links`, which must be all there are, go with their
    /// identities, which are anybody's again. False if somebody else changed the account or a link meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_user(
        &self,
        user: &User,
        links: &[Link],
        logout: Option<&Logout>,
        now: Time,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let emptied = User {
            version: user.version + 1,
            epoch: user.epoch + 1,
            status: UserStatus::Deleted,
            ..User::new(user.user_id, user.created_at)
        };
        let mut actions = vec![
            Action::Put(profile_item(&emptied)?, Condition::version(user.version)),
            Action::Put(super::purges::purge_item(user.user_id, now)?, Condition::absent()),
        ];
        let there = || Condition::new("attribute_exists(#PK)");
        if !user.passwordless {
            actions.push(Action::Delete(keys::password(user.user_id), there()));
        }
        for link in links {
            // The purge would find the link; until then somebody would renew its tokens.
            actions.push(Action::Delete(keys::link(user.user_id, &link.provider), there()));
            actions.push(unbound(link));
        }
        if let Some(logout) = logout {
            actions.push(Action::Put(logout_item(logout)?, Condition::absent()));
        }
        for identifier in user.identifiers() {
            let ours = Condition::new("#user_id = :user").bind(":user", text(user.user_id));
            let key = keys::identifier(identifier.kind.as_str(), &identifier.normalised());
            if identifier.kind == IdentifierKind::Username {
                let until = now + USERNAME_HELD;
                let held = StoredIdentifier { user_id: user.user_id, held_until: Some(until) };
                let mut held = item(&key, "identifier", &held)?;
                held.insert("ttl".to_owned(), number(until.0));
                actions.push(Action::Put(held, ours));
            } else {
                actions.push(Action::Delete(key, ours));
            }
        }
        Ok(matches!(self.transact(actions, attempt).await?, Transacted::Done))
    }
}

pub(super) fn take(identifier: &Identifier, user_id: UserId, now: Time) -> Result<Action, StoreError> {
    let key = keys::identifier(identifier.kind.as_str(), &identifier.normalised());
    let stored = item(&key, "identifier", &StoredIdentifier { user_id, held_until: None })?;
    let free = Condition::new("attribute_not_exists(#PK) OR #held_until <= :now").bind(":now", number(now.0));
    Ok(Action::Put(stored, free))
}

pub(super) fn profile_item(user: &User) -> Result<Item, StoreError> {
    item(&keys::profile(user.user_id), "user", user)
}

fn password_item(user: UserId, password: &StoredPassword) -> Result<Item, StoreError> {
    item(&keys::password(user), "password", password)
}
