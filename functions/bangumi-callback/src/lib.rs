//! Takes people back from Bangumi: what `connect` does for every other provider.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use shared::app::App;
use shared::http::{self as web, Incoming, connect};

/// The function's routes.
pub fn router() -> Router<App> {
    web::router().route("/connect/bangumi/callback", get(callback).post(callback))
}

async fn callback(State(app): State<App>, incoming: Incoming) -> Response {
    connect::callback(&app, &incoming, "bangumi").await
}
