//! Why it did not work, for programs and for people.

use axum::response::Response;
use http::StatusCode;

use super::machine::Intent;
use super::{href, is_page, login_href};
use crate::http::incoming::Incoming;
use crate::http::page;
use crate::http::problem::{Code, Problem};
use crate::log;
use crate::pages::{ConnectRefused, Layout};
use crate::upstream::{Provider, UpstreamError};

/// How long to leave a provider alone that does not answer, in seconds.
const RETRY_AFTER: i64 = 30;

/// Why a sign-in elsewhere came to nothing. Nothing was changed, and nothing is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The `state` is not one for this browser and provider, or is over.
    State,
    /// It was used before.
    Used,
    /// The provider sent its user back without one.
    Denied,
    /// The code is none of the provider's, or not for us, or used up.
    Code,
    /// The provider does not answer.
    Unavailable,
    /// It does not answer, or has too much to do, and the state is used up.
    Busy,
    /// The provider's answer says nothing that its file explains.
    Malformed,
    /// The account that it is bound to is closed.
    Closed,
    /// Whoever began to bind it is not signed in any more.
    Left,
    /// It is somebody else's.
    Foreign,
    /// Another account of this provider is bound.
    Another,
    /// Nothing is pending in this browser.
    Gone,
}

impl Refusal {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        self.parts().1
    }

    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::State => (
                StatusCode::BAD_REQUEST,
                "invalid_state",
                "state is missing, expired, or of another browser or provider: begin again",
            ),
            Self::Used => (StatusCode::BAD_REQUEST, "used_state", "state was used before: begin again"),
            Self::Denied => (StatusCode::FORBIDDEN, "denied", "the provider sent its user back without a code"),
            Self::Code => (StatusCode::BAD_REQUEST, "invalid_code", "the provider does not know the code: begin again"),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "provider_unavailable",
                "the provider does not answer: send the same again later",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "provider_busy",
                "the provider does not answer, or has too much to do: begin again later",
            ),
            Self::Malformed => {
                (StatusCode::BAD_GATEWAY, "provider_malformed", "the provider's answer can't be understood")
            }
            Self::Closed => (StatusCode::FORBIDDEN, "account_closed", "the account that it is bound to is closed"),
            Self::Left => (
                StatusCode::FORBIDDEN,
                "session_changed",
                "whoever began to bind it is not signed in any more: begin again",
            ),
            Self::Foreign => (StatusCode::CONFLICT, "bound_to_another", "it is bound to another account here"),
            Self::Another => (
                StatusCode::CONFLICT,
                "another_bound",
                "another account of this provider is bound: unbind that one first",
            ),
            Self::Gone => (StatusCode::BAD_REQUEST, "nothing_pending", "nothing is pending here any more: begin again"),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, _, detail) = refusal.parts();
        let retry_after = matches!(refusal, Refusal::Unavailable | Refusal::Busy).then_some(RETRY_AFTER);
        Self { code: Some(Code::Connect(refusal)), retry_after, ..Self::new(status, detail) }
    }
}

impl From<UpstreamError> for Refusal {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Denied => Self::Denied,
            UpstreamError::InvalidGrant => Self::Code,
            UpstreamError::Unavailable => Self::Unavailable,
            UpstreamError::Busy => Self::Busy,
            UpstreamError::Malformed => Self::Malformed,
        }
    }
}

/// Where one goes on from a refusal, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Back {
    pub(super) intent: Option<Intent>,
    pub(super) continue_to: Option<String>,
}

/// Tells what went wrong, as the caller reads.
pub(super) fn render(incoming: &Incoming, provider: &Provider, problem: &Problem, back: &Back) -> Response {
    let refusal = match problem.code {
        Some(Code::Connect(refusal)) => Some(refusal),
        _ => None,
    };
    if let Some(refusal) = refusal {
        log::refused(refusal.as_str(), None);
    }
    if !is_page(incoming) {
        return problem.to_json_response();
    }
    let Some(refusal) = refusal else { return problem.to_page(incoming) };
    // The address of this page has the provider's answer in it: choosing a language does not go back there.
    let layout = Layout::new(incoming.lang(), None, "", "/");
    let m = layout.m;
    let message = match refusal {
        Refusal::State | Refusal::Gone => m.connect_over,
        Refusal::Used => m.connect_used,
        Refusal::Denied => m.connect_denied,
        Refusal::Code => m.connect_code,
        Refusal::Unavailable | Refusal::Busy => m.connect_unavailable,
        Refusal::Malformed => m.connect_malformed,
        Refusal::Closed => m.connect_closed,
        Refusal::Left => m.connect_left,
        Refusal::Foreign => m.connect_foreign,
        Refusal::Another => m.connect_another,
    };
    let binding = matches!(back.intent, Some(Intent::Bind { .. }));
    // What the provider did not answer can be asked again: to a browser an empty address is that of this page, which
    // therefore need not repeat the code. What else went wrong begins anew.
    let again = match refusal {
        Refusal::Unavailable if incoming.path.ends_with("/callback") => Some(String::new()),
        Refusal::Closed | Refusal::Another => None,
        Refusal::Foreign if binding => None,
        _ => Some(href(provider, back.intent.map(Intent::as_str), back.continue_to.as_deref())),
    };
    let other = match () {
        () if binding => CONNECTIONS.to_owned(),
        () => back.continue_to.as_deref().map_or_else(|| "/login".to_owned(), login_href),
    };
    let page = ConnectRefused {
        provider: provider.name(),
        message,
        again_href: again.as_deref(),
        other_href: &other,
        binding,
        layout,
    };
    let mut response = page::render(problem.status, &page);
    problem.add_headers(&mut response);
    response
}

/// Where one's accounts elsewhere are listed.
pub(super) const CONNECTIONS: &str = "/connections";
