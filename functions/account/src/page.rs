//! The account's page and the forms on it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::account::{DETAILS, User};
use shared::app::{App, Site};
use shared::http::cookies::Cookie;
use shared::http::page::{Frame, see_other};
use shared::http::session::{self, SignedIn};
use shared::http::{Incoming, Problem, csrf, fresh};
use shared::i18n::{Messages, fill};
use shared::oauth::Params;
use shared::pages::{self, Detail};

/// Where the account's own page is.
const PATH: &str = "/account";

/// Sends somebody to sign in, and back to one of the account's pages.
pub(crate) fn sign_in(path: &str) -> Response {
    see_other(&format!("/login?continue={path}"))
}

pub(crate) async fn show(app: &App, incoming: &Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let Some(signed_in) = session::find(app, &site, incoming).await? else { return Ok(sign_in(PATH)) };
        Ok::<_, Problem>(render(app, &site, incoming, &signed_in.user, None))
    };
    answer.await.unwrap_or_else(|problem| problem.to_page(incoming))
}

pub(crate) async fn change(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let Some(form) = Form::open(&app, &incoming).await? else { return Ok(sign_in(PATH)) };
        let changed = async {
            form.check(&app, &incoming)?;
            super::update(&app, form.signed_in.user.clone(), &form.signed_in.session, &form.object).await
        };
        form.answer(&app, &incoming, changed.await.map(|_| see_other("/account?saved=profile")))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

pub(crate) async fn change_password(app: &App, incoming: &Incoming) -> Response {
    let answer = async {
        let Some(form) = Form::open(app, incoming).await? else { return Ok(sign_in(PATH)) };
        let SignedIn { user, session } = &form.signed_in;
        let changed = async {
            form.check(app, incoming)?;
            super::renew_password(app, user, session, &form.object).await
        };
        form.answer(app, incoming, changed.await.map(|()| see_other("/account?saved=password")))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(incoming))
}

pub(crate) async fn delete(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let Some(form) = Form::open(&app, &incoming).await? else { return Ok(sign_in(PATH)) };
        let removed = async {
            form.check(&app, &incoming)?;
            super::remove(&app, &form.signed_in.user, &form.signed_in.session, &form.object).await
        };
        let home = removed.await.map(|()| {
            let mut response = see_other("/");
            Cookie::Session.clear(&mut response, &app.config.issuer);
            response
        });
        form.answer(&app, &incoming, home)
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

/// A form of the page, sent by somebody who is signed in.
pub(crate) struct Form {
    pub(crate) site: Arc<Site>,
    pub(crate) signed_in: SignedIn,
    pub(crate) params: Params,
    object: Map<String, Value>,
}

impl Form {
    pub(crate) async fn open(app: &App, incoming: &Incoming) -> Result<Option<Self>, Problem> {
        // What another site's page typed is not shown again, with a fresh token, to be sent by a click.
        csrf::check_origin(app, incoming)?;
        let site = app.site().await?;
        let (params, object) = (incoming.body_params()?, incoming.form_object()?);
        let Some(signed_in) = session::find(app, &site, incoming).await? else {
            // Whose session ended while the page was open signs in again; what never came from the page goes nowhere.
            csrf::check_form(app, &site, incoming, &params)?;
            return Ok(None);
        };
        Ok(Some(Self { site, signed_in, params, object }))
    }

    /// Whether it came from the page: nothing may be done before.
    pub(crate) fn check(&self, app: &App, incoming: &Incoming) -> Result<(), Problem> {
        csrf::check_form(app, &self.site, incoming, &self.params)
    }

    /// What came of it: onwards, or the page again with what is wrong.
    fn answer(&self, app: &App, incoming: &Incoming, done: Result<Response, Problem>) -> Result<Response, Problem> {
        match done {
            Err(problem) if !problem.status.is_server_error() => {
                Ok(render(app, &self.site, incoming, &self.signed_in.user, Some(&problem)))
            }
            done => done,
        }
    }
}

/// What went wrong with a form as a whole, in words.
pub(crate) fn error_words(m: &Messages, problem: &Problem) -> String {
    match problem.retry_after {
        Some(seconds) => fill(m.too_many_attempts, &[("minutes", &((seconds + 59) / 60).to_string())]),
        None if problem.code == Some(fresh::REQUIRED) => m.fresh_needed.to_owned(),
        None if problem.status == StatusCode::FORBIDDEN => m.expired_form.to_owned(),
        None => m.bad_request.to_owned(),
    }
}

fn render(app: &App, site: &Site, incoming: &Incoming, user: &User, problem: Option<&Problem>) -> Response {
    let frame = Frame::new(app, site, incoming, Some(user), PATH);
    let layout = frame.layout();
    let typed = problem.and_then(|_| incoming.body_params().ok()).filter(|params| params.has("nickname"));
    let field = |name: &str, stored: &Option<String>| match &typed {
        Some(params) => params.get(name).unwrap_or_default().to_owned(),
        None => stored.clone().unwrap_or_default(),
    };
    let errors = problem.map(|problem| problem.errors.clone()).unwrap_or_default();
    let error = problem.filter(|_| errors.is_empty()).map(|problem| error_words(layout.m, problem));
    let saved = incoming.query_params().ok();
    let notice = match saved.as_ref().and_then(|params| params.get("saved")) {
        Some("profile") => Some(layout.m.account_saved),
        Some("password") => Some(layout.m.account_password_changed),
        _ => None,
    };
    let page = pages::Account {
        user_id: &user.user_id.to_string(),
        created_at: &user.created_at.to_string(),
        nickname: &field("nickname", &user.nickname),
        username: &field("username", &user.username),
        email: &field("email", &user.email),
        email_verified: user.email_verified,
        phone: &field("phone", &user.phone),
        phone_verified: user.phone_verified,
        avatar: &field("avatar", &user.avatar),
        intro: &field("intro", &user.intro),
        details: DETAILS
            .iter()
            .map(|detail| {
                let typed = typed.as_ref().map(|params| params.get(detail.name).unwrap_or_default());
                let value = typed.or_else(|| user.details.get(detail.name)).unwrap_or_default();
                Detail { name: detail.name, value: value.into() }
            })
            .collect(),
        passwordless: user.passwordless,
        sign_in_again: problem.is_some_and(|problem| problem.code == Some(fresh::REQUIRED)),
        notice: notice.filter(|_| problem.is_none()),
        errors,
        error: error.as_deref(),
        layout,
    };
    let mut response = frame.render(app, problem.map_or(StatusCode::OK, |problem| problem.status), &page);
    if let Some(problem) = problem {
        problem.add_headers(&mut response);
    }
    response
}
