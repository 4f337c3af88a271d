//! Pages of a collection.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::account::{Identifier, IdentifierKind, User};
use shared::app::{App, Site};
use shared::clock::Millis;
use shared::collection::{Entry, Status};
use shared::http::bearer::Caller;
use shared::http::{Incoming, Problem, Segment};
use shared::oauth::ScopeToken;
use shared::oauth::lifetimes::CURSOR;
use shared::seal::Sealable;
use shared::store::entries::Page;

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

pub(crate) async fn own(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let caller = Caller::require(&app, &site, &incoming).await?;
        caller.allows(ScopeToken::CollectionsRead)?;
        let (page, list) = page(&site, &incoming, &format!("own {}", caller.user.user_id))?;
        let entries = app.store.list_entries(caller.user.user_id, &page).await?;
        Ok(answer(&site, &page, &list, entries))
    };
    super::finish(&incoming, answer.await)
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
        Ok(answer(&site, &page, &list, entries))
    };
    super::finish(&incoming, answer.await)
}

/// The page that the query asks for, and the name of its list, to which cursors are bound.
fn page(site: &Site, incoming: &Incoming, owner: &str) -> Result<(Page, String), Problem> {
    let wrong = |detail: &'static str| Problem::new(StatusCode::BAD_REQUEST, detail);
    let params = incoming.query_params()?;
    params.refuse_doubled()?;
    let status = match params.get("status") {
        None => None,
        Some(text) => {
            let status = Status::parse(text);
            Some(status.ok_or_else(|| wrong("status must be wish, watching, done, on_hold or dropped"))?)
        }
    };
    let descending = match params.get("sort") {
        None | Some("-updated_at") => true,
        Some("updated_at") => false,
        Some(_) => return Err(wrong("sort must be updated_at or -updated_at")),
    };
    let limit = match params.get("limit").map(str::parse) {
        None => USUAL,
        Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
        Some(_) => return Err(wrong("limit must be a number from 1 to 100")),
    };
    let list = format!("{owner} {} {descending}", status.map_or("all", Status::as_str));
    let cursor = params.get("cursor").map(|text| site.sealer.open::<Cursor>(text, list.as_bytes()));
    let cursor = cursor.transpose().map_err(|_| wrong("cursor is not one that this list gave, or is too old"))?;
    let after = cursor.map(|cursor| (cursor.updated_at, cursor.subject_id));
    Ok((Page { status, descending, after, limit }, list))
}

fn answer(site: &Site, page: &Page, list: &str, mut entries: Vec<Entry>) -> Response {
    // One more than asked for was read: it only says that there is another page.
    let more = entries.len() > page.limit;
    entries.truncate(page.limit);
    let cursor = entries.last().filter(|_| more).map(|last| {
        let cursor = Cursor { updated_at: last.updated_at, subject_id: last.subject_id };
        site.sealer.seal(&cursor, CURSOR, list.as_bytes())
    });
    let items: Vec<Value> = entries.iter().map(Entry::to_json).collect();
    shared::http::json(StatusCode::OK, &json!({ "items": items, "next_cursor": cursor }))
}
