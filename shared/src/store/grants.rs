//! Consents.

use serde::{Deserialize, Serialize};

use super::item::{Condition, item, text};
use super::keys;
use super::table::{Query, Store, StoreError, Written};
use crate::clock::Time;
use crate::id::{Attempt, ClientId, GrantId, UserId};
use crate::oauth::Scope;

/// What a user lets a client do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// Its name: families carry it, and die with it.
    pub grant_id: GrantId,
    /// Who.
    pub user_id: UserId,
    /// Whom.
    pub client_id: ClientId,
    /// What.
    pub scope: Scope,
    /// Raised by every change.
    pub version: u64,
    /// When it was given first.
    pub created_at: Time,
    /// When it last grew.
    pub updated_at: Time,
}

impl Store {
    /// Reads a consent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_grant(&self, user: UserId, client: ClientId) -> Result<Option<Grant>, StoreError> {
        self.get(&keys::grant(user, &client.to_string())).await
    }

    /// Up to `limit` of a user's consents, in the order of the clients' ids, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_grants(
        &self,
        user: UserId,
        after: Option<ClientId>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let prefix = keys::grant(user, "");
        let after = after.map(|client| keys::grant(user, &client.to_string()));
        self.query(Query::after(&prefix, after.as_ref(), limit)).await
    }

    /// Withdraws a consent: every code, family and token that hangs on it is dead. One that is gone, or given anew
    /// meanwhile, stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        let this = Condition::new("#grant_id = :grant").bind(":grant", text(grant.grant_id));
        let key = keys::grant(grant.user_id, &grant.client_id.to_string());
        self.delete(&key, Some(this.or_absent())).await.map(drop)
    }

    /// Writes a consent: a new one (version 1) where there is none, or a wider one over the version before. False if
    /// another consent came between.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_grant(&self, grant: &Grant, attempt: Attempt) -> Result<bool, StoreError> {
        let condition = match grant.version {
            0 | 1 => Condition::absent(),
            version => Condition::version(version - 1),
        };
        let key = keys::grant(grant.user_id, &grant.client_id.to_string());
        Ok(matches!(self.put(item(&key, "grant", grant)?, condition, attempt).await?, Written::Done))
    }
}
