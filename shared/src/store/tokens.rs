//! Tokens of accounts elsewhere: sealed at rest, renewed by one holder at a time.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::item::{Condition, number, text};
use super::keys;
use super::letters::write_letter;
use super::links::{Link, link_item};
use super::pendings::Pending;
use super::table::{Query, Store, StoreError, Written};
use super::transaction::{Action, Transacted};
use crate::clock::Time;
use crate::id::{Attempt, LeaseId, UserId};
use crate::mail::Letter;
use crate::oauth::lifetimes::TOKENS_LEASE;
use crate::seal::{Sealable, Sealer, Unsealable};
use crate::upstream::{ProviderId, Tokens};

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct AtRest {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Option<Time>,
}

impl Sealable for AtRest {
    const PURPOSE: &'static str = "upstream tokens";
}

fn seal(at_rest: &Sealer, tokens: &Tokens, context: &str) -> String {
    let plain = AtRest {
        access_token: tokens.access_token.expose_secret().to_owned(),
        refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose_secret().to_owned()),
        expires_at: tokens.expires_at,
    };
    at_rest.seal(&plain, i64::MAX, context.as_bytes())
}

fn open(at_rest: &Sealer, sealed: &str, context: &str) -> Result<Tokens, Unsealable> {
    let plain: AtRest = at_rest.open(sealed, context.as_bytes())?;
    Ok(Tokens {
        access_token: SecretString::from(plain.access_token),
        refresh_token: plain.refresh_token.map(SecretString::from),
        expires_at: plain.expires_at,
    })
}

impl Link {
    /// What its tokens are sealed for: another link's don't open in its place.
    fn context(&self) -> String {
        format!("{}#{}#{}", self.user_id, self.provider, self.subject.as_str())
    }

    /// The same with these tokens, working again if it did not, and in nobody's hands.
    #[must_use]
    pub fn with_tokens(self, at_rest: &Sealer, tokens: &Tokens) -> Self {
        let sealed = seal(at_rest, tokens, &self.context());
        let (tokens, tokens_expire_at) = (Some(sealed), tokens.expires_at);
        Self {
            tokens,
            tokens_expire_at,
            broken_since: None,
            lease_id: None,
            lease_until: None,
            put_off_until: None,
            put_off: 0,
            ..self
        }
    }

    /// Its tokens, if any are kept.
    ///
    /// # Errors
    /// [`Unsealable`]: another link's, or under a secret key that is none of ours any more.
    pub fn open_tokens(&self, at_rest: &Sealer) -> Result<Option<Tokens>, Unsealable> {
        self.tokens.as_deref().map(|sealed| open(at_rest, sealed, &self.context())).transpose()
    }

    /// The same tokens, sealed under the first secret key. `None` where they are already, or there are none.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn resealed(&self, at_rest: &Sealer) -> Result<Option<String>, Unsealable> {
        let Some(sealed) = &self.tokens else { return Ok(None) };
        at_rest.reseal::<AtRest>(sealed, self.context().as_bytes())
    }
}

impl Pending {
    fn context(&self) -> String {
        format!("pending#{}#{}", self.provider, self.subject.as_str())
    }

    /// The same with these tokens.
    #[must_use]
    pub fn with_tokens(self, at_rest: &Sealer, tokens: &Tokens) -> Self {
        let sealed = seal(at_rest, tokens, &self.context());
        Self { tokens: Some(sealed), ..self }
    }

    /// Its tokens, if there are any.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn open_tokens(&self, at_rest: &Sealer) -> Result<Option<Tokens>, Unsealable> {
        self.tokens.as_deref().map(|sealed| open(at_rest, sealed, &self.context())).transpose()
    }
}

/// Which link's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Whose.
    pub user_id: UserId,
    /// Where.
    pub provider: ProviderId,
    /// Its place among those of its shard.
    #[serde(rename = "GSI1SK")]
    pub place: String,
}

impl Store {
    /// Up to `limit` links of one of the [`keys::TOKEN_SHARDS`] that are due ([`Link::due_at`]) at `until` or before (or
    /// all that have tokens), those after `after`, the first that is due first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_tokens(
        &self,
        shard: u8,
        until: Option<Time>,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        // As in `Query::after`.
        let from = after.map_or_else(|| "!".to_owned(), |after| format!("{}!", after.place));
        let to = until.map_or_else(|| "~".to_owned(), |until| format!("{:010}~", until.0));
        let query = Query {
            index: Some("GSI1"),
            partition: keys::tokens_due(shard),
            from,
            to,
            descending: false,
            limit,
            attributes: Some("#user_id, #provider, #GSI1SK"),
        };
        self.query(query).await
    }

    /// Reads up to 100 links.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_links(&self, due: &[Due]) -> Result<Vec<Link>, StoreError> {
        let keys: Vec<_> = due.iter().map(|due| keys::link(due.user_id, &due.provider)).collect();
        let mut found = self.batch_get(&keys).await?;
        let links: Result<Vec<_>, _> = keys.iter().map(|key| found.take(key)).collect();
        Ok(links?.into_iter().flatten().collect())
    }

    /// Takes a link's tokens into one's hands for [`TOKENS_LEASE`]. `None` where somebody else has them, or has changed
    /// the link since it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lease_tokens(
        &self,
        link: &Link,
        lease: LeaseId,
        now: Time,
        attempt: Attempt,
    ) -> Result<Option<Link>, StoreError> {
        let version = link.version + 1;
        let leased = Link { version, lease_id: Some(lease), lease_until: Some(now + TOKENS_LEASE), ..link.clone() };
        let free = as_read(link).and("attribute_not_exists(#lease_until) OR #lease_until <= :now");
        let free = free.bind(":now", number(now.0));
        let written = self.put(link_item(&leased)?, free, attempt).await?;
        Ok(matches!(written, Written::Done).then_some(leased))
    }

    /// Writes both of a link's new tokens, and gives the lease back. False where the lease is another's by now, or nobody's:
    /// then nothing was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew_tokens(&self, leased: &Link, renewed: &Link, attempt: Attempt) -> Result<bool, StoreError> {
        let after = Link { version: leased.version + 1, ..renewed.clone() };
        Ok(matches!(self.put(link_item(&after)?, held(leased), attempt).await?, Written::Done))
    }

    /// Puts a link off whose tokens can't be renewed as things are: the sweep does not meet it until then. False where it
    /// changed since it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_tokens_off(&self, link: &Link, until: Time, attempt: Attempt) -> Result<bool, StoreError> {
        let put_off = link.put_off.saturating_add(1);
        let after = Link { version: link.version + 1, put_off_until: Some(until), put_off, ..link.clone() };
        let written = self.put(link_item(&after)?, as_read(link), attempt).await?;
        Ok(matches!(written, Written::Done))
    }

    /// Marks a link as broken whose refresh token the provider refuses; its tokens, which are of no use, go. False as in
    /// [`Store::renew_tokens`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn break_link(
        &self,
        leased: &Link,
        letter: Option<&Letter>,
        now: Time,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let after = Link {
            version: leased.version + 1,
            broken_since: Some(now),
            tokens: None,
            tokens_expire_at: None,
            lease_id: None,
            lease_until: None,
            ..leased.clone()
        };
        let mut actions = vec![Action::Put(link_item(&after)?, held(leased))];
        if let Some(letter) = letter {
            actions.push(write_letter(letter)?);
        }
        Ok(matches!(self.transact(actions, attempt).await?, Transacted::Done))
    }

    /// Writes `after` over `before`, whoever has its tokens in their hands: what they bring comes too late. False where
    /// the link changed since it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_tokens(&self, before: &Link, after: &Link, attempt: Attempt) -> Result<bool, StoreError> {
        let after = Link { version: before.version + 1, ..after.clone() };
        let written = self.put(link_item(&after)?, as_read(before), attempt).await?;
        Ok(matches!(written, Written::Done))
    }

    /// Replaces what is sealed of a link by the same sealed otherwise, also in somebody's hands. False where it is not as
    /// it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal_tokens(&self, link: &Link, sealed: &str, attempt: Attempt) -> Result<bool, StoreError> {
        let before = link.tokens.as_deref().unwrap_or_default();
        let unchanged = Condition::new("#tokens = :before").bind(":before", text(before)).bind(":sealed", text(sealed));
        let key = keys::link(link.user_id, &link.provider);
        let written = self.update(&key, "SET #tokens = :sealed", unchanged, attempt).await?;
        Ok(matches!(written, Written::Done))
    }
}

/// The link is still the one that was read. Its version alone would not say so: it begins anew where an account is bound
/// again, or another in its place, and resealing leaves it.
fn as_read(link: &Link) -> Condition {
    let Link { version, subject, linked_at, tokens, .. } = link;
    let same = Condition::version(*version).and("#subject = :subject AND #linked_at = :linked_at");
    let same = same.bind(":subject", text(subject.as_str())).bind(":linked_at", number(linked_at.0));
    match tokens {
        Some(tokens) => same.and("#tokens = :before").bind(":before", text(tokens)),
        None => same.and("attribute_not_exists(#tokens)"),
    }
}

/// The lease is still the one under which the link was taken.
fn held(leased: &Link) -> Condition {
    let lease = leased.lease_id.map(|lease| lease.to_string()).unwrap_or_default();
    let held = Condition::new("#lease_id = :lease AND #version = :version");
    held.bind(":lease", text(lease)).bind(":version", number(leased.version))
}
