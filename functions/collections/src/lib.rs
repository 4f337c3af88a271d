//! What a person has watched, watches and wants to.

use axum::Router;
use axum::routing::get;
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/collections", get(placeholder).options(placeholder))
        .route(
            "/collections/{subject_id}",
            get(placeholder).put(placeholder).patch(placeholder).delete(placeholder).options(placeholder),
        )
        .route("/users/{username}/collections", get(placeholder).options(placeholder))
}

async fn placeholder() -> &'static str {
    "collections"
}
