//! Registers people: the page and its JSON.

use axum::Router;
use axum::routing::get;
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new().route("/register", get(placeholder).post(placeholder))
}

async fn placeholder() -> &'static str {
    "register"
}
