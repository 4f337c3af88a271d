//! Access tokens that were revoked by themselves: those that hang on nothing that could be cut off.

use serde::{Deserialize, Serialize};

use super::item::{Condition, item};
use super::keys;
use super::table::{Store, StoreError};
use crate::clock::Time;
use crate::id::{Attempt, ClientId};
use crate::oauth::Client;

/// Says that a token was revoked. It goes when the token has expired anyhow.
#[derive(Debug, Serialize, Deserialize)]
pub struct Revocation {
    ttl: Time,
}

impl Store {
    /// Revokes the token of that `jti`, which expires at `exp`. Revoking it twice is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_token(&self, jti: &str, exp: Time, attempt: Attempt) -> Result<(), StoreError> {
        let item = item(&keys::revoked(jti), "revoked", &Revocation { ttl: exp })?;
        self.put(item, Condition::absent(), attempt).await.map(drop)
    }

    /// Reads a client, and whether its own token of that `jti` was revoked, in one round trip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_client_and_revocation(
        &self,
        id: ClientId,
        jti: &str,
    ) -> Result<(Option<Client>, Option<Revocation>), StoreError> {
        let (client, revoked) = (keys::client(&id.to_string()), keys::revoked(jti));
        let mut found = self.batch_get(&[client.clone(), revoked.clone()]).await?;
        Ok((found.take(&client)?, found.take(&revoked)?))
    }
}
