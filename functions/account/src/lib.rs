//! A person's own account.

use axum::Router;
use axum::routing::{get, post};
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/account", get(placeholder).patch(placeholder).delete(placeholder).post(placeholder))
        .route("/account/password", post(placeholder))
        .route("/account/delete", post(placeholder))
}

async fn placeholder() -> &'static str {
    "account"
}
