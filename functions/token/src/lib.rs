//! The token endpoint (RFC 6749 §3.2).

use axum::Router;
use axum::routing::post;
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/oauth2/token", post(placeholder).options(placeholder))
        .route("/oauth2.0/granttoken", post(placeholder))
        .route("/aouth2.0/granttoken", post(placeholder))
}

async fn placeholder() -> &'static str {
    "token"
}
