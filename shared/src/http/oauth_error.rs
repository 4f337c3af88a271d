//! Protocol errors, rendered where they happen: at the token endpoint, at registration, and by redirect. (With a
//! bearer token: see [`Problem`].)

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::incoming::Incoming;
use super::page;
use super::problem::Problem;
use crate::config::Issuer;
use crate::log;
use crate::oauth::authorization_request::ReturnAddress;
use crate::oauth::{ErrorCode, OAuthError, RedirectUri, ResponseMode};
use crate::pages::{FormPost, Layout};
use crate::store::StoreError;

/// How a protocol endpoint fails.
#[derive(Debug)]
pub enum Failure {
    /// By the protocol.
    OAuth(OAuthError),
    /// Otherwise: 429, 503, …
    Other(Problem),
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl Failure {
    /// As the token endpoint (RFC 6749 §5.2) and registration (RFC 7591 §3.2.2) tell it. `basic` says whether the
    /// client tried HTTP Basic, which a 401 must then challenge.
    pub fn to_json_response(&self, basic: bool) -> Response {
        let (status, code, description) = match self {
            Self::OAuth(error) => {
                log::refused(error.code.as_str(), error.detail);
                let status = match error.code {
                    ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
                    ErrorCode::AccessDenied => StatusCode::FORBIDDEN,
                    ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
                    _ => StatusCode::BAD_REQUEST,
                };
                (status, error.code, error.description.clone())
            }
            Self::Other(problem) => {
                let code = match problem.status {
                    StatusCode::TOO_MANY_REQUESTS => ErrorCode::SlowDown,
                    StatusCode::SERVICE_UNAVAILABLE => ErrorCode::TemporarilyUnavailable,
                    StatusCode::UNAUTHORIZED => ErrorCode::InvalidToken,
                    StatusCode::FORBIDDEN => ErrorCode::AccessDenied,
                    _ => ErrorCode::InvalidRequest,
                };
                log::refused(code.as_str(), None);
                (problem.status, code, problem.detail.clone())
            }
        };
        let body = json!({ "error": code.as_str(), "error_description": description });
        let mut response = super::json(status, &body);
        let headers = response.headers_mut();
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if code == ErrorCode::InvalidClient && basic {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"bangumoe\", charset=\"UTF-8\""),
            );
        }
        if code == ErrorCode::InvalidToken {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::Other(Problem { retry_after: Some(seconds), .. }) = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        response
    }
}

/// Sends the browser back to the application with `pairs`, and with `state` and `iss` (RFC 9207), which every answer
/// carries: in the way that the request asked for.
pub fn redirect_back(
    incoming: &Incoming,
    issuer: &Issuer,
    address: &ReturnAddress,
    pairs: &[(&str, &str)],
) -> Response {
    let mut pairs = pairs.to_vec();
    if let Some(state) = &address.state {
        pairs.push(("state", state));
    }
    pairs.push(("iss", issuer.as_str()));
    match address.mode {
        ResponseMode::Query => page::see_other(&RedirectUri::with_query(&address.redirect_uri, &pairs)),
        ResponseMode::Fragment => page::see_other(&RedirectUri::with_fragment(&address.redirect_uri, &pairs)),
        ResponseMode::FormPost => {
            let destination = RedirectUri::parse(&address.redirect_uri).map(|uri| uri.destination());
            let form = FormPost {
                layout: Layout::new(incoming.lang(), None, "", "/"),
                action: &address.redirect_uri,
                destination: destination.as_deref().unwrap_or(&address.redirect_uri),
                fields: pairs,
            };
            page::render_with_script(StatusCode::OK, &form)
        }
    }
}

/// Tells the application by redirect what went wrong (RFC 6749 §4.1.2.1).
pub fn redirect_error(incoming: &Incoming, issuer: &Issuer, address: &ReturnAddress, error: &OAuthError) -> Response {
    log::refused(error.code.as_str(), error.detail);
    let pairs = [("error", error.code.as_str()), ("error_description", &error.description)];
    redirect_back(incoming, issuer, address, &pairs)
}
