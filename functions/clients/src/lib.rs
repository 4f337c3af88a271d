//! Registers applications (RFC 7591).

use axum::Router;
use axum::routing::{get, post};
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/oauth2/register", get(placeholder).post(placeholder))
        .route("/oauth2.0/sign", post(placeholder))
        .route("/aouth2.0/sign", post(placeholder))
}

async fn placeholder() -> &'static str {
    "clients"
}
