//! Signs people in with accounts elsewhere, and binds those: [`shared::http::connect`], whose way back from Bangumi is a
//! function of its own.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use shared::app::App;
use shared::http::{self as web, Incoming, connect};

/// The function's routes.
pub fn router() -> Router<App> {
    web::router()
        .route("/connect/{provider}", get(begin).post(begin))
        .route("/connect/{provider}/callback", get(callback).post(callback))
        .route("/connect/{provider}/pending", get(pending).post(pending))
}

async fn begin(State(app): State<App>, Path(provider): Path<String>, incoming: Incoming) -> Response {
    connect::begin(&app, &incoming, &provider).await
}

async fn callback(State(app): State<App>, Path(provider): Path<String>, incoming: Incoming) -> Response {
    connect::callback(&app, &incoming, &provider).await
}

async fn pending(State(app): State<App>, Path(provider): Path<String>, incoming: Incoming) -> Response {
    connect::pending(&app, &incoming, &provider).await
}
