//! Errors of everything that is not the OAuth protocol: `application/problem+json` (RFC 9457), or a page.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::connect::Refusal;
use super::dpop;
use super::incoming::Incoming;
use super::page;
use crate::account::FieldError;
use crate::log;
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{ErrorPage, Layout};
use crate::store::StoreError;
use crate::works::WorksError;

/// How long to wait after a failure of ours, in seconds.
const RETRY_AFTER: i64 = 2;

/// A word for programs, where the status alone does not say what is to be done. Small, as a [`Problem`] should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A sign-in of the last ten minutes is needed.
    FreshSignInRequired,
    /// What was to go is the last way to sign in.
    LastWayToSignIn,
    /// A sign-in elsewhere came to nothing.
    Connect(Refusal),
}

impl Code {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreshSignInRequired => "fresh_sign_in_required",
            Self::LastWayToSignIn => "last_way_to_sign_in",
            Self::Connect(refusal) => refusal.as_str(),
        }
    }
}

/// What went wrong, for the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong and how to mend it.
    pub detail: Cow<'static, str>,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Seconds to wait.
    pub retry_after: Option<i64>,
    /// A word for programs, where the status alone does not say what is to be done.
    pub code: Option<Code>,
    /// The error of a bearer token (RFC 6750 §3.1).
    pub token_error: Option<ErrorCode>,
    /// For the next proof, where the token came with one (RFC 9449 §9).
    pub dpop_nonce: Option<HeaderValue>,
}

impl Problem {
    /// A problem with a sentence about it.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            code: None,
            token_error: None,
            dpop_nonce: None,
        }
    }

    /// 422: these fields are wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "some fields are wrong: see errors") }
    }

    /// 429.
    pub fn too_many(retry_after: i64) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too many attempts: wait before the next");
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    /// 401 for who is not signed in.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign in first, or send a bearer token")
    }

    /// As JSON, whoever asks.
    pub fn to_json_response(&self) -> Response {
        let errors = self.errors.iter().map(|e| json!({ "field": e.field, "code": e.code, "message": e.message }));
        let errors: Vec<_> = errors.collect();
        let token_error = self.token_error.map(ErrorCode::as_str);
        let members = [
            ("type", Some(json!("about:blank"))),
            ("title", self.status.canonical_reason().map(Value::from)),
            ("status", Some(json!(self.status.as_u16()))),
            ("detail", Some(json!(self.detail))),
            ("code", self.code.map(|code| Value::from(code.as_str()))),
            ("errors", Some(Value::from(errors)).filter(|_| !self.errors.is_empty())),
            ("error", token_error.map(Value::from)),
            ("error_description", token_error.map(|_| json!(self.detail))),
        ];
        let body = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let body = Value::Object(body.collect());
        let mut response = super::answer(self.status, "application/problem+json", body.to_string());
        self.add_headers(&mut response);
        response
    }

    /// As a page.
    pub fn to_page(&self, incoming: &Incoming) -> Response {
        // There may be no page where a form was sent to.
        let path = if incoming.method.is_safe() { incoming.path_and_query() } else { "/".to_owned() };
        let layout = Layout::new(incoming.lang(), None, "", &path);
        let status = self.status.as_u16();
        // What a user did can be told in the user's language; our sentence is for whoever looks into it.
        let mut response = page::render(self.status, &ErrorPage::of_status(layout, status, Some(&self.detail)));
        self.add_headers(&mut response);
        response
    }

    /// As the caller reads.
    pub fn render(&self, incoming: &Incoming) -> Response {
        if incoming.wants_html() { self.to_page(incoming) } else { self.to_json_response() }
    }

    /// What goes with the status: how long to wait, and how to prove oneself.
    pub fn add_headers(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // RFC 6750 §3: without a token the challenge says nothing more; RFC 9110 §15.5.2 wants one with every 401.
        let scheme = match &self.dpop_nonce {
            Some(nonce) => {
                response.headers_mut().insert(dpop::NONCE, nonce.clone());
                // RFC 9449 §7.1.
                "DPoP algs=\"ES256 Ed25519 EdDSA PS256 RS256\","
            }
            None => "Bearer",
        };
        let challenge = match self.token_error {
            Some(code) => Some(format!("{scheme} error=\"{}\", error_description=\"{}\"", code.as_str(), self.detail)),
            None => (self.status == StatusCode::UNAUTHORIZED).then(|| "Bearer".to_owned()),
        };
        if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.to_json_response()
    }
}

/// 503: the caller may try again, and nothing is half-written.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the table failed");
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "a service that this needs does not answer: try again");
        Self { retry_after: Some(RETRY_AFTER), ..problem }
    }
}

impl From<WorksError> for Problem {
    fn from(error: WorksError) -> Self {
        match error {
            WorksError::NotFound => Self::new(StatusCode::NOT_FOUND, "Bangumi has no such anime"),
            WorksError::TooMany(seconds) => Self::too_many(seconds),
            WorksError::Unavailable => Self {
                retry_after: Some(30),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Bangumi does not answer: try again later")
            },
            WorksError::Store(error) => error.into(),
        }
    }
}

/// For endpoints that read parameters or tokens with the protocol's code.
impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        log::refused(error.code.as_str(), error.detail);
        let status = match error.code {
            ErrorCode::InvalidToken | ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => StatusCode::UNAUTHORIZED,
            ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
            _ => return Self::new(StatusCode::BAD_REQUEST, error.description),
        };
        Self { token_error: Some(error.code), ..Self::new(status, error.description) }
    }
}
