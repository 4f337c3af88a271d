//! Every key string of the table.
//!
//! Partitions are cut so that IAM's leading keys can keep functions apart: what reads `COLLECTION#…` needs no right to
//! read `SECRET#…`.

use crate::id::{ClientId, FamilyId, LetterId, LogoutId, SessionId, UserId};
use crate::oauth::client::sha256_hex;
use crate::upstream::{ProviderId, Subject};

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The partition.
    pub pk: String,
    /// The place in it.
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// The partition of signing keys, salt and site epoch.
pub const SITE: &str = "KEYS";
/// Sort-key prefix of a signing key.
pub const SIGNING_KEY: &str = "KEY#";

/// A signing key.
pub fn signing_key(kid: &str) -> Key {
    key(SITE.to_owned(), format!("{SIGNING_KEY}{kid}"))
}

/// The salt of pairwise identifiers.
pub fn salt() -> Key {
    key(SITE.to_owned(), "SALT")
}

/// The site's epoch.
pub fn site_epoch() -> Key {
    key(SITE.to_owned(), "EPOCH")
}

/// A user's profile.
pub fn profile(user: UserId) -> Key {
    key(user_partition(user), "PROFILE")
}

/// The partition of a user's profile, grants, families and sessions.
pub fn user_partition(user: UserId) -> String {
    format!("USER#{user}")
}

/// A user's password.
pub fn password(user: UserId) -> Key {
    key(format!("SECRET#{user}"), "PASSWORD")
}

/// A username, e-mail address or phone number, normalised.
pub fn identifier(kind: &str, normalised: &str) -> Key {
    key(format!("IDENTIFIER#{kind}#{normalised}"), "IDENTIFIER")
}

/// An OAuth client. Takes any text: an unknown `client_id` is simply not found.
pub fn client(id: &str) -> Key {
    key(format!("CLIENT#{id}"), "CLIENT")
}

/// The GSI1 partition of all clients.
pub const CLIENTS: &str = "CLIENTS";

/// The GSI1 sort key of a client under its owner; without a client, the prefix of all of that owner's.
pub fn owned_client(owner: Option<UserId>, id: Option<ClientId>) -> String {
    let owner = owner.map_or_else(|| "NOBODY".to_owned(), user_partition);
    format!("{owner}#{}", id.map(|id| id.to_string()).unwrap_or_default())
}

/// A consent.
pub fn grant(user: UserId, client: &str) -> Key {
    key(user_partition(user), format!("GRANT#{client}"))
}

/// The prefix of a user's token families.
pub fn families(user: UserId) -> Key {
    key(user_partition(user), "FAMILY#")
}

/// A token family.
pub fn family(user: UserId, family: FamilyId) -> Key {
    key(user_partition(user), format!("FAMILY#{family}"))
}

/// The prefix of a user's signed-in browsers.
pub fn sessions(user: UserId) -> Key {
    key(user_partition(user), "SESSION#")
}

/// A signed-in browser.
pub fn session(user: UserId, session: SessionId) -> Key {
    key(user_partition(user), format!("SESSION#{session}"))
}

/// A counter of attempts in one window of time.
pub fn rate(scope: &str, hash: &str, window: i64) -> Key {
    key(format!("RATE#{scope}#{hash}#{window}"), "RATE")
}

/// A pushed authorization request, by its reference's hash.
pub fn pushed(hash: &str) -> Key {
    key(format!("PAR#{hash}"), "PAR")
}

/// Something that was used and may not be used again.
pub fn once(purpose: &str, hash: &str) -> Key {
    key(format!("ONCE#{purpose}#{hash}"), "ONCE")
}

/// A token that was revoked by itself.
pub fn revoked(jti: &str) -> Key {
    key(format!("REVOKED#{jti}"), "REVOKED")
}

/// The partition of a user's collection.
pub fn collection_partition(user: UserId) -> String {
    format!("COLLECTION#{user}")
}

/// A collection entry.
pub fn entry(user: UserId, subject_id: u32) -> Key {
    key(collection_partition(user), format!("ENTRY#{subject_id:010}"))
}

/// A change of an entry. One entry never changes twice in a millisecond: each change is later than the one before.
pub fn activity(user: UserId, at: i64, subject_id: u32) -> Key {
    key(collection_partition(user), format!("{ACTIVITY}{}", by_time(at, subject_id)))
}

/// Sort-key prefix of a change of an entry.
pub const ACTIVITY: &str = "ACTIVITY#";

/// The status under which LSI1 has entries that were removed.
pub const REMOVED: &str = "removed";

/// Sort-key prefix of an entry whose owner is asked about it. LSI3.
pub const ASKED: &str = "asked#";

/// Sort-key prefix of an entry of which something is to be sent to Bangumi. LSI3.
pub const TO_SEND: &str = "send#";

/// The sort key of an entry that waits. Not by time: what changes while it waits keeps its place, which costs less.
pub fn waiting(prefix: &str, subject_id: u32) -> String {
    format!("{prefix}{subject_id:010}")
}

/// The GSI1 partition of a user's public entries.
pub fn public_entries(user: UserId) -> String {
    format!("PUBLIC#{user}")
}

/// The sort key of an entry by status, then time of change (13 digits of milliseconds), then subject. LSI1 and GSI1.
pub fn by_status(status: &str, updated_at: i64, subject_id: u32) -> String {
    format!("{status}#{}", by_time(updated_at, subject_id))
}

/// The sort key of an entry by time of change. LSI2.
pub fn by_time(updated_at: i64, subject_id: u32) -> String {
    format!("{updated_at:013}#{subject_id:010}")
}

/// A user's collection in numbers.
pub fn stats(user: UserId) -> Key {
    key(collection_partition(user), "STATS")
}

/// How far the synchronisation of a user's collection is.
pub fn sync_state(user: UserId) -> Key {
    key(sync_partition(user), "STATE")
}

/// The partition of a user's synchronisation.
pub fn sync_partition(user: UserId) -> String {
    format!("SYNC#{user}")
}

/// Sort-key prefix of what was among all that is at Bangumi.
pub const SYNC_SEEN: &str = "SEEN#";

/// What was on one page of a pass over all that is at Bangumi; without a page, the prefix of the pass.
pub fn sync_seen(user: UserId, pass: i64, offset: Option<u32>) -> Key {
    let page = offset.map(|offset| format!("{offset:010}")).unwrap_or_default();
    key(sync_partition(user), format!("{SYNC_SEEN}{pass:013}#{page}"))
}

/// How many partitions of GSI1 those who synchronise are spread over.
pub const SYNC_SHARDS: u8 = 8;

/// One of the GSI1 partitions of those who synchronise.
pub fn sync_due(shard: u8) -> String {
    format!("SYNC#DUE#{shard}")
}

/// The GSI1 partition that a user's synchronisation is in.
pub fn sync_due_of(user: UserId) -> String {
    let [first, ..] = user.0;
    sync_due(first % SYNC_SHARDS)
}

/// The GSI1 sort key of a user's synchronisation by when it is due (10 digits of seconds).
pub fn by_due(at: i64, user: UserId) -> String {
    format!("{:010}#{user}", at.clamp(0, 9_999_999_999))
}

/// What may still be asked of Bangumi.
pub fn bangumi_allowance() -> Key {
    key("RATE#BANGUMI".to_owned(), "ALLOWANCE")
}

/// What is left to remove of a deleted account.
pub fn purge(user: UserId) -> Key {
    key(format!("PURGE#{user}"), "PURGE")
}

/// The GSI1 partition of purge jobs.
pub const PURGES_DUE: &str = "PURGE#DUE";

/// An authorization that a device waits for, by its user code: only the code's hash is stored.
pub fn device(user_code: &str) -> Key {
    key(format!("DEVICE#{}", sha256_hex(user_code)), "DEVICE")
}

/// A sign-out that clients are to be told of.
pub fn logout(id: LogoutId) -> Key {
    key(format!("LOGOUT#{id}"), "LOGOUT")
}

/// The GSI1 partition of sign-outs.
pub const LOGOUTS_DUE: &str = "LOGOUT#DUE";

/// The prefix of a user's accounts elsewhere.
pub fn links(user: UserId) -> Key {
    key(user_partition(user), "UPSTREAM#")
}

/// A user's account at a provider.
pub fn link(user: UserId, provider: &ProviderId) -> Key {
    key(user_partition(user), format!("UPSTREAM#{provider}"))
}

/// Whose account at a provider it is. A subject may be any text of any length, so its hash stands here.
pub fn identity(provider: &ProviderId, subject: &Subject) -> Key {
    key(format!("UPSTREAM#{provider}#{}", sha256_hex(subject.as_str())), "UPSTREAM")
}

/// How many partitions of GSI1 the tokens of accounts elsewhere are spread over.
pub const TOKEN_SHARDS: u8 = 8;

/// One of the GSI1 partitions of tokens.
pub fn tokens_due(shard: u8) -> String {
    format!("UPSTREAM#TOKENS#{shard}")
}

/// The GSI1 partition that a user's tokens are in. Ids are random, so their first byte spreads them evenly.
pub fn tokens_due_of(user: UserId) -> String {
    let [first, ..] = user.0;
    tokens_due(first % TOKEN_SHARDS)
}

/// The GSI1 sort key of tokens by when they are due (10 digits of seconds).
pub fn by_expiry(due_at: i64, user: UserId, provider: &ProviderId) -> String {
    format!("{:010}#{user}#{provider}", due_at.clamp(0, 9_999_999_999))
}

/// An account elsewhere whose owner has not decided yet what becomes of it, by its secret's hash.
pub fn pending(hash: &str) -> Key {
    key(format!("PENDING#{hash}"), "PENDING")
}

/// A letter that is still to be sent.
pub fn letter(id: LetterId) -> Key {
    key(format!("MAIL#{id}"), "MAIL")
}

/// A work, as Bangumi describes it.
pub fn work(id: u32) -> Key {
    key(format!("SUBJECT#{id}"), "SUBJECT")
}

/// A work's episodes.
pub fn work_episodes(id: u32) -> Key {
    key(format!("SUBJECT#{id}"), "EPISODES")
}

/// What words find among works, by their hash.
pub fn search(hash: &str) -> Key {
    key(format!("SUBJECT#SEARCH#{hash}"), "SEARCH")
}

/// What is shown this week.
pub fn calendar() -> Key {
    key("SUBJECT#CALENDAR".to_owned(), "CALENDAR")
}

/// The GSI1 partition of letters.
pub const LETTERS_DUE: &str = "MAIL#DUE";
