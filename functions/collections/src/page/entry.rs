//! One entry: what its owner says about it, and its episodes.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};
use shared::account::FieldError;
use shared::app::App;
use shared::collection::{Edit, Entry, Mark, Status, Work};
use shared::http::page::Frame;
use shared::http::{Incoming, Problem, Segment};
use shared::id::UserId;
use shared::oauth::Params;
use shared::pages::{Choice, CollectionEntry, EpisodeBox, Shown};
use shared::works::{self, WorksError};

use super::{Reader, shown, submitted, words};
use crate::{entry, episodes};

pub(crate) async fn show(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let Some(subject) = entry::number(&subject) else { return Problem::not_found().to_page(&incoming) };
    shown(&app, &incoming, async |reader| render(&app, &incoming, reader, subject, None).await).await
}

pub(crate) async fn submit(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let number = || entry::number(&subject).ok_or_else(Problem::not_found);
    let act = async |reader: &Reader, params: &Params| {
        let subject = number()?;
        let done = act(&app, &incoming, reader.user.user_id, subject, params).await?;
        Ok(format!("/me/collections/{subject}?done={done}"))
    };
    let again = async |reader, params, problem: &Problem| {
        render(&app, &incoming, reader, number()?, Some((&params, problem))).await
    };
    submitted(&app, &incoming, act, again).await
}

async fn act(
    app: &App,
    incoming: &Incoming,
    user: UserId,
    subject_id: u32,
    params: &Params,
) -> Result<&'static str, Problem> {
    match params.get("action").unwrap_or_default() {
        "save" => {
            let edit = Edit::parse(&fields(params)).map_err(Problem::invalid)?;
            let make = |before: Option<&Entry>| {
                edit.clone().put(subject_id, before, app.clock.now_millis()).map(Some).map_err(Problem::invalid)
            };
            entry::write(app, incoming, user, subject_id, make).await?;
            Ok("saved")
        }
        "finish" => {
            let make = |before: Option<&Entry>| {
                let before = before.ok_or_else(entry::not_collected)?;
                Ok(Some(Entry { status: Status::Done, ..before.clone() }))
            };
            entry::write(app, incoming, user, subject_id, make).await?;
            Ok("saved")
        }
        "remove" => {
            entry::remove(app, incoming, user, subject_id).await?;
            Ok("removed")
        }
        "restore" => {
            entry::bring_back(app, user, subject_id).await?;
            Ok("saved")
        }
        "mark" => {
            let wrong = || Problem::new(StatusCode::NOT_FOUND, "the anime has no such episode");
            let episode = params.get("episode").and_then(entry::number).ok_or_else(wrong)?;
            episodes::toggle(app, incoming, user, subject_id, episode).await?;
            Ok("marked")
        }
        "up_to" => {
            let error = FieldError::new("up_to", "invalid");
            let last: f64 = params.get("up_to").and_then(|text| text.trim().parse().ok()).unwrap_or_default();
            if !(last.is_finite() && last > 0.0) {
                return Err(Problem::invalid(vec![error]));
            }
            episodes::mark_all(app, incoming, user, subject_id, Some(Mark::Done), &episodes::Which::UpTo(last)).await?;
            Ok("marked")
        }
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "action must be save, finish, remove, restore, mark or up_to")),
    }
}

/// The form's fields as a PUT has them. What can't be read is left for the check of that.
fn fields(params: &Params) -> Map<String, Value> {
    let text = |name| params.get(name).map(str::trim).unwrap_or_default();
    let or_null = |name| Some(text(name)).filter(|text| !text.is_empty()).map_or(Value::Null, Value::from);
    let number = |name| match text(name) {
        "" => Value::Null,
        digits => digits.parse::<u64>().map_or_else(|_| digits.into(), Value::from),
    };
    let tags = text("tags").split([',', '，', '、', '\n']).map(str::trim).filter(|tag| !tag.is_empty());
    let rewatches = Some(number("rewatch_count")).filter(|count| !count.is_null()).unwrap_or_else(|| json!(0));
    let fields = [
        ("status", text("status").into()),
        ("rating", number("rating")),
        ("comment", or_null("comment")),
        ("tags", tags.collect::<Vec<_>>().into()),
        ("private", (params.get("private") == Some("true")).into()),
        ("rewatch_count", rewatches),
        ("started_at", or_null("started_at")),
        ("finished_at", or_null("finished_at")),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn render(
    app: &App,
    incoming: &Incoming,
    reader: Reader,
    subject_id: u32,
    failed: Option<(&Params, &Problem)>,
) -> Result<Response, Problem> {
    let network = incoming.client_network();
    let kept = app.store.find_kept_entry(reader.user.user_id, subject_id).await?;
    let (work, all) = tokio::join!(works::work(app, &network, subject_id), works::episodes(app, &network, subject_id));
    let work = match work {
        Ok(found) => Some(Work::from(&found.value)),
        Err(WorksError::Store(error)) => return Err(error.into()),
        // What nobody ever collected, and is no anime, is no page.
        Err(WorksError::NotFound) if kept.is_none() => return Err(Problem::not_found()),
        Err(_) => kept.as_ref().and_then(|kept| kept.work.clone()),
    };
    let all = match all {
        Ok(found) => Some(found.value),
        Err(WorksError::Store(error)) => return Err(error.into()),
        Err(_) => None,
    };
    let now = app.clock.now_millis();
    let live = kept.as_ref().filter(|kept| kept.is_live());
    let blank = Entry::new(subject_id, Status::Watching, now);
    let entry = kept.as_ref().filter(|kept| kept.is_live() || kept.can_return(now)).unwrap_or(&blank);

    let path = incoming.path_and_query();
    let frame = Frame::new(app, &reader.site, incoming, Some(&reader.user), &path);
    let (layout, params) = (frame.layout(), incoming.query_params()?);
    let m = layout.m;
    // What was typed stays where it failed.
    let typed = failed.map(|(params, _)| params).filter(|params| params.get("action") == Some("save"));
    let value = |name: &str, kept: String| typed.map_or(kept, |typed| typed.get(name).unwrap_or_default().to_owned());
    let (status, rating) = (value("status", entry.status.as_str().to_owned()), rating(entry));
    let rating = value("rating", rating);
    let statuses = Status::ALL.map(|one| Choice {
        value: one.as_str().to_owned(),
        name: m.status(one).to_owned(),
        chosen: one.as_str() == status,
    });
    let none = Choice { value: String::new(), name: m.entry_no_rating.to_owned(), chosen: rating.is_empty() };
    let ratings = (1..=10_u8).rev().map(|one| one.to_string());
    let ratings = ratings.map(|one| Choice { name: one.clone(), chosen: one == rating, value: one });
    let is_done = |id| entry.marks.get(id).is_some_and(|marked| marked.mark == Mark::Done);
    let notice = match params.get("done") {
        Some("saved" | "marked") if live.is_some() => Some(m.entry_saved),
        _ => None,
    };
    let page = CollectionEntry {
        work: Shown::new(subject_id, work.as_ref()),
        is_collected: live.is_some(),
        can_return: live.is_none() && kept.as_ref().is_some_and(|kept| kept.can_return(now)),
        statuses: statuses.into(),
        ratings: std::iter::once(none).chain(ratings).collect(),
        comment: value("comment", entry.comment.clone().unwrap_or_default()),
        tags: value("tags", entry.tags.join(", ")),
        private: typed.map_or(entry.private, |typed| typed.get("private") == Some("true")),
        rewatch_count: value("rewatch_count", entry.rewatch_count.to_string()),
        started_at: value("started_at", entry.started_at.clone().unwrap_or_default()),
        finished_at: value("finished_at", entry.finished_at.clone().unwrap_or_default()),
        offers_done: live
            .is_some_and(|live| all.as_ref().is_some_and(|all| episodes::offer(live, all) == Some(Status::Done))),
        episodes: all.map(|all| {
            let box_of = |episode: &shared::bangumi::Episode| EpisodeBox {
                id: episode.id,
                number: episode.sort.to_string(),
                title: if episode.name_cn.is_empty() { episode.name.clone() } else { episode.name_cn.clone() },
                done: live.is_some() && is_done(episode.id),
                main: episodes::is_main(episode),
            };
            all.iter().map(box_of).collect()
        }),
        notice: notice.filter(|_| failed.is_none()),
        errors: failed.map(|(_, problem)| problem.errors.clone()).unwrap_or_default(),
        error: failed.filter(|(_, problem)| problem.errors.is_empty()).map(|(_, problem)| words(m, problem)),
        layout,
    };
    let status = failed.map_or(StatusCode::OK, |(_, problem)| problem.status);
    Ok(frame.render_with_covers(app, status, &page))
}

fn rating(entry: &Entry) -> String {
    entry.rating.map(|rating| rating.to_string()).unwrap_or_default()
}
