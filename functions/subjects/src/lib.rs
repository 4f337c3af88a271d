//! Works: one, its episodes, a search, and what is shown this week. Everybody may read them.

mod calendar;
mod json;
mod search;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;
use shared::app::App;
use shared::http::{Incoming, Problem, Segment, cors};
use shared::works;

/// The function's routes.
pub fn router() -> Router<App> {
    let preflight = || async { cors::preflight("GET") };
    shared::http::router()
        .route("/subjects", get(search::search).options(preflight))
        .route("/subjects/{subject_id}", get(work).options(preflight))
        .route("/subjects/{subject_id}/episodes", get(episodes).options(preflight))
        .route("/calendar", get(calendar::show).options(preflight))
}

async fn work(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let found = works::work(&app, &incoming.client_network(), number(&subject)?).await?;
        Ok(shared::http::json(StatusCode::OK, &json::one(&found.value, found.stale)))
    };
    finish(&incoming, answer.await)
}

async fn episodes(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let found = works::episodes(&app, &incoming.client_network(), number(&subject)?).await?;
        let items: Vec<_> = found.value.iter().map(json::episode).collect();
        Ok(shared::http::json(StatusCode::OK, &json!({ "items": items, "stale": found.stale })))
    };
    finish(&incoming, answer.await)
}

fn number(subject: &str) -> Result<u32, Problem> {
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "subject_id must be a whole number from 1 to 4294967295");
    subject.parse().ok().filter(|id| *id > 0 && !subject.starts_with(['+', '0'])).ok_or_else(wrong)
}

/// The answer as the caller reads it; scripts of any site may.
fn finish(incoming: &Incoming, answer: Result<Response, Problem>) -> Response {
    let mut response = answer.unwrap_or_else(|problem| problem.render(incoming));
    cors::allow(&mut response);
    response
}
