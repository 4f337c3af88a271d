//! The anime collection: one's own, entry by entry, and what others show.

mod entry;
mod episodes;
mod list;
mod page;
mod search;
mod stats;
mod sync;
mod transfer;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post, put};
use shared::app::App;
use shared::http::{Incoming, Problem, cors};

/// The function's routes.
pub fn router() -> Router<App> {
    let read = || async { cors::preflight("GET") };
    let mark = || async { cors::preflight("PUT") };
    let act = || async { cors::preflight("POST") };
    let edit = || async { cors::preflight("GET, PUT, PATCH, DELETE") };
    shared::http::router()
        .route("/collections", get(list::own).options(read))
        .route("/collections/activity", get(list::activity).options(read))
        .route("/collections/removed", get(list::removed).options(read))
        .route(
            "/collections/sync",
            get(sync::read)
                .patch(sync::change)
                .post(sync::start)
                .options(|| async { cors::preflight("GET, PATCH, POST") }),
        )
        .route("/collections/export", get(transfer::export).options(read))
        .route("/collections/import", post(transfer::import).options(act))
        .route("/collections/stats", get(stats::read).options(read))
        .route("/collections/sync/conflicts", get(sync::conflicts).options(read))
        .route("/collections/sync/conflicts/{subject_id}", post(sync::settle).options(act))
        .route(
            "/collections/{subject_id}/episodes",
            get(episodes::list).put(episodes::put_many).options(|| async { cors::preflight("GET, PUT") }),
        )
        .route("/collections/{subject_id}/episodes/{episode_id}", put(episodes::put_one).options(mark))
        .route("/collections/{subject_id}/restore", post(entry::restore).options(act))
        .route(
            "/collections/{subject_id}",
            get(entry::read).put(entry::put).patch(entry::patch).delete(entry::delete).options(edit),
        )
        .route("/me/collections", get(page::list::show).post(page::list::submit))
        .route("/me/collections/add", get(page::add::show))
        .route("/me/collections/sync", get(page::sync::show).post(page::sync::submit))
        .route("/me/collections/{subject_id}", get(page::entry::show).post(page::entry::submit))
        .route("/users/{username}/collections", get(list::public).options(read))
}

/// The answer as the caller reads it; scripts of any site may.
fn finish(incoming: &Incoming, answer: Result<Response, Problem>) -> Response {
    let mut response = answer.unwrap_or_else(|problem| problem.render(incoming));
    cors::allow(&mut response);
    response
}
