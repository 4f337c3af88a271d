//! Cross-origin access (Fetch §3.2) for endpoints that scripts of any site may call. Never with credentials: a token
//! in a header says who asks, a cookie is not let through.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Lets scripts of any site read the answer.
pub fn allow(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("DPoP-Nonce, ETag, Retry-After, WWW-Authenticate"),
    );
}

/// Answers a preflight for `methods`.
pub fn preflight(methods: &'static str) -> Response {
    let mut response = super::empty(StatusCode::NO_CONTENT);
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    let allowed = HeaderValue::from_static("Authorization, Content-Type, DPoP, If-Match, If-None-Match");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
