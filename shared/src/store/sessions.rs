//! Signed-in browsers.

use super::item::{Condition, Item, item, number};
use super::keys;
use super::table::{Query, Store, StoreError, Written};
use crate::account::Session;
use crate::account::User;
use crate::clock::Time;
use crate::id::{Attempt, SessionId, UserId};

pub(super) fn session_item(session: &Session) -> Result<Item, StoreError> {
    let key = keys::session(session.user_id, session.session_id);
    let mut item = item(&key, "session", session)?;
    item.insert("ttl".to_owned(), number(session.ttl().0));
    Ok(item)
}

impl Store {
    /// Writes a new session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_session(&self, session: &Session, attempt: Attempt) -> Result<Written, StoreError> {
        self.put(session_item(session)?, Condition::absent(), attempt).await
    }

    /// Reads a session and its user in one round trip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_session(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<(Option<Session>, Option<User>), StoreError> {
        let (session, profile) = (keys::session(user, session), keys::profile(user));
        let mut found = self.batch_get(&[session.clone(), profile.clone()]).await?;
        Ok((found.take(&session)?, found.take(&profile)?))
    }

    /// Notes that a session is in use, which moves its idle time-out on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_session(&self, session: &Session, now: Time, attempt: Attempt) -> Result<(), StoreError> {
        let touched = session.touched(now);
        let alive = Condition::new("attribute_exists(#PK)")
            .bind(":seen", number(touched.last_seen_at.0))
            .bind(":idle", number(touched.idle_expires_at.0))
            .bind(":ttl", number(touched.ttl().0));
        let key = keys::session(session.user_id, session.session_id);
        let update = "SET #last_seen_at = :seen, #idle_expires_at = :idle, #ttl = :ttl";
        self.update(&key, update, alive, attempt).await.map(drop)
    }

    /// Up to `limit` of a user's sessions, dead ones among them, in the order of their ids, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_sessions(
        &self,
        user: UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        let after = after.map(|session| keys::session(user, session));
        self.query(Query::after(&keys::sessions(user), after.as_ref(), limit)).await
    }

    /// Ends sessions. Ending one twice is no error.
    ///
    /// # Errors
    /// [`StoreError`]: some may have ended, some not.
    pub async fn delete_sessions(&self, user: UserId, sessions: &[SessionId]) -> Result<(), StoreError> {
        let keys: Vec<_> = sessions.iter().map(|session| keys::session(user, *session)).collect();
        self.delete_all(&keys).await
    }

    /// Ends a session. Ending it twice is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_session(&self, user: UserId, session: SessionId) -> Result<(), StoreError> {
        self.delete(&keys::session(user, session), None).await.map(drop)
    }
}
