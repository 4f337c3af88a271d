//! The authorization endpoint: sign-in, consent, code (RFC 6749 §3.1).

use axum::Router;
use axum::routing::get;
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/oauth2/authorize", get(placeholder).post(placeholder))
        .route("/oauth2.0/show", get(placeholder).post(placeholder))
        .route("/aouth2.0/show", get(placeholder).post(placeholder))
}

async fn placeholder() -> &'static str {
    "authorize"
}
