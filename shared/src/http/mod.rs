//! What every function does with HTTP: reading requests, sessions and tokens; protecting forms; telling errors.

pub mod bearer;
pub mod client_auth;
pub mod client_documents;
pub mod connect;
pub mod consent;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod dpop;
pub mod fresh;
pub mod incoming;
pub mod links;
pub mod oauth_error;
pub mod page;
pub mod problem;
pub mod registration;
pub mod request_object;
pub mod sector;
pub mod session;
pub mod sign_in;
pub mod sign_out;
pub mod tokens;

use ::http::StatusCode;
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use lambda_http::RequestExt as _;

pub use incoming::{Incoming, Segment};
pub use problem::Problem;

use crate::app::App;

/// What a function's own router answers for a path that it does not have (a method that a path lacks is axum's 405). The
/// gateway asks a function only for routes of `template.yaml`, so this says that the two disagree.
pub const NO_ROUTE: &str = "the template has a route that this function does not";

/// A router to which a function adds its routes.
pub fn router() -> Router<App> {
    let lost = |request: Request| async move {
        // lambda_http resolves `..`, `%2e%2e` and backslashes, of which the gateway's routes know nothing: a
        // `/collections/..` comes here as `/`.
        if request.raw_http_path() == request.uri().path() {
            return (StatusCode::NOT_IMPLEMENTED, NO_ROUTE).into_response();
        }
        Problem::not_found().to_json_response()
    };
    Router::new().fallback(lost)
}

/// For what a route's `{more+}` takes beyond a slash.
pub async fn not_found() -> Problem {
    Problem::not_found()
}

/// A JSON answer that nobody may store.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    answer(status, "application/json", value.to_string())
}

/// Nobody may be told the address of a request that has credentials in its query.
pub fn no_referrer(response: &mut Response) {
    let policy = ::http::HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(::http::header::REFERRER_POLICY, policy);
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = status;
    page::no_store(&mut response);
    response
}

/// An answer that nobody may store.
pub fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(::http::header::CONTENT_TYPE, ::http::HeaderValue::from_static(content_type));
    page::no_store(&mut response);
    response
}
