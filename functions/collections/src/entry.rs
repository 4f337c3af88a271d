//! One entry: read, replaced, changed, removed.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use shared::app::App;
use shared::clock::Millis;
use shared::collection::{Edit, Entry, Work};
use shared::http::bearer::Caller;
use shared::http::{Incoming, Problem, Segment, empty, json};
use shared::id::UserId;
use shared::oauth::ScopeToken;
use shared::works;

use crate::sync;

/// A write that comes second is made again of what came first. Each lost try is somebody else's success, so this many
/// changes of one entry at once all land.
pub(crate) const TRIES: usize = 32;

/// How long a new entry waits for what its work is called.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) async fn read(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = open(&app, &incoming, &subject, ScopeToken::CollectionsRead).await?;
        let entry = app.store.find_entry(user, subject_id).await?.ok_or_else(not_collected)?;
        Ok(if is_known(&incoming, &entry) {
            with_etag(empty(StatusCode::NOT_MODIFIED), &entry)
        } else {
            answer(StatusCode::OK, &entry)
        })
    };
    super::finish(&incoming, answer.await)
}

pub(crate) async fn put(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = open(&app, &incoming, &subject, ScopeToken::CollectionsWrite).await?;
        let edit = Edit::parse(&incoming.json_object()?).map_err(Problem::invalid)?;
        let make = |before: Option<&Entry>| {
            edit.clone().put(subject_id, before, app.clock.now_millis()).map(Some).map_err(Problem::invalid)
        };
        let (entry, new) = write(&app, &incoming, user, subject_id, make).await?.ok_or_else(not_collected)?;
        Ok(answer(if new { StatusCode::CREATED } else { StatusCode::OK }, &entry))
    };
    super::finish(&incoming, answer.await)
}

pub(crate) async fn patch(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = open(&app, &incoming, &subject, ScopeToken::CollectionsWrite).await?;
        let edit = Edit::parse(&incoming.json_object()?).map_err(Problem::invalid)?;
        let make = |before: Option<&Entry>| Ok(Some(edit.clone().patch(before.ok_or_else(not_collected)?)));
        let (entry, _) = write(&app, &incoming, user, subject_id, make).await?.ok_or_else(not_collected)?;
        Ok(answer(StatusCode::OK, &entry))
    };
    super::finish(&incoming, answer.await)
}

/// Removing what is not there succeeds: a removal whose answer was lost can be sent again.
pub(crate) async fn delete(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = open(&app, &incoming, &subject, ScopeToken::CollectionsWrite).await?;
        remove(&app, &incoming, user, subject_id).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    };
    super::finish(&incoming, answer.await)
}

/// Undoes a removal. What is there already is restored already.
pub(crate) async fn restore(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = open(&app, &incoming, &subject, ScopeToken::CollectionsWrite).await?;
        // There is nothing to say, but what is said is no nonsense.
        if !incoming.body.is_empty() {
            incoming.json_object()?;
        }
        Ok(answer(StatusCode::OK, &bring_back(&app, user, subject_id).await?))
    };
    super::finish(&incoming, answer.await)
}

/// Removes an entry. What is not there is removed already.
pub(crate) async fn remove(app: &App, incoming: &Incoming, user: UserId, subject_id: u32) -> Result<(), Problem> {
    let make = |before: Option<&Entry>| {
        Ok(before.map(|before| Entry { deleted_at: Some(app.clock.now_millis()), ..before.clone() }))
    };
    write(app, incoming, user, subject_id, make).await.map(drop)
}

/// Brings back what was removed. What is there is answered as it is.
pub(crate) async fn bring_back(app: &App, user: UserId, subject_id: u32) -> Result<Entry, Problem> {
    for _ in 0..TRIES {
        let kept = app.store.find_kept_entry(user, subject_id).await?;
        let kept = kept.filter(|kept| kept.is_live() || kept.can_return(app.clock.now_millis()));
        let kept =
            kept.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no such entry was removed in the last 30 days"))?;
        if kept.is_live() {
            return Ok(kept);
        }
        let restored = next(app, Some(&kept), Entry { deleted_at: None, ..kept.clone() });
        if sync::put(app, user, &restored, Some(&kept)).await? {
            return Ok(restored);
        }
    }
    Err(busy())
}

/// Whose entry of which work it is.
pub(crate) async fn open(
    app: &App,
    incoming: &Incoming,
    subject: &str,
    scope: ScopeToken,
) -> Result<(UserId, u32), Problem> {
    let site = app.site().await?;
    let caller = Caller::require(app, &site, incoming).await?;
    caller.allows(scope)?;
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "subject_id must be a whole number from 1 to 4294967295");
    Ok((caller.user.user_id, number(subject).ok_or_else(wrong)?))
}

/// A number of Bangumi's, as it is written in a path.
pub(crate) fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| *id > 0 && !text.starts_with(['+', '0']))
}

/// Reads the entry, makes the next of it and writes that, if nothing came between; without `If-Match` it is made again
/// of what came. Returns it, if there is one now, and whether it is new.
pub(crate) async fn write(
    app: &App,
    incoming: &Incoming,
    user: UserId,
    subject_id: u32,
    make: impl Fn(Option<&Entry>) -> Result<Option<Entry>, Problem>,
) -> Result<Option<(Entry, bool)>, Problem> {
    for _ in 0..TRIES {
        let kept = app.store.find_kept_entry(user, subject_id).await?;
        let before = kept.as_ref().filter(|kept| kept.is_live());
        precondition(incoming, before)?;
        let Some(made) = make(before)? else { return Ok(None) };
        if before == Some(&made) {
            return Ok(Some((made, false)));
        }
        let mut entry = next(app, kept.as_ref(), made);
        if entry.work.is_none() && entry.is_live() {
            entry.work = work(app, incoming, subject_id).await;
        }
        if before.is_none() {
            // Later than what was removed before.
            entry.created_at = entry.updated_at;
        }
        if sync::put(app, user, &entry, kept.as_ref()).await? {
            return Ok(Some((entry, before.is_none())));
        }
    }
    Err(busy())
}

/// `made`, as it follows what is kept.
pub(crate) fn next(app: &App, kept: Option<&Entry>, made: Entry) -> Entry {
    // A machine's clock may be behind that of the one which wrote before: later is later all the same.
    let earliest = kept.map_or(Millis(0), |kept| Millis(kept.updated_at.0 + 1));
    let updated_at = app.clock.now_millis().max(earliest);
    let version = kept.map_or(0, |kept| kept.version) + 1;
    // What was agreed on with Bangumi stays so, also where an entry was removed and is added anew.
    let (base, asked) = kept.map(|kept| (kept.base.clone(), kept.asked.clone())).unwrap_or_default();
    let work = made.work.or_else(|| kept.and_then(|kept| kept.work.clone()));
    Entry { updated_at, version, base, asked, work, settled: None, ..made }
}

/// The work in short, if that is to be had now: an entry goes without.
async fn work(app: &App, incoming: &Incoming, subject_id: u32) -> Option<Work> {
    let network = incoming.client_network();
    let asked = works::work(app, &network, subject_id);
    let found = tokio::time::timeout(PATIENCE, asked).await.ok()?;
    found.ok().map(|found| Work::from(&found.value))
}

pub(crate) fn busy() -> Problem {
    Problem::new(StatusCode::CONFLICT, "the entry is being changed elsewhere at this moment: try again")
}

/// `If-Match` and `If-None-Match` of a write (RFC 9110 §13.1.1, §13.1.2).
fn precondition(incoming: &Incoming, entry: Option<&Entry>) -> Result<(), Problem> {
    let unmatched = match (incoming.headers.get(header::IF_MATCH).map(HeaderValue::to_str), entry) {
        (None, _) => false,
        (Some(Ok(tags)), Some(entry)) => !names(tags, entry),
        (Some(_), _) => true,
    };
    let refused = unmatched || entry.is_some_and(|entry| is_known(incoming, entry));
    if refused { Err(changed()) } else { Ok(()) }
}

/// Whether a list of entity tags, or `*`, names the entry as it is. A weak tag never does (RFC 9110 §8.8.3.2).
fn names(tags: &str, entry: &Entry) -> bool {
    let etag = entry.etag();
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag)
}

/// Whether `If-None-Match` names the entry as it is. There a weak tag will do (RFC 9110 §13.1.2).
fn is_known(incoming: &Incoming, entry: &Entry) -> bool {
    let tags = incoming.header(header::IF_NONE_MATCH);
    tags.is_some_and(|tags| names(&tags.replace("W/\"", "\""), entry))
}

fn changed() -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "the entry is not as If-Match or If-None-Match says: read it again")
}

pub(crate) fn not_collected() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "the collection has no such entry")
}

fn answer(status: StatusCode, entry: &Entry) -> Response {
    with_etag(json(status, &entry.to_json()), entry)
}

pub(crate) fn with_etag(mut response: Response, entry: &Entry) -> Response {
    // Digits, a dash and quotation marks.
    if let Ok(etag) = HeaderValue::from_str(&entry.etag()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}
