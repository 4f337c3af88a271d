//! Sign-outs that clients are still to be told of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::item::{Condition, Item, item, number, text};
use super::keys;
use super::table::{Query, Store, StoreError, Written};
use crate::clock::Time;
use crate::id::{Attempt, ClientId, LogoutId, SessionId, UserId};
use crate::oauth::lifetimes::DAY;

/// A client that got tokens in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listener {
    /// The client.
    pub client_id: ClientId,
    /// The session.
    pub session_id: SessionId,
}

/// A sign-out, and who does not know of it yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Logout {
    /// Its name.
    pub logout_id: LogoutId,
    /// Who signed out.
    pub user_id: UserId,
    /// Who is to be told.
    pub untold: Vec<Listener>,
    /// How often it was tried, but for the first time, when it happened.
    pub attempts: u32,
    /// When it is tried again.
    pub due_at: Time,
}

/// What of a family says which client got tokens in which session.
#[derive(Deserialize)]
struct Row {
    client_id: ClientId,
    #[serde(default)]
    session_id: Option<SessionId>,
}

/// How many families of a user are looked through.
const FAMILIES: usize = 5000;

/// How many are told of one sign-out, and how often one client: one item has room for them (400 KB, and each takes 90 bytes).
/// There are more where a program signs in all the time; that must not keep its owner from changing the password.
const LISTENERS: usize = 2000;
const LISTENERS_OF_A_CLIENT: usize = 200;

/// As many as are told, the clients with the fewest first: a client that fills the list leaves the others' places.
pub fn told(listeners: BTreeSet<Listener>) -> Vec<Listener> {
    let mut of_clients: BTreeMap<ClientId, Vec<Listener>> = BTreeMap::new();
    for listener in listeners {
        of_clients.entry(listener.client_id).or_default().push(listener);
    }
    let mut of_clients: Vec<_> = of_clients.into_values().collect();
    of_clients.sort_by_key(Vec::len);
    let listeners = of_clients.into_iter().flat_map(|listeners| listeners.into_iter().take(LISTENERS_OF_A_CLIENT));
    listeners.take(LISTENERS).collect()
}

pub(super) fn logout_item(logout: &Logout) -> Result<Item, StoreError> {
    let mut item = item(&keys::logout(logout.logout_id), "logout", logout)?;
    item.insert("GSI1PK".to_owned(), text(keys::LOGOUTS_DUE));
    item.insert("GSI1SK".to_owned(), text(logout.due_at));
    item.insert("ttl".to_owned(), number((logout.due_at + 7 * DAY).0));
    Ok(item)
}

impl Store {
    /// Which clients got tokens in which of a user's sessions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_listeners(&self, user: UserId) -> Result<BTreeSet<Listener>, StoreError> {
        let query = Query {
            attributes: Some("#client_id, #session_id"),
            ..Query::after(&keys::families(user), None, FAMILIES)
        };
        let rows: Vec<Row> = self.query(query).await?;
        let listeners = rows.into_iter().filter_map(|Row { client_id, session_id }| {
            session_id.map(|session_id| Listener { client_id, session_id })
        });
        Ok(listeners.collect())
    }

    /// Writes a sign-out down, before it is told of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_logout(&self, logout: &Logout, attempt: Attempt) -> Result<(), StoreError> {
        self.put(logout_item(logout)?, Condition::absent(), attempt).await.map(drop)
    }

    /// Up to `limit` sign-outs that are to be told of again, the longest due first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_logouts(&self, now: Time, limit: usize) -> Result<Vec<Logout>, StoreError> {
        let (from, to) = ("!".to_owned(), now.to_string());
        let partition = keys::LOGOUTS_DUE.to_owned();
        self.query_work(Query { index: Some("GSI1"), partition, from, to, descending: false, limit, attributes: None })
            .await
    }

    /// Makes `after` of a sign-out that was tried `attempts` times. False if somebody else tries it already, or it is
    /// done: then it is theirs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_logout(&self, after: &Logout, attempts: u32, attempt: Attempt) -> Result<bool, StoreError> {
        let unclaimed = Condition::new("#attempts = :attempts").bind(":attempts", number(attempts));
        Ok(matches!(self.put(logout_item(after)?, unclaimed, attempt).await?, Written::Done))
    }

    /// Everybody knows of a sign-out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_logout(&self, id: LogoutId) -> Result<(), StoreError> {
        self.delete(&keys::logout(id), None).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_out_fits_into_an_item_and_a_client_that_fills_the_list_keeps_nobody_from_hearing() {
        let listener = |client: u8, session: u16| {
            let [high, low] = session.to_be_bytes();
            let (mut id, mut of) = ([0; 16], [client; 16]);
            (id[0], id[1], of[0]) = (high, low, client);
            Listener { client_id: ClientId::Registered(of), session_id: SessionId(id) }
        };
        let many = (1..=20).flat_map(|client| (0..500).map(move |session| listener(client, session)));
        let all: BTreeSet<_> = many.chain([listener(200, 1)]).collect();
        let told = told(all);
        assert_eq!(told.len(), LISTENERS);
        assert!(told.contains(&listener(200, 1)));
        let logout = Logout {
            logout_id: LogoutId([0; 16]),
            user_id: UserId([0; 16]),
            untold: told,
            attempts: 0,
            due_at: Time(0),
        };
        // What an item weighs is less than the same in JSON.
        assert!(serde_json::to_vec(&logout).unwrap().len() < 400 * 1024);
    }
}
