//! A search, page by page.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::app::App;
use shared::bangumi::FOUND;
use shared::http::{Incoming, Problem};
use shared::oauth::lifetimes::CURSOR;
use shared::seal::Sealable;
use shared::works;

/// How long the words may be.
const LONGEST: usize = 100;
/// Nobody looks further, and each page is a question to Bangumi.
const FURTHEST: u32 = 1_000;

/// Where the next page begins. Bound to the search that it was made for.
#[derive(Serialize, Deserialize)]
struct Cursor {
    offset: u32,
}

impl Sealable for Cursor {
    const PURPOSE: &'static str = "search cursor";
}

pub(crate) async fn search(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let wrong = |detail: &'static str| Problem::new(StatusCode::BAD_REQUEST, detail);
        let site = app.site().await?;
        let params = incoming.query_params()?;
        params.refuse_doubled()?;
        let words = shared::collection::work::normalised(params.get("q").unwrap_or_default());
        if words.is_empty() || words.chars().count() > LONGEST {
            return Err(wrong("q must be words to search for, up to 100 characters"));
        }
        let limit = match params.get("limit").map(str::parse) {
            None => FOUND,
            Some(Ok(limit)) if (1..=FOUND).contains(&limit) => limit,
            Some(_) => return Err(wrong("limit must be a number from 1 to 20")),
        };
        let list = format!("{limit} {words}");
        let cursor = params.get("cursor").map(|text| site.sealer.open::<Cursor>(text, list.as_bytes()));
        let cursor = cursor.transpose().map_err(|_| wrong("cursor is not one that this search gave, or is too old"))?;
        let offset = cursor.map_or(0, |cursor| cursor.offset);
        let found = works::search(&app, &incoming.client_network(), &words, offset, limit).await;
        let found = found?;
        let next = offset + limit;
        // The total is an estimate: an empty page is the end, too.
        let more = !found.value.works.is_empty() && next < found.value.total && next < FURTHEST;
        let cursor = more.then(|| site.sealer.seal(&Cursor { offset: next }, CURSOR, list.as_bytes()));
        let items: Vec<_> = found.value.works.iter().map(super::json::work).collect();
        let body = json!({ "items": items, "total": found.value.total, "next_cursor": cursor, "stale": found.stale });
        Ok(shared::http::json(StatusCode::OK, &body))
    };
    super::finish(&incoming, answer.await)
}
