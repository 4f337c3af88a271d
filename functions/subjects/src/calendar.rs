//! The week: what is shown, and what of that somebody watches.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::{Timestamp, tz};
use serde_json::json;
use shared::app::App;
use shared::clock::Time;
use shared::collection::Status;
use shared::http::bearer::Caller;
use shared::http::{Incoming, Problem};
use shared::id::UserId;
use shared::oauth::ScopeToken;
use shared::store::entries::Page;
use shared::works;

/// How many entries are looked through: nobody watches more at once.
const MOST: usize = 1_000;

pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let params = incoming.query_params()?;
        params.refuse_doubled()?;
        let mine = match params.get("mine") {
            None | Some("false") => None,
            Some("true") => {
                let site = app.site().await?;
                let caller = Caller::require(&app, &site, &incoming).await?;
                caller.allows(ScopeToken::CollectionsRead)?;
                Some(watching(&app, caller.user.user_id).await?)
            }
            Some(_) => return Err(Problem::new(StatusCode::BAD_REQUEST, "mine must be true or false")),
        };
        let found = works::calendar(&app, &incoming.client_network()).await?;
        let today = weekday(app.clock.now());
        let days = found.value.iter().map(|day| {
            let items = day.items.iter().filter(|item| mine.as_ref().is_none_or(|mine| mine.contains(&item.id)));
            let items: Vec<_> = items.map(super::json::airing).collect();
            json!({ "weekday": day.weekday.id, "today": day.weekday.id == today, "items": items })
        });
        let body = json!({ "days": days.collect::<Vec<_>>(), "stale": found.stale });
        Ok(shared::http::json(StatusCode::OK, &body))
    };
    super::finish(&incoming, answer.await)
}

/// The works that somebody watches.
async fn watching(app: &App, user: UserId) -> Result<BTreeSet<u32>, Problem> {
    let page = Page { status: Some(Status::Watching), descending: true, after: None, limit: MOST };
    let entries = app.store.list_entries(user, &page).await?;
    Ok(entries.into_iter().map(|entry| entry.subject_id).collect())
}

/// The day of the week, 1 Monday … 7 Sunday, where Bangumi's calendar is at home.
fn weekday(now: Time) -> u8 {
    let here = Timestamp::from_second(now.0).unwrap_or_default().to_zoned(tz::TimeZone::fixed(tz::offset(8)));
    here.weekday().to_monday_one_offset().cast_unsigned()
}
