//! The collection's pages. Their forms can only POST, and are answered with redirects.

pub(crate) mod add;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod sync;

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use shared::account::User;
use shared::app::{App, Site};
use shared::http::page::see_other;
use shared::http::{Incoming, Problem, csrf, session};
use shared::i18n::Messages;
use shared::oauth::Params;

/// Who reads a page.
struct Reader {
    site: Arc<Site>,
    user: User,
}

/// To where whoever is not signed in is sent; they come back.
fn sign_in(path: &str) -> Response {
    see_other(&format!("/login?continue={}", utf8_percent_encode(path, NON_ALPHANUMERIC)))
}

/// Answers with a page for whoever is signed in.
async fn shown(
    app: &App,
    incoming: &Incoming,
    page: impl AsyncFnOnce(Reader) -> Result<Response, Problem>,
) -> Response {
    let answer = async {
        let site = app.site().await?;
        let Some(signed_in) = session::find(app, &site, incoming).await? else {
            return Ok(sign_in(&incoming.path_and_query()));
        };
        page(Reader { site, user: signed_in.user }).await
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(incoming))
}

/// Does what a form asks for; or, where that can't be, answers with the page again, which says why.
async fn submitted(
    app: &App,
    incoming: &Incoming,
    act: impl AsyncFnOnce(&Reader, &Params) -> Result<String, Problem>,
    again: impl AsyncFnOnce(Reader, Params, &Problem) -> Result<Response, Problem>,
) -> Response {
    let answer = async {
        csrf::check_origin(app, incoming)?;
        let site = app.site().await?;
        let params = incoming.body_params()?;
        // Whose session ended while the page was open signs in again; what never came from the page goes nowhere.
        let from_our_page = csrf::check_form(app, &site, incoming, &params);
        let Some(signed_in) = session::find(app, &site, incoming).await? else {
            return from_our_page.map(|()| sign_in(&incoming.path));
        };
        let reader = Reader { site, user: signed_in.user };
        let done = match from_our_page {
            Ok(()) => act(&reader, &params).await,
            Err(problem) => Err(problem),
        };
        match done {
            Ok(location) => Ok(see_other(&location)),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(problem) => again(reader, params, &problem).await,
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(incoming))
}

/// What went wrong, in words.
fn words(m: &'static Messages, problem: &Problem) -> &'static str {
    match problem.status {
        StatusCode::FORBIDDEN => m.expired_form,
        StatusCode::NOT_FOUND => m.not_found,
        StatusCode::SERVICE_UNAVAILABLE => m.unavailable,
        _ => m.bad_request,
    }
}
