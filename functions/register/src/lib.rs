//! Registers people: the page and its JSON.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::account::{FieldError, Password, SessionToken, User};
use shared::app::{App, Site};
use shared::http::incoming::BodyKind;
use shared::http::page::{Frame, continuation, form_path, see_other};
use shared::http::{Incoming, Problem, connect, csrf, json, registration, sign_in};
use shared::i18n::fill;
use shared::id::Attempt;
use shared::log;
use shared::pages;
use shared::store::users::{StoredPassword, Taken};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router().route("/register", get(show).post(submit))
}

async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    let page = async {
        let site = app.site().await?;
        let params = incoming.query_params()?;
        let form = Form { go_on: params.get("continue").map(str::to_owned), ..Form::default() };
        Ok::<_, Problem>(form.render(&app, &site, &incoming, StatusCode::OK))
    };
    page.await.unwrap_or_else(|problem| problem.to_page(&incoming))
}

async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = if incoming.body_kind() == BodyKind::Form {
        by_form(&app, &incoming).await
    } else {
        by_json(&app, &incoming).await
    };
    answer.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn by_json(app: &App, incoming: &Incoming) -> Result<Response, Problem> {
    csrf::check_origin(app, incoming)?;
    let object = incoming.json_object()?;
    let (user, _) = register(app, incoming, &object, false).await?;
    Ok(json(StatusCode::CREATED, &user.to_json()))
}

/// The page's form signs the new user in as well.
async fn by_form(app: &App, incoming: &Incoming) -> Result<Response, Problem> {
    // What another site's page typed is not shown again, with a fresh token, to be sent by a click.
    csrf::check_origin(app, incoming)?;
    let site = app.site().await?;
    let params = incoming.body_params()?;
    let object = incoming.form_object()?;
    let registered = match csrf::check_form(app, &site, incoming, &params) {
        Ok(()) => register(app, incoming, &object, true).await,
        Err(problem) => Err(problem),
    };
    match registered {
        Ok((user, token)) => {
            let mut response = see_other(&continuation(params.get("continue")));
            if let Some(token) = token {
                sign_in::remember(app, &site, user.user_id, &token, &mut response);
            }
            Ok(response)
        }
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(problem) => {
            let typed = |name| params.get(name).unwrap_or_default().to_owned();
            let form = Form {
                username: typed("username"),
                email: typed("email"),
                phone: typed("phone"),
                nickname: typed("nickname"),
                go_on: params.get("continue").map(str::to_owned),
                problem: Some(problem.clone()),
            };
            Ok(form.render(app, &site, incoming, problem.status))
        }
    }
}

/// Registers whoever `object` describes. With `sign_in`, their first session begins in the same transaction.
async fn register(
    app: &App,
    incoming: &Incoming,
    object: &Map<String, Value>,
    sign_in: bool,
) -> Result<(User, Option<SessionToken>), Problem> {
    let mut errors = Vec::new();
    let user = registration::describe(app, object).map_err(|mut wrong| errors.append(&mut wrong)).ok();
    let password = match object.get("password") {
        Some(Value::String(text)) => {
            let password = Password::new(text);
            password.acceptable().map(|()| password).map_err(|problem| problem.code())
        }
        Some(Value::Null) | None => Err("required"),
        Some(_) => Err("wrong_type"),
    };
    let password = password.map_err(|code| errors.push(FieldError::new("password", code))).ok();
    let (Some(user), Some(password), true) = (user, password, errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    registration::admit(app, incoming).await?;

    let password = StoredPassword { hash: password.hash(&app.hashers).await, version: 1 };
    let (session, token) = sign_in::new_session(app, incoming, &user);
    let session = sign_in.then_some(&session);
    match app.store.create_user(&user, &password, session, Attempt::new(&app.entropy)).await? {
        Taken::Done => {
            log::user(user.user_id);
            Ok((user, sign_in.then_some(token)))
        }
        Taken::Already(kinds) => Err(registration::taken(kinds)),
        Taken::Stale => Err(Problem::new(StatusCode::CONFLICT, "try again")),
    }
}

/// The form, as typed so far.
#[derive(Default)]
struct Form {
    username: String,
    email: String,
    phone: String,
    nickname: String,
    go_on: Option<String>,
    problem: Option<Problem>,
}

impl Form {
    fn render(&self, app: &App, site: &Site, incoming: &Incoming, status: StatusCode) -> Response {
        let frame = Frame::new(app, site, incoming, None, &form_path(incoming, self.go_on.as_deref()));
        let layout = frame.layout();
        let errors = self.problem.as_ref().map(|problem| problem.errors.clone()).unwrap_or_default();
        let error = self.problem.as_ref().filter(|_| errors.is_empty()).map(|problem| match problem.retry_after {
            Some(seconds) => fill(layout.m.too_many_attempts, &[("minutes", &((seconds + 59) / 60).to_string())]),
            None => layout.m.expired_form.to_owned(),
        });
        let page = pages::Register {
            username: &self.username,
            email: &self.email,
            phone: &self.phone,
            nickname: &self.nickname,
            continue_to: self.go_on.as_deref(),
            providers: connect::links(app, self.go_on.as_deref()),
            errors,
            error: error.as_deref(),
            layout,
        };
        let mut response = frame.render(app, status, &page);
        if let Some(problem) = &self.problem {
            problem.add_headers(&mut response);
        }
        response
    }
}
