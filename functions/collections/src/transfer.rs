//! One's own collection as a file: out, and in.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use shared::app::App;
use shared::collection::Entry;
use shared::collection::activity::Activity;
use shared::collection::transfer::{self, Row, TransferError};
use shared::http::{Incoming, Problem};
use shared::id::{Attempt, UserId};
use shared::oauth::{Params, ScopeToken};
use tokio::task::JoinSet;

use crate::entry::{TRIES, busy, next, number};
use crate::list::wrong;
use crate::sync::{caller, nudge};

/// How many entries a file has at the most: an answer can't be more than 6 MB.
const PART: usize = 2_000;

/// How many rows are taken at once.
const ROWS: usize = 1_000;

/// How many are written at once.
const AT_ONCE: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

fn format(params: &Params) -> Result<Format, Problem> {
    match params.get("format").unwrap_or("json") {
        "json" => Ok(Format::Json),
        "csv" => Ok(Format::Csv),
        _ => Err(wrong("format must be json or csv")),
    }
}

/// All entries, in the order of their works' numbers, a part at a time.
pub(crate) async fn export(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let user = caller(&app, &incoming, ScopeToken::CollectionsRead).await?;
        let params = incoming.query_params()?;
        params.refuse_doubled()?;
        let format = format(&params)?;
        let after = match params.get("after") {
            None => 0,
            Some(text) => number(text).ok_or_else(|| wrong("after must be the subject_id that came last"))?,
        };
        let mut kept = app.store.list_kept_entries(user, after, PART + 1).await?;
        let more = kept.len() > PART;
        kept.truncate(PART);
        let next = kept.last().filter(|_| more).map(|entry| entry.subject_id);
        kept.retain(Entry::is_live);
        let mut response = match format {
            Format::Json => {
                shared::http::json(StatusCode::OK, &json!({ "items": transfer::to_json(&kept), "next_after": next }))
            }
            Format::Csv => {
                let csv = transfer::to_csv(&kept).map_err(|error| refused(&error))?;
                shared::http::answer(StatusCode::OK, "text/csv; charset=utf-8; header=present", csv)
            }
        };
        let (name, word) = if format == Format::Csv { ("collection.csv", "csv") } else { ("collection.json", "json") };
        let mut say = |name, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        };
        say(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
        if let Some(next) = next {
            // RFC 8288: also where the format has no place for it.
            say(header::LINK, format!("</collections/export?format={word}&after={next}>; rel=\"next\""));
        }
        Ok(response)
    };
    super::finish(&incoming, answer.await)
}

/// What becomes of the rows of a file.
#[derive(Default)]
struct Outcome {
    created: Vec<u32>,
    changed: Vec<Value>,
    unchanged: usize,
    /// New ones of which the file says too little.
    incomplete: Vec<u32>,
}

/// Takes a file in, or says what would become of it. All of it can be read, or nothing is done.
pub(crate) async fn import(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let user = caller(&app, &incoming, ScopeToken::CollectionsWrite).await?;
        let params = incoming.query_params()?;
        params.refuse_doubled()?;
        let dry_run = match params.get("dry_run") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("dry_run must be true or false")),
        };
        let rows = match format(&params)? {
            Format::Json => transfer::from_json(&incoming.body),
            Format::Csv => transfer::from_csv(&incoming.body),
        };
        let rows = rows.map_err(|error| refused(&error))?;
        if rows.len() > ROWS {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a file may have 1000 rows: send it in parts"));
        }
        let outcome = take_in(&app, user, rows, dry_run).await?;
        let Outcome { created, changed, unchanged, incomplete } = outcome;
        let body = json!({
            "dry_run": dry_run,
            "created": created,
            "changed": changed,
            "unchanged": unchanged,
            "incomplete": incomplete,
        });
        Ok(shared::http::json(StatusCode::OK, &body))
    };
    super::finish(&incoming, answer.await)
}

async fn take_in(app: &App, user: UserId, rows: Vec<Row>, dry_run: bool) -> Result<Outcome, Problem> {
    let mut outcome = Outcome::default();
    let ids: Vec<u32> = rows.iter().map(|row| row.subject_id).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < ids.len() {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "a work is in the file twice: leave one of the rows out",
        ));
    }
    let mut kept = app.store.find_kept_entries(user, &ids).await?;
    let mut writing = JoinSet::new();
    let mut failed = None;
    let mut wrote = false;
    for row in rows {
        let before = kept.iter().position(|kept| kept.subject_id == row.subject_id).map(|at| kept.swap_remove(at));
        let live = before.as_ref().filter(|kept| kept.is_live());
        let Some(wanted) = wanted(app, &row, live) else {
            outcome.incomplete.push(row.subject_id);
            continue;
        };
        if live == Some(&wanted) {
            outcome.unchanged += 1;
            continue;
        }
        match live {
            None => outcome.created.push(row.subject_id),
            Some(live) => {
                let change = Activity::between(Some(live), &wanted).to_json();
                let fields = change.get("fields").cloned().unwrap_or_default();
                outcome.changed.push(json!({ "subject_id": row.subject_id, "fields": fields }));
            }
        }
        if dry_run {
            continue;
        }
        if writing.len() >= AT_ONCE
            && let Some(done) = writing.join_next().await
        {
            failed = failed.or(written(done).err());
        }
        // What is written is; sent again, the file finds it so.
        if failed.is_some() {
            break;
        }
        wrote = true;
        let app = app.clone();
        writing.spawn(async move { write(&app, user, &row, before).await });
    }
    while let Some(done) = writing.join_next().await {
        failed = failed.or(written(done).err());
    }
    if wrote {
        nudge(app, user).await;
    }
    failed.map_or(Ok(outcome), Err)
}

fn wanted(app: &App, row: &Row, live: Option<&Entry>) -> Option<Entry> {
    match live {
        Some(live) => Some(row.over(live)),
        None => row.new_entry(app.clock.now_millis()),
    }
}

fn written(done: Result<Result<(), Problem>, tokio::task::JoinError>) -> Result<(), Problem> {
    done.unwrap_or_else(|_| Err(busy()))
}

/// Writes a row over what is there, also where that changed meanwhile.
async fn write(app: &App, user: UserId, row: &Row, mut kept: Option<Entry>) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let live = kept.as_ref().filter(|kept| kept.is_live());
        let Some(wanted) = wanted(app, row, live).filter(|wanted| live != Some(wanted)) else { return Ok(()) };
        let mut entry = next(app, kept.as_ref(), wanted);
        if live.is_none() {
            // Later than what was removed before.
            (entry.created_at, entry.deleted_at) = (entry.updated_at, None);
        }
        if app.store.put_entry(user, &entry, kept.as_ref(), Attempt::new(&app.entropy)).await? {
            return Ok(());
        }
        kept = app.store.find_kept_entry(user, row.subject_id).await?;
    }
    Err(busy())
}

fn refused(error: &TransferError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}
