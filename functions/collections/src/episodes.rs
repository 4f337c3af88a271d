//! The episodes of an entry: how they are marked.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};
use shared::account::FieldError;
use shared::app::App;
use shared::bangumi::Episode;
use shared::collection::{Entry, Mark, Marked, Status};
use shared::http::{Incoming, Problem, Segment};
use shared::id::UserId;
use shared::oauth::ScopeToken;
use shared::works;

use crate::entry;

/// How many episodes may be named at once.
const MOST: usize = 1_000;

/// Which episodes of a work.
#[derive(Debug)]
pub(crate) enum Which {
    /// These.
    Of(BTreeSet<u32>),
    /// Every main episode up to the one of this number, as they are counted.
    UpTo(f64),
}

/// The marks of an entry's episodes.
pub(crate) async fn list(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = entry::open(&app, &incoming, &subject, ScopeToken::CollectionsRead).await?;
        let entry = app.store.find_entry(user, subject_id).await?.ok_or_else(entry::not_collected)?;
        let items = entry
            .marks
            .iter()
            .map(|(id, Marked { mark, main })| json!({ "episode_id": id, "mark": mark, "main": main }));
        Ok(shared::http::json(StatusCode::OK, &json!({ "items": items.collect::<Vec<_>>() })))
    };
    super::finish(&incoming, answer.await)
}

/// Marks one episode.
pub(crate) async fn put_one(
    State(app): State<App>,
    Segment(path): Segment<(String, String)>,
    incoming: Incoming,
) -> Response {
    let (subject, episode) = path;
    let answer = async {
        let wrong = || Problem::new(StatusCode::BAD_REQUEST, "episode_id must be a whole number from 1 to 4294967295");
        let episode = entry::number(&episode).ok_or_else(wrong)?;
        let mark = mark(&incoming.json_object()?).map_err(|error| Problem::invalid(vec![error]))?;
        put(&app, &incoming, &subject, mark, &Which::Of([episode].into())).await
    };
    super::finish(&incoming, answer.await)
}

/// Marks many: those that are named, or all main ones up to one.
pub(crate) async fn put_many(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let object = incoming.json_object()?;
        let (mark, which) = (mark(&object), which(&object));
        match (mark, which) {
            (Ok(mark), Ok(which)) => put(&app, &incoming, &subject, mark, &which).await,
            (mark, which) => Err(Problem::invalid(mark.err().into_iter().chain(which.err()).collect())),
        }
    };
    super::finish(&incoming, answer.await)
}

fn mark(object: &Map<String, Value>) -> Result<Option<Mark>, FieldError> {
    let wrong =
        FieldError { field: "mark", code: "invalid_mark", message: "must be wish, done, dropped, or null for none" };
    match object.get("mark") {
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Mark::parse(text).map(Some).ok_or(wrong),
        Some(_) => Err(wrong),
        None => Err(FieldError::new("mark", "required")),
    }
}

fn which(object: &Map<String, Value>) -> Result<Which, FieldError> {
    let wrong = |field, message| Err(FieldError { field, code: "invalid_episodes", message });
    match (object.get("up_to"), object.get("episodes")) {
        (Some(up_to), None) => match up_to.as_f64().filter(|up_to| *up_to > 0.0) {
            Some(up_to) => Ok(Which::UpTo(up_to)),
            None => wrong("up_to", "must be an episode's number, as they are counted"),
        },
        (None, Some(episodes)) => {
            let ids = episodes.as_array().filter(|ids| (1..=MOST).contains(&ids.len()));
            let ids = ids.and_then(|ids| ids.iter().map(|id| u32::try_from(id.as_u64()?).ok()).collect());
            ids.map_or_else(
                || wrong("episodes", "must be a list of 1 to 1000 of the episodes' ids"),
                |ids| Ok(Which::Of(ids)),
            )
        }
        _ => wrong("episodes", "one of episodes and up_to is needed"),
    }
}

async fn put(
    app: &App,
    incoming: &Incoming,
    subject: &str,
    wanted: Option<Mark>,
    which: &Which,
) -> Result<Response, Problem> {
    let (user, subject_id) = entry::open(app, incoming, subject, ScopeToken::CollectionsWrite).await?;
    let (entry, new, offer) = mark_all(app, incoming, user, subject_id, wanted, which).await?;
    let body = json!({ "entry": entry.to_json(), "offer": offer });
    Ok(entry::with_etag(shared::http::json(if new { StatusCode::CREATED } else { StatusCode::OK }, &body), &entry))
}

/// Marks episodes. An anime that is not collected yet is: somebody watches it. Gives the entry, whether it is new, and what
/// its owner may want next.
pub(crate) async fn mark_all(
    app: &App,
    incoming: &Incoming,
    user: UserId,
    subject_id: u32,
    mark: Option<Mark>,
    which: &Which,
) -> Result<(Entry, bool, Option<Status>), Problem> {
    let found = works::episodes(app, &incoming.client_network(), subject_id).await?;
    let chosen = choose(&found.value, which)?;
    // To say that nothing is marked collects nothing.
    let make = |before: Option<&Entry>| {
        let new = || Entry::new(subject_id, Status::Watching, app.clock.now_millis());
        Ok(Some(marked(before.cloned().unwrap_or_else(new), &chosen, mark))
            .filter(|_| before.is_some() || mark.is_some()))
    };
    let written = entry::write(app, incoming, user, subject_id, make).await?;
    let (entry, new) = written.ok_or_else(entry::not_collected)?;
    let offer = offer(&entry, &found.value);
    Ok((entry, new, offer))
}

/// Marks an episode as watched, or takes that back.
pub(crate) async fn toggle(
    app: &App,
    incoming: &Incoming,
    user: UserId,
    subject_id: u32,
    episode: u32,
) -> Result<(), Problem> {
    let found = works::episodes(app, &incoming.client_network(), subject_id).await?;
    let chosen = choose(&found.value, &Which::Of([episode].into()))?;
    let make = |before: Option<&Entry>| {
        let new = || Entry::new(subject_id, Status::Watching, app.clock.now_millis());
        let entry = before.cloned().unwrap_or_else(new);
        let wanted = Some(Mark::Done).filter(|_| !is_done(&entry, episode));
        Ok(Some(marked(entry, &chosen, wanted)))
    };
    entry::write(app, incoming, user, subject_id, make).await.map(drop)
}

/// Marks the first main episode as watched that is not. Where there is none, nothing is done.
pub(crate) async fn watch_next(app: &App, incoming: &Incoming, user: UserId, subject_id: u32) -> Result<(), Problem> {
    let found = works::episodes(app, &incoming.client_network(), subject_id).await?;
    let make = |before: Option<&Entry>| {
        let before = before.ok_or_else(entry::not_collected)?;
        let next = found.value.iter().find(|episode| is_main(episode) && !is_done(before, episode.id));
        Ok(Some(marked(before.clone(), next.as_slice(), Some(Mark::Done))))
    };
    entry::write(app, incoming, user, subject_id, make).await.map(drop)
}

fn marked(mut entry: Entry, episodes: &[&Episode], mark: Option<Mark>) -> Entry {
    for episode in episodes {
        entry.marks.set(episode.id, mark.map(|mark| Marked { mark, main: is_main(episode) }));
    }
    entry
}

fn is_done(entry: &Entry, episode: u32) -> bool {
    entry.marks.get(episode).is_some_and(|marked| marked.mark == Mark::Done)
}

fn choose<'e>(all: &'e [Episode], which: &Which) -> Result<Vec<&'e Episode>, Problem> {
    let chosen: Vec<_> = match which {
        Which::Of(ids) => {
            let chosen: Vec<_> = all.iter().filter(|episode| ids.contains(&episode.id)).collect();
            if chosen.len() < ids.len() {
                return Err(Problem::new(StatusCode::NOT_FOUND, "the anime has no such episode"));
            }
            chosen
        }
        Which::UpTo(last) => all.iter().filter(|episode| is_main(episode) && episode.sort <= *last).collect(),
    };
    let none = || Problem::new(StatusCode::NOT_FOUND, "the anime has no main episode up to that number");
    if chosen.is_empty() { Err(none()) } else { Ok(chosen) }
}

pub(crate) fn is_main(episode: &Episode) -> bool {
    episode.kind == 0
}

/// What its owner may want next: nothing is done by itself.
pub(crate) fn offer(entry: &Entry, all: &[Episode]) -> Option<Status> {
    let mut main = all.iter().filter(|episode| is_main(episode)).peekable();
    let finished = main.peek().is_some() && main.all(|episode| is_done(entry, episode.id));
    (finished && entry.status != Status::Done).then_some(Status::Done)
}
