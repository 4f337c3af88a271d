//! Pages of a collection.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::account::{Identifier, IdentifierKind, User};
use shared::app::{App, Site};
use shared::clock::Millis;
use shared::collection::entry::KEPT;
use shared::collection::{Activity, Entry, Status};
use shared::http::bearer::Caller;
use shared::http::{Incoming, Problem, Segment};
use shared::id::UserId;
use shared::oauth::lifetimes::CURSOR;
use shared::oauth::{Params, ScopeToken};
use shared::seal::Sealable;
use shared::store::entries::Page;

use crate::search::{filter, look, order, sorted};

const MOST: usize = 100;
const USUAL: usize = 20;

/// Where the next page begins. Bound to the list that it was made for, so it can't be taken to another.
#[derive(Serialize, Deserialize)]
struct Cursor {
    updated_at: Millis,
    subject_id: u32,
}

impl Sealable for Cursor {
    const PURPOSE: &'static str = "collection cursor";
}

/// A page of one's own entries, and where the next one begins.
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) cursor: Option<String>,
}

pub(crate) async fn own(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let caller = Caller::require(&app, &site, &incoming).await?;
        caller.allows(ScopeToken::CollectionsRead)?;
        let Found { entries, cursor } = find(&app, &site, &incoming, caller.user.user_id).await?;
        let items: Vec<_> = entries.iter().map(Entry::to_json).collect();
        Ok(shared::http::json(StatusCode::OK, &json!({ "items": items, "next_cursor": cursor })))
    };
    super::finish(&incoming, answer.await)
}

/// The page of somebody's own entries that the query asks for.
pub(crate) async fn find(app: &App, site: &Site, incoming: &Incoming, user: UserId) -> Result<Found, Problem> {
    let filter = filter(incoming)?;
    if let Some(order) = order(incoming)? {
        return sorted(app, site, incoming, user, &filter, order).await;
    }
    // A cursor is no good for what is looked for otherwise.
    let (page, list) = page(site, incoming, &format!("own {user} {filter:?}"))?;
    let (entries, next) = if filter.is_open() {
        cut(app.store.list_entries(user, &page).await?, page.limit, Entry::at)
    } else {
        look(app, user, &page, &filter).await?
    };
    Ok(Found { entries, cursor: cursor(site, &list, next) })
}

pub(crate) async fn public(State(app): State<App>, Segment(username): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let nobody = || Problem::new(StatusCode::NOT_FOUND, "there is no user of this name");
        let name = Identifier::parse(IdentifierKind::Username, &username).ok_or_else(nobody)?;
        let site = app.site().await?;
        let user_id = app.store.find_identifier(&name).await?.ok_or_else(nobody)?;
        let (page, list) = page(&site, &incoming, &format!("public {user_id}"))?;
        let (user, entries) =
            tokio::try_join!(app.store.find_user(user_id), app.store.list_public_entries(user_id, &page))?;
        user.filter(User::is_active).ok_or_else(nobody)?;
        Ok(answer(&site, page.limit, &list, entries, Entry::at, Entry::to_json))
    };
    super::finish(&incoming, answer.await)
}

/// What was removed and can still come back, the latest first.
pub(crate) async fn removed(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let (site, user, history) = history(&app, &incoming, "removed").await?;
        let since = Millis(app.clock.now_millis().0 - KEPT + 1);
        let entries = app.store.list_removed_entries(user, since, history.before, history.limit).await?;
        let at = |entry: &Entry| (entry.deleted_at.unwrap_or(entry.updated_at), entry.subject_id);
        Ok(history.answer(&site, entries, at, Entry::to_json))
    };
    super::finish(&incoming, answer.await)
}

/// One's own changes, the latest first.
pub(crate) async fn activity(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let (site, user, history) = history(&app, &incoming, "activity").await?;
        let changes = app.store.list_activity(user, history.before, history.limit).await?;
        Ok(history.answer(&site, changes, |change| (change.at, change.subject_id), Activity::to_json))
    };
    super::finish(&incoming, answer.await)
}

/// A page of something that is listed the latest first.
struct History {
    list: String,
    before: Option<(Millis, u32)>,
    limit: usize,
}

async fn history(app: &App, incoming: &Incoming, name: &str) -> Result<(Arc<Site>, UserId, History), Problem> {
    let site = app.site().await?;
    let caller = Caller::require(app, &site, incoming).await?;
    caller.allows(ScopeToken::CollectionsRead)?;
    let params = incoming.query_params()?;
    params.refuse_doubled()?;
    let user = caller.user.user_id;
    let list = format!("{name} {user}");
    let (before, limit) = (after(&site, &params, &list)?, limit(&params)?);
    Ok((site, user, History { list, before, limit }))
}

impl History {
    fn answer<T>(
        &self,
        site: &Site,
        items: Vec<T>,
        at: impl Fn(&T) -> (Millis, u32),
        json: impl Fn(&T) -> Value,
    ) -> Response {
        answer(site, self.limit, &self.list, items, at, json)
    }
}

/// The page that the query asks for, and the name of its list, to which cursors are bound.
fn page(site: &Site, incoming: &Incoming, owner: &str) -> Result<(Page, String), Problem> {
    let params = incoming.query_params()?;
    params.refuse_doubled()?;
    let status = status(&params)?;
    let descending = match params.get("sort") {
        None | Some("-updated_at") => true,
        Some("updated_at") => false,
        Some(_) => return Err(wrong("sort must be updated_at or -updated_at")),
    };
    let list = format!("{owner} {} {descending}", status.map_or("all", Status::as_str));
    let (after, limit) = (after(site, &params, &list)?, limit(&params)?);
    Ok((Page { status, descending, after, limit }, list))
}

pub(crate) fn status(params: &Params) -> Result<Option<Status>, Problem> {
    let wrong = || wrong("status must be wish, watching, done, on_hold or dropped");
    params.get("status").map(|text| Status::parse(text).ok_or_else(wrong)).transpose()
}

pub(crate) fn limit(params: &Params) -> Result<usize, Problem> {
    match params.get("limit").map(str::parse) {
        None => Ok(USUAL),
        Some(Ok(limit)) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(wrong("limit must be a number from 1 to 100")),
    }
}

/// Where the page before ended.
fn after(site: &Site, params: &Params, list: &str) -> Result<Option<(Millis, u32)>, Problem> {
    let cursor = params.get("cursor").map(|text| site.sealer.open::<Cursor>(text, list.as_bytes()));
    let cursor = cursor.transpose().map_err(|_| wrong("cursor is not one that this list gave, or is too old"))?;
    Ok(cursor.map(|cursor| (cursor.updated_at, cursor.subject_id)))
}

pub(crate) fn wrong(detail: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn answer<T>(
    site: &Site,
    limit: usize,
    list: &str,
    items: Vec<T>,
    at: impl Fn(&T) -> (Millis, u32),
    json: impl Fn(&T) -> Value,
) -> Response {
    let (items, next) = cut(items, limit, at);
    let items: Vec<_> = items.iter().map(json).collect();
    shared::http::json(StatusCode::OK, &json!({ "items": items, "next_cursor": cursor(site, list, next) }))
}

/// A page, and after what the next one begins. One more than asked for was read: it only says that there is another page.
fn cut<T>(mut items: Vec<T>, limit: usize, at: impl Fn(&T) -> (Millis, u32)) -> (Vec<T>, Option<(Millis, u32)>) {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(at);
    (items, next)
}

/// The cursor of the page that begins after `next`.
fn cursor(site: &Site, list: &str, next: Option<(Millis, u32)>) -> Option<String> {
    next.map(|(updated_at, subject_id)| site.sealer.seal(&Cursor { updated_at, subject_id }, CURSOR, list.as_bytes()))
}
