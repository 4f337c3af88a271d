//! The home page, what pages load, the choice of language, and a sign of life.

use axum::Router;
use axum::routing::get;
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(placeholder))
        .route("/static/{file}", get(placeholder))
        .route("/health", get(placeholder))
        .route("/language", get(placeholder))
}

async fn placeholder() -> &'static str {
    "pages"
}
