//! Claims about the person whom a token speaks for (OpenID Connect Core §5.3).

use axum::Router;
use axum::routing::{get, post};
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/oauth2/userinfo", get(placeholder).post(placeholder).options(placeholder))
        .route("/oauth2.0/getinfo", post(placeholder))
        .route("/aouth2.0/getinfo", post(placeholder))
}

async fn placeholder() -> &'static str {
    "userinfo"
}
