//! Accounts elsewhere that are bound to a user's account, and whose they are.
//!
//! A link and its identity stand and fall together, each in one transaction: a provider's subject is one user's, and of a
//! provider a user has one account.

use serde::{Deserialize, Serialize};

use super::item::{Condition, Item, item, number, text};
use super::keys;
use super::letters::write_letter;
use super::pendings::consumed;
use super::sessions::session_item;
use super::sync;
use super::table::{Query, Store, StoreError};
use super::transaction::{Action, Transacted};
use super::users::{profile_item, take};
use crate::account::{IdentifierKind, Session, User};
use crate::clock::{Millis, Time};
use crate::i18n::Lang;
use crate::id::{Attempt, LeaseId, UserId};
use crate::mail::Letter;
use crate::oauth::lifetimes::TOKENS_AHEAD;
use crate::upstream::{ProviderId, Subject};

/// A user's account at a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Whose.
    pub user_id: UserId,
    /// Where.
    pub provider: ProviderId,
    /// Its name there, kept exactly.
    pub subject: Subject,
    /// When it was bound.
    pub linked_at: Time,
    /// Raised by every change.
    pub version: u64,
    /// The language of who bound it: letters about it that nobody asks for are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// Its tokens, sealed: [`Link::open_tokens`].
    #[serde(default)]
    pub tokens: Option<String>,
    /// When they expire, if it was told.
    #[serde(default)]
    pub tokens_expire_at: Option<Time>,
    /// Since when the provider refuses the tokens: only binding it again helps.
    #[serde(default)]
    pub broken_since: Option<Time>,
    /// Who renews the tokens now.
    #[serde(default)]
    pub lease_id: Option<LeaseId>,
    /// Until when nobody else may.
    #[serde(default)]
    pub lease_until: Option<Time>,
    /// Until when the sweep leaves the tokens alone, since they can't be renewed as things are.
    #[serde(default)]
    pub put_off_until: Option<Time>,
    /// How often in a row that was so.
    #[serde(default)]
    pub put_off: u32,
}

/// How a binding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works, since this.
    Healthy(Time),
    /// The provider refuses its tokens since this: it has to be bound again.
    NeedsAttention(Time),
}

/// The outcome of binding an account elsewhere. But for `Done`, nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is bound now.
    Done,
    /// It was bound to this user already.
    Already,
    /// It is bound to another user.
    TakenByAnother,
    /// The user has another account bound at this provider.
    ProviderTaken,
    /// The pending item is used up or over.
    PendingGone,
    /// The user's account is closed or deleted, or all its sessions ended meanwhile.
    UserGone,
}

/// The outcome of creating a user for an account elsewhere. But for `Done`, nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// User, link, identity and session are there, the pending item is not.
    Done,
    /// These identifiers belong to another account.
    Already(Vec<IdentifierKind>),
    /// The account elsewhere is bound to another user.
    TakenByAnother,
    /// The pending item is used up or over.
    PendingGone,
}

/// The way to sign in that must be left when an account elsewhere is unbound.
#[derive(Clone, Copy, Debug)]
pub enum Remaining<'a> {
    /// The password.
    Password,
    /// Another account elsewhere.
    Link(&'a ProviderId),
}

/// The outcome of unbinding. But for `Done`, nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// It is unbound, and whoever has it may bind it anew.
    Done,
    /// It was not bound any more, or has been bound anew.
    Gone,
    /// What was to remain is not there.
    LastWay,
}

/// How many of a user's links are read: no site has as many providers.
const LINKS: usize = 100;

impl Link {
    /// A new one, without tokens, and in no language.
    pub fn new(user_id: UserId, provider: ProviderId, subject: Subject, now: Time) -> Self {
        Self {
            user_id,
            provider,
            subject,
            linked_at: now,
            version: 1,
            lang: None,
            tokens: None,
            tokens_expire_at: None,
            broken_since: None,
            lease_id: None,
            lease_until: None,
            put_off_until: None,
            put_off: 0,
        }
    }

    /// When the sweep has to do with its tokens: when they expire, if they ever do, and not before what put them off is
    /// over. The sweep comes [`TOKENS_AHEAD`] earlier.
    pub fn due_at(&self) -> Time {
        let expire_at = self.tokens_expire_at.unwrap_or(Time(i64::MAX));
        self.put_off_until.map_or(expire_at, |until| expire_at.max(until + TOKENS_AHEAD))
    }

    /// How it is.
    pub fn health(&self) -> Health {
        self.broken_since.map_or(Health::Healthy(self.linked_at), Health::NeedsAttention)
    }
}

impl Store {
    /// Whose an account elsewhere is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_upstream_user(
        &self,
        provider: &ProviderId,
        subject: &Subject,
    ) -> Result<Option<UserId>, StoreError> {
        let found: Option<Identity> = self.get(&keys::identity(provider, subject)).await?;
        Ok(found.map(|found| found.user_id))
    }

    /// Reads a link.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_link(&self, user: UserId, provider: &ProviderId) -> Result<Option<Link>, StoreError> {
        self.get(&keys::link(user, provider)).await
    }

    /// A user's links, in the order of the providers' ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_links(&self, user: UserId) -> Result<Vec<Link>, StoreError> {
        self.query(Query::after(&keys::links(user), None, LINKS)).await
    }

    /// Binds an account elsewhere to `user`, who must be as alive as when they signed in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_link(
        &self,
        user: &User,
        link: &Link,
        letter: Option<&Letter>,
        attempt: Attempt,
    ) -> Result<Linked, StoreError> {
        self.bind(user, link, None, letter, attempt).await
    }

    /// The same, and uses the pending item up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn link_pending(
        &self,
        user: &User,
        link: &Link,
        pending_hash: &str,
        letter: Option<&Letter>,
        attempt: Attempt,
    ) -> Result<Linked, StoreError> {
        self.bind(user, link, Some(pending_hash), letter, attempt).await
    }

    async fn bind(
        &self,
        user: &User,
        link: &Link,
        pending_hash: Option<&str>,
        letter: Option<&Letter>,
        attempt: Attempt,
    ) -> Result<Linked, StoreError> {
        // A new version of the profile: who deletes the account has read its links before, and must read them again.
        let alive = Condition::new("#epoch = :epoch AND #status = :active")
            .bind(":epoch", number(user.epoch))
            .bind(":active", text("active"))
            .bind(":one", number(1));
        let raised = "SET #version = #version + :one".to_owned();
        let [link_action, identity_action] = bound(link)?;
        let mut actions =
            vec![link_action, identity_action, Action::Update(keys::profile(user.user_id), raised, alive)];
        if let Some(hash) = pending_hash {
            actions.push(consumed(hash, link));
        }
        if let Some(letter) = letter {
            actions.push(write_letter(letter)?);
        }
        actions.extend(synchronises(link));
        let Transacted::Lost(lost) = self.transact(actions, attempt).await? else { return Ok(Linked::Done) };
        let failed = |at: usize| lost.iter().find(|(lost, _)| *lost == at);
        if let Some((_, there)) = failed(IDENTITY) {
            let theirs = there.as_ref().and_then(|there| there.get("user_id")) == Some(&text(user.user_id));
            return Ok(if theirs { Linked::Already } else { Linked::TakenByAnother });
        }
        Ok(match () {
            () if failed(LINK).is_some() => Linked::ProviderTaken,
            () if failed(PROFILE).is_some() => Linked::UserGone,
            () => Linked::PendingGone,
        })
    }

    /// Creates a user without a password for an account elsewhere: user, identifiers, link, identity and session, and the
    /// pending item used up, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_user_with_link(
        &self,
        user: &User,
        link: &Link,
        session: &Session,
        pending_hash: &str,
        letter: Option<&Letter>,
        attempt: Attempt,
    ) -> Result<Created, StoreError> {
        let user = User { passwordless: true, ..user.clone() };
        let [link_action, identity_action] = bound(link)?;
        let mut actions = vec![
            link_action,
            identity_action,
            Action::Put(profile_item(&user)?, Condition::absent()),
            consumed(pending_hash, link),
            Action::Put(session_item(session)?, Condition::absent()),
        ];
        let first = actions.len();
        let mut kinds = Vec::new();
        for identifier in user.identifiers() {
            kinds.push(identifier.kind);
            actions.push(take(&identifier, user.user_id, user.created_at)?);
        }
        if let Some(letter) = letter {
            actions.push(write_letter(letter)?);
        }
        actions.extend(synchronises(link));
        let Transacted::Lost(lost) = self.transact(actions, attempt).await? else { return Ok(Created::Done) };
        let failed = |at: usize| lost.iter().any(|(lost, _)| *lost == at);
        let taken = lost.iter().filter_map(|(at, _)| kinds.get(at.checked_sub(first)?).copied());
        Ok(match () {
            () if failed(IDENTITY) => Created::TakenByAnother,
            () if failed(PENDING) => Created::PendingGone,
            () => Created::Already(taken.collect()),
        })
    }

    /// Unbinds an account elsewhere, where `remaining` is there in the same moment: of two at once that would each leave
    /// the other's, one succeeds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_link(
        &self,
        link: &Link,
        remaining: Remaining<'_>,
        letter: Option<&Letter>,
        attempt: Attempt,
    ) -> Result<Unlinked, StoreError> {
        let user = link.user_id;
        let remains = match remaining {
            Remaining::Password => keys::password(user),
            Remaining::Link(other) if *other == link.provider => return Ok(Unlinked::LastWay),
            Remaining::Link(other) => keys::link(user, other),
        };
        let same = Condition::new("#subject = :subject").bind(":subject", text(link.subject.as_str()));
        let mut actions = vec![
            Action::Delete(keys::link(user, &link.provider), same),
            unbound(link),
            Action::Check(remains, Condition::new("attribute_exists(#PK)")),
        ];
        if let Some(letter) = letter {
            actions.push(write_letter(letter)?);
        }
        let Transacted::Lost(lost) = self.transact(actions, attempt).await? else { return Ok(Unlinked::Done) };
        let gone = lost.iter().any(|(at, _)| [LINK, IDENTITY].contains(at));
        Ok(if gone { Unlinked::Gone } else { Unlinked::LastWay })
    }
}

/// Places in the transactions above.
const LINK: usize = 0;
const IDENTITY: usize = 1;
const PROFILE: usize = 2;
const PENDING: usize = 3;

#[derive(Serialize, Deserialize)]
struct Identity {
    user_id: UserId,
    provider: ProviderId,
    subject: Subject,
}

/// Begins to synchronise the collection, where it is Bangumi's account that is bound, with tokens.
fn synchronises(link: &Link) -> Option<Action> {
    let can = link.provider == ProviderId::bangumi() && link.tokens.is_some();
    can.then(|| sync::wanted(link.user_id, Millis(link.linked_at.0 * 1000)))
}

fn bound(link: &Link) -> Result<[Action; 2], StoreError> {
    let Link { user_id, provider, subject, .. } = link.clone();
    let key = keys::identity(&provider, &subject);
    let identity = item(&key, "identity", &Identity { user_id, provider, subject })?;
    Ok([Action::Put(link_item(link)?, Condition::absent()), Action::Put(identity, Condition::absent())])
}

/// Frees a link's identity; one that is another's by now stays. Where it is free already, nothing is in the way of whoever
/// unbinds the account, or deletes their own.
pub(super) fn unbound(link: &Link) -> Action {
    let ours = Condition::new("#user_id = :user").bind(":user", text(link.user_id)).or_absent();
    Action::Delete(keys::identity(&link.provider, &link.subject), ours)
}

/// A link as the table has it. Those with tokens are found by when they are due; which never are come last.
pub(super) fn link_item(link: &Link) -> Result<Item, StoreError> {
    let mut item = item(&keys::link(link.user_id, &link.provider), "link", link)?;
    if link.tokens.is_some() {
        item.insert("GSI1PK".to_owned(), text(keys::tokens_due_of(link.user_id)));
        item.insert("GSI1SK".to_owned(), text(keys::by_expiry(link.due_at().0, link.user_id, &link.provider)));
    }
    Ok(item)
}
