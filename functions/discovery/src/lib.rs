//! Both discovery documents and the published keys.

use axum::Router;
use axum::routing::get;
use shared::app::App;

/// The function's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-configuration", get(placeholder).options(placeholder))
        .route("/.well-known/oauth-authorization-server", get(placeholder).options(placeholder))
        .route("/oauth2/jwks", get(placeholder).options(placeholder))
}

async fn placeholder() -> &'static str {
    "discovery"
}
