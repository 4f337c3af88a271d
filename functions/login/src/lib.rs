//! Signs people in and out.

use axum::Router;
use axum::routing::{get, post};
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new().route("/login", get(placeholder).post(placeholder)).route("/logout", post(placeholder))
}

async fn placeholder() -> &'static str {
    "login"
}
