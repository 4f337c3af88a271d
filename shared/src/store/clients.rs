//! OAuth clients.

use super::item::{Condition, Item, item, number, text};
use super::keys::{self, Key};
use super::table::{Query, Store, StoreError, Written};
use crate::id::{Attempt, ClientId, UserId};
use crate::oauth::Client;
use crate::oauth::client::Policies;
use crate::oauth::client_document::KEPT as DOCUMENT_KEPT;

/// The last sort key there can be under a prefix of ours.
const END: char = '\u{7f}';

fn client_item(client: &Client) -> Result<Item, StoreError> {
    let id = client.client_id;
    let mut item = item(&keys::client(&id.to_string()), "client", client)?;
    // A document that nobody uses any more is garbage; what an operator decided about one is not.
    if let Some(document) =
        client.document.as_ref().filter(|_| !client.disabled && client.policies == Policies::default())
    {
        item.insert("ttl".to_owned(), number((document.fetched_at + DOCUMENT_KEPT).0));
    }
    item.insert("GSI1PK".to_owned(), text(keys::CLIENTS));
    item.insert("GSI1SK".to_owned(), text(keys::owned_client(client.owner_id, Some(id))));
    Ok(item)
}

impl Store {
    /// Writes a new client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_client(&self, client: &Client, attempt: Attempt) -> Result<Written, StoreError> {
        self.put(client_item(client)?, Condition::absent(), attempt).await
    }

    /// Reads a client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_client(&self, id: ClientId) -> Result<Option<Client>, StoreError> {
        self.get(&keys::client(&id.to_string())).await
    }

    /// Reads clients, in a round trip for each hundred. Those that are gone are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_clients(&self, ids: &[ClientId]) -> Result<Vec<Client>, StoreError> {
        let mut clients = Vec::with_capacity(ids.len());
        for ids in ids.chunks(100) {
            let keys: Vec<_> = ids.iter().map(|id| keys::client(&id.to_string())).collect();
            let mut found = self.batch_get(&keys).await?;
            for key in &keys {
                clients.extend(found.take(key)?);
            }
        }
        Ok(clients)
    }

    /// Writes a changed client. False if somebody else changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_client(&self, client: &Client, attempt: Attempt) -> Result<bool, StoreError> {
        let unchanged = Condition::version(client.version);
        let changed = Client { version: client.version + 1, ..client.clone() };
        Ok(matches!(self.put(client_item(&changed)?, unchanged, attempt).await?, Written::Done))
    }

    /// Removes a client, and with it the life of all that it was given. One that is gone already stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_client(&self, id: ClientId) -> Result<(), StoreError> {
        self.delete(&keys::client(&id.to_string()), None).await.map(drop)
    }

    /// Lists clients: those of `owner`, or all. For the operator's eyes: the index may be a moment behind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_clients(&self, owner: Option<UserId>) -> Result<Vec<Client>, StoreError> {
        let from = owner.map(|owner| keys::owned_client(Some(owner), None)).unwrap_or_default();
        let query = Query {
            index: Some("GSI1"),
            partition: keys::CLIENTS.to_owned(),
            to: format!("{from}{END}"),
            from: if from.is_empty() { "!".to_owned() } else { from },
            descending: false,
            limit: usize::MAX,
            attributes: None,
        };
        self.query(query).await
    }

    /// The keys of a user's clients, for their removal.
    pub(super) async fn client_keys(&self, owner: UserId) -> Result<Vec<Key>, StoreError> {
        let clients = self.list_clients(Some(owner)).await?;
        Ok(clients.iter().map(|client| keys::client(&client.client_id.to_string())).collect())
    }
}
