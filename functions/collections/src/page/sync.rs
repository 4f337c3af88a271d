//! The synchronisation with Bangumi.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::app::App;
use shared::clock::Time;
use shared::collection::merge::Asked;
use shared::collection::sync::Counts;
use shared::collection::{Direction, Entry, Field, Fields, OnDelete, Rule, Settings};
use shared::http::page::Frame;
use shared::http::{Incoming, Problem};
use shared::i18n::{Messages, fill};
use shared::oauth::Params;
use shared::pages::{AskedField, Choice, CollectionSync, ConflictRow, Shown};

use super::{Reader, shown, submitted, words};
use crate::entry;
use crate::sync::{Seen, answered, look, set, want};

const PATH: &str = "/me/collections/sync";

/// How many conflicts a page shows. Those that are settled make room for others.
const CONFLICTS: usize = 20;

pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    shown(&app, &incoming, async |reader| render(&app, &incoming, reader, None).await).await
}

pub(crate) async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let act = async |reader: &Reader, params: &Params| {
        let user = reader.user.user_id;
        let object = |names: &[&str]| -> Map<String, Value> {
            let given = names.iter().filter_map(|name| Some(((*name).to_owned(), params.get(name)?.into())));
            given.collect()
        };
        match params.get("action").unwrap_or_default() {
            "set" => set(&app, user, &object(&["direction", "conflicts", "deletions"])).await?,
            "now" => want(&app, user).await?,
            "settle" => {
                let subject = params.get("subject_id").and_then(entry::number).ok_or_else(Problem::not_found)?;
                match answered(&app, user, subject, &object(&["choice", "field"])).await {
                    // It was settled meanwhile, here or there.
                    Err(problem) if problem.status == StatusCode::NOT_FOUND => {}
                    done => drop(done?),
                }
            }
            _ => return Err(Problem::new(StatusCode::BAD_REQUEST, "action must be set, now or settle")),
        }
        Ok(PATH.to_owned())
    };
    submitted(&app, &incoming, act, async |reader, _, problem| render(&app, &incoming, reader, Some(problem)).await)
        .await
}

async fn render(
    app: &App,
    incoming: &Incoming,
    reader: Reader,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let seen = look(app, reader.user.user_id).await?;
    let frame = Frame::new(app, &reader.site, incoming, Some(&reader.user), PATH);
    let layout = frame.layout();
    let m = layout.m;
    let page = CollectionSync {
        state: seen.state,
        words: state(&seen, m),
        setback: seen.setback.filter(|_| seen.state != "unbound").map(|_| m.sync_setback),
        last: seen.last_run.map(|(_, counts)| counted(counts, m)),
        last_at: seen.last_run.map(|(at, _)| at.to_string()),
        next_at: seen.next_run_at.map(|at: Time| at.to_string()),
        settings: settings(seen.settings, m),
        conflicts: seen.asked.iter().take(CONFLICTS).filter_map(|entry| conflict(entry, m)).collect(),
        error: problem.map(|problem| words(m, problem)),
        layout,
    };
    let status = problem.map_or(StatusCode::OK, |problem| problem.status);
    Ok(frame.render_with_covers(app, status, &page))
}

fn state(seen: &Seen, m: &Messages) -> String {
    match (seen.state, seen.progress) {
        ("unbound", _) => m.sync_unbound.to_owned(),
        ("attention", _) => m.sync_attention.to_owned(),
        ("running", Some(Counts { seen, of, .. })) => {
            fill(m.sync_running, &[("seen", &seen.to_string()), ("of", &of.to_string())])
        }
        _ if seen.settings.direction == Direction::Off => m.sync_off.to_owned(),
        _ => m.sync_idle.to_owned(),
    }
}

fn counted(counts: Counts, m: &Messages) -> String {
    let [pulled, pushed, asked, refused] =
        [counts.pulled, counts.pushed, counts.asked, counts.refused].map(|count| count.to_string());
    let values = [("pulled", &*pulled), ("pushed", &*pushed), ("asked", &*asked), ("refused", &*refused)];
    fill(m.sync_counts, &values)
}

fn settings(settings: Settings, m: &'static Messages) -> Vec<(&'static str, &'static str, Vec<Choice>)> {
    let choice = |value: &str, name: &str, chosen| Choice { value: value.to_owned(), name: name.to_owned(), chosen };
    let Settings { direction, conflicts, deletions } = settings;
    vec![
        (
            "direction",
            m.sync_direction,
            vec![
                choice("both", m.sync_both, direction == Direction::Both),
                choice("pull", m.sync_pull, direction == Direction::Pull),
                choice("push", m.sync_push, direction == Direction::Push),
                choice("off", m.sync_none, direction == Direction::Off),
            ],
        ),
        (
            "conflicts",
            m.sync_rule,
            vec![
                choice("ask", m.sync_ask, conflicts == Rule::Ask),
                choice("newest", m.sync_newest, conflicts == Rule::Newest),
                choice("mine", m.sync_mine, conflicts == Rule::Mine),
                choice("theirs", m.sync_theirs, conflicts == Rule::Theirs),
            ],
        ),
        (
            "deletions",
            m.sync_deletions,
            vec![
                choice("keep", m.sync_keep, deletions == OnDelete::Keep),
                choice("dropped", m.sync_dropped, deletions == OnDelete::Dropped),
            ],
        ),
    ]
}

fn conflict(entry: &Entry, m: &'static Messages) -> Option<ConflictRow> {
    let Asked { fields, theirs, .. } = entry.asked.as_ref()?;
    let mine = entry.fields();
    let asked = |field: &Field| {
        let presence = |is_there| if is_there { m.sync_is_there } else { m.sync_is_gone }.to_owned();
        let of = |side: Option<&Fields>, is_there: bool| match (field, side) {
            (Field::Presence, _) => presence(is_there),
            (field, Some(side)) => value(*field, side, m),
            (_, None) => presence(false),
        };
        AskedField {
            field: *field,
            name: name(*field, m),
            here: of(Some(&mine), entry.is_live()),
            there: of(theirs.as_ref(), theirs.is_some()),
        }
    };
    let work = Shown::new(entry.subject_id, entry.work.as_ref());
    Some(ConflictRow { work, fields: fields.iter().map(asked).collect() })
}

fn name(field: Field, m: &'static Messages) -> &'static str {
    match field {
        Field::Status => m.entry_status,
        Field::Rating => m.entry_rating,
        Field::Comment => m.entry_comment,
        Field::Tags => m.entry_tags,
        Field::Private => m.entry_private,
        Field::Episodes => m.entry_episodes,
        Field::Presence => m.sync_presence,
    }
}

/// A field's value in words.
fn value(field: Field, side: &Fields, m: &'static Messages) -> String {
    let text = match field {
        Field::Status => m.status(side.status).to_owned(),
        Field::Rating => side.rating.map(|rating| rating.to_string()).unwrap_or_default(),
        Field::Comment => side.comment.clone().unwrap_or_default(),
        Field::Tags => side.tags.join(", "),
        Field::Private => if side.private { m.sync_is_there } else { m.sync_is_gone }.to_owned(),
        Field::Episodes => fill(m.entry_watched_some, &[("watched", &side.marks.watched(true).to_string())]),
        Field::Presence => String::new(),
    };
    if text.is_empty() { m.sync_nothing.to_owned() } else { text }
}
