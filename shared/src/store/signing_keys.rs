//! What the whole site shares: signing keys, the salt of pairwise identifiers and the epoch. One partition.

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

use super::item::{Condition, item, number, text};
use super::keys;
use super::table::{Query, Store, StoreError, Written};
use super::transaction::{Action, Transacted};
use crate::clock::Time;
use crate::id::Attempt;

/// A signing key as the table has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredKey {
    /// Its name in tokens and in the JWKS.
    pub kid: String,
    /// What it signs with.
    pub alg: Algorithm,
    /// The private key (PKCS #1 for RSA, PKCS #8 for EC), sealed at rest.
    pub sealed: String,
    /// It is published from its creation, but signs nothing before this.
    pub signs_from: Time,
    /// The key that signs after it. Only a key that has one is ever removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// The partition, read whole.
#[derive(Clone, Debug)]
pub struct StoredSite {
    /// Every key that is published.
    pub keys: Vec<StoredKey>,
    /// 32 random bytes, hexadecimal; never rotated.
    pub salt: String,
    /// Raised after a restore from a backup: it kills every sealed value and handle made before.
    pub epoch: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Row {
    Key(StoredKey),
    Salt { salt: String },
    Epoch { epoch: u64 },
}

impl Store {
    /// Reads the site's keys, salt and epoch. `None` until [`Store::create_site`] has run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_site(&self) -> Result<Option<StoredSite>, StoreError> {
        let query = Query {
            index: None,
            partition: keys::SITE.to_owned(),
            from: "A".to_owned(),
            to: "Z".to_owned(),
            descending: false,
            limit: 100,
            attributes: None,
        };
        let mut site = StoredSite { keys: Vec::new(), salt: String::new(), epoch: 0 };
        for row in self.query(query).await? {
            match row {
                Row::Key(key) => site.keys.push(key),
                Row::Salt { salt } => site.salt = salt,
                Row::Epoch { epoch } => site.epoch = epoch,
            }
        }
        Ok(Some(site).filter(|site| site.epoch > 0))
    }

    /// Writes the site's first keys, salt and epoch, unless another process was first: then that one's stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_site(&self, site: &StoredSite, attempt: Attempt) -> Result<Transacted, StoreError> {
        let mut epoch = item(&keys::site_epoch(), "epoch", &Row::Epoch { epoch: site.epoch })?;
        epoch.extend(site.keys.iter().map(|key| (introduced(key.alg), text(&key.kid))));
        let salt = item(&keys::salt(), "salt", &Row::Salt { salt: site.salt.clone() })?;
        let mut actions = vec![Action::Put(epoch, Condition::absent()), Action::Put(salt, Condition::absent())];
        for key in &site.keys {
            actions.push(Action::Put(item(&keys::signing_key(&key.kid), "signing_key", key)?, Condition::absent()));
        }
        self.transact(actions, attempt).await
    }

    /// Publishes the first key of its kind, on a site that is older than the kind. `false`, and nothing is written, where
    /// the site has had one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn introduce_key(&self, key: &StoredKey, attempt: Attempt) -> Result<bool, StoreError> {
        let kind = introduced(key.alg);
        let never = Condition::new(&format!("attribute_exists(#PK) AND attribute_not_exists(#{kind})"));
        let never = never.bind(":kid", text(&key.kid));
        let actions = vec![
            Action::Update(keys::site_epoch(), format!("SET #{kind} = :kid"), never),
            Action::Put(item(&keys::signing_key(&key.kid), "signing_key", key)?, Condition::absent()),
        ];
        Ok(matches!(self.transact(actions, attempt).await?, Transacted::Done))
    }

    /// Publishes `next` as the successor of `key`, unless another run gave `key` one since it was read: then `false`,
    /// and nothing is written. So there is always exactly one key of its kind without a successor.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn succeed_key(&self, key: &StoredKey, next: &StoredKey, attempt: Attempt) -> Result<bool, StoreError> {
        let unchanged = same_successor(key).bind(":next", text(&next.kid));
        let actions = vec![
            Action::Update(keys::signing_key(&key.kid), "SET #successor = :next".to_owned(), unchanged),
            Action::Put(item(&keys::signing_key(&next.kid), "signing_key", next)?, Condition::absent()),
        ];
        Ok(matches!(self.transact(actions, attempt).await?, Transacted::Done))
    }

    /// Removes a key that has a successor. One that is gone already stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retire_key(&self, kid: &str) -> Result<(), StoreError> {
        let succeeded = Condition::new("attribute_exists(#successor)").or_absent();
        self.delete(&keys::signing_key(kid), Some(succeeded)).await.map(drop)
    }

    /// Removes a key, and puts `next` in its place if there is one. `false` where it is not as it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_key(
        &self,
        key: &StoredKey,
        next: Option<&StoredKey>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let mut actions = vec![Action::Delete(keys::signing_key(&key.kid), same_successor(key))];
        if let Some(next) = next {
            actions.push(Action::Put(item(&keys::signing_key(&next.kid), "signing_key", next)?, Condition::absent()));
        }
        Ok(matches!(self.transact(actions, attempt).await?, Transacted::Done))
    }

    /// Replaces what is sealed of `key` by the same sealed otherwise. `false` where it is not as it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal_key(&self, key: &StoredKey, sealed: &str, attempt: Attempt) -> Result<bool, StoreError> {
        let unchanged = Condition::new("#sealed = :before").bind(":before", text(&key.sealed));
        let unchanged = unchanged.bind(":sealed", text(sealed));
        let written = self.update(&keys::signing_key(&key.kid), "SET #sealed = :sealed", unchanged, attempt).await?;
        Ok(matches!(written, Written::Done))
    }

    /// Raises the site's epoch from `before` to `next`. `false` where it is not `before` any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn raise_epoch(&self, before: u64, next: u64, attempt: Attempt) -> Result<bool, StoreError> {
        let unchanged = Condition::new("#epoch = :before").bind(":before", number(before));
        let unchanged = unchanged.bind(":next", number(next));
        let written = self.update(&keys::site_epoch(), "SET #epoch = :next", unchanged, attempt).await?;
        Ok(matches!(written, Written::Done))
    }
}

/// The attribute beside the epoch that says that the site has had a key of this kind.
fn introduced(alg: Algorithm) -> String {
    format!("first_{alg:?}")
}

/// The key is there, and its successor is who it was. (A key may have one that is gone: somebody removed it by hand.)
fn same_successor(key: &StoredKey) -> Condition {
    match &key.successor {
        None => Condition::new("attribute_exists(#PK) AND attribute_not_exists(#successor)"),
        Some(successor) => Condition::new("#successor = :successor").bind(":successor", text(successor)),
    }
}
