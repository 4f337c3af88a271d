//! Signing in with, or binding, an account elsewhere: what passes between a browser, a provider and the table.
//!
//! ```text
//! callback ── the account is bound to a user ─────────▶ sign in as that user
//!    │
//!    └─ it is not ── a signed-in user began it ───────▶ bind it, in one transaction
//!                 └─ nobody did ──────────────────────▶ pending: ten minutes, known to the server alone
//!                                                        ├─ "create an account" ──▶ user and link, one transaction
//!                                                        ├─ "I have an account" ──▶ sign in, then bind
//!                                                        └─ cancel, or ten minutes ▶ nothing is stored
//! ```
//!
//! `machine` decides, and is pure; the other files ask it, and do what it says. Each endpoint has two faces, a page and
//! its JSON, for front ends that fetch the address and post the code themselves.
//!
//! Architecture invariant: nothing that a provider says about somebody reaches a page, a redirect or a log from here.

mod begin;
mod callback;
mod machine;
mod pending;
mod refusal;
mod settle;
mod state;

pub use begin::begin;
pub use callback::callback;
pub use pending::pending;
pub use refusal::Refusal;

use http::{StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::bearer::Caller;
use super::incoming::{BodyKind, Incoming};
use super::problem::Problem;
use super::session::{self, SignedIn};
use crate::app::{App, Site};
use crate::pages::ProviderLink;
use crate::upstream::Provider;

/// A `continue` may be this long: it travels sealed in the `state`, in an address at the provider, and many a server
/// refuses one of more than 8 KB.
const LONGEST_CONTINUE: usize = 4096;

/// The configured providers, for the pages on which one signs in or registers. None, where `go_on` is too long to be taken
/// along.
pub fn links<'a>(app: &'a App, go_on: Option<&str>) -> Vec<ProviderLink<'a>> {
    if go_on.is_some_and(|go_on| go_on.len() > LONGEST_CONTINUE) {
        return Vec::new();
    }
    let link = |provider: &'a Provider| ProviderLink {
        id: provider.id().as_str(),
        name: provider.name(),
        href: href(provider, Some("sign_in"), go_on),
    };
    app.upstream.list().map(link).collect()
}

fn href(provider: &Provider, intent: Option<&str>, go_on: Option<&str>) -> String {
    let intent = intent.map(|intent| format!("intent={intent}"));
    let go_on = go_on.map(|go_on| format!("continue={}", utf8_percent_encode(go_on, NON_ALPHANUMERIC)));
    let query: Vec<_> = intent.into_iter().chain(go_on).collect();
    let path = format!("/connect/{}", provider.id());
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// The page on which one says whose an account elsewhere is to be.
fn pending_path(provider: &Provider) -> String {
    format!("/connect/{}/pending", provider.id())
}

fn login_href(go_on: &str) -> String {
    format!("/login?continue={}", utf8_percent_encode(go_on, NON_ALPHANUMERIC))
}

/// The provider of that name, if the site is configured for it.
///
/// # Errors
/// 404.
fn provider<'a>(app: &'a App, id: &str) -> Result<&'a Provider, Problem> {
    app.upstream.find(id).ok_or_else(Problem::not_found)
}

/// Whether the caller is a page's browser rather than a program.
fn is_page(incoming: &Incoming) -> bool {
    incoming.wants_html() || incoming.body_kind() == BodyKind::Form
}

/// Who is signed in: of a page by its cookie, of a program also by its token, which must be its user's own.
///
/// # Errors
/// 401 for a bad token, 403 for a third party's and for a forgery, 503.
async fn who(app: &App, site: &Site, incoming: &Incoming) -> Result<Option<SignedIn>, Problem> {
    if is_page(incoming) && incoming.header(header::AUTHORIZATION).is_none() {
        return Ok(session::find(app, site, incoming).await?);
    }
    let Some(caller) = Caller::find(app, site, incoming).await? else { return Ok(None) };
    let session = caller.own_session()?.clone();
    Ok(Some(SignedIn { user: caller.user, session }))
}

fn bad_request(detail: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
