//! Sending pages, with the headers that every one of them needs.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::answer;
use crate::pages::{CONTENT_SECURITY_POLICY, Template};

/// Renders a page.
pub fn render(status: StatusCode, page: &impl Template) -> Response {
    let html = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page did not render");
        String::new()
    });
    let mut response = answer(status, "text/html; charset=utf-8", html);
    protect(response.headers_mut());
    response
}

/// Sends the browser on with GET. 303, never 307: a POST's credentials must not follow (RFC 9700 §4.12).
pub fn see_other(location: &str) -> Response {
    let mut response = super::empty(StatusCode::SEE_OTHER);
    // A location is an address that was checked or made here: what is no header value can't come.
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    protect(response.headers_mut());
    response
}

/// Nobody may store this answer (RFC 6749 §5.1).
pub fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Codes and sealed requests stand in addresses. `same-origin` rather than `no-referrer`, which would make
        // browsers send `Origin: null` with our own forms (Fetch §3.1).
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
