//! Signs people in and out: the page and its JSON.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use shared::account::{Session, SessionToken, User};
use shared::app::{App, Site};
use shared::http::bearer::Caller;
use shared::http::cookies::Cookie;
use shared::http::incoming::BodyKind;
use shared::http::page::{Frame, continuation, form_path, see_other};
use shared::http::{Incoming, Problem, connect, csrf, sign_in, sign_out};
use shared::i18n::fill;
use shared::oauth::Params;
use shared::oauth::authorization_request::RequestInProgress;
use shared::{http as web, pages};

/// The function's routes.
pub fn router() -> Router<App> {
    web::router().route("/login", get(show).post(submit)).route("/logout", post(logout))
}

async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    let page = async {
        let site = app.site().await?;
        let params = incoming.query_params()?;
        Ok::<_, Problem>(form(&app, &site, &incoming, &params, None))
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
    // A page of another site must not sign its visitor in to somebody else's account.
    csrf::check_origin(app, incoming)?;
    let object = incoming.json_object()?;
    let text = |name: &str| object.get(name).and_then(|value| value.as_str());
    let (Some(name), Some(password)) = (text("username"), text("password")) else {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "username and password are needed, both strings"));
    };
    let site = app.site().await?;
    let (user, session, token) = start_session(app, &site, incoming, name, password).await?;
    let mut response = sign_in::answer(app, &site, StatusCode::OK, &user, &session)?;
    sign_in::remember(app, &site, user.user_id, &token, &mut response);
    Ok(response)
}

async fn by_form(app: &App, incoming: &Incoming) -> Result<Response, Problem> {
    // What another site's page typed is not shown again, with a fresh token, to be sent by a click.
    csrf::check_origin(app, incoming)?;
    let site = app.site().await?;
    let params = incoming.body_params()?;
    let field = |name| params.get(name).unwrap_or_default();
    let signed_in = match csrf::check_form(app, &site, incoming, &params) {
        Ok(()) => start_session(app, &site, incoming, field("username"), field("password")).await,
        Err(problem) => Err(problem),
    };
    match signed_in {
        Ok((user, _, token)) => {
            let mut response = see_other(&continuation(params.get("continue")));
            sign_in::remember(app, &site, user.user_id, &token, &mut response);
            Ok(response)
        }
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(problem) => Ok(form(app, &site, incoming, &params, Some(&problem))),
    }
}

/// Checks name and password and begins a session.
async fn start_session(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    name: &str,
    password: &str,
) -> Result<(User, Session, SessionToken), Problem> {
    let checked = sign_in::check(app, site, incoming, name, password).await?;
    let user = checked.user.clone();
    let (begun, ()) = tokio::join!(sign_in::begin_session(app, incoming, &user), checked.settle(app));
    let (session, token) = begun?;
    Ok((user, session, token))
}

/// The page, with what was typed and what went wrong.
fn form(app: &App, site: &Site, incoming: &Incoming, params: &Params, problem: Option<&Problem>) -> Response {
    let go_on = params.get("continue");
    let request = go_on.and_then(|sealed| site.sealer.open::<RequestInProgress>(sealed, b"").ok());
    let asked = request.as_ref().and_then(|request| Params::from_urlencoded(&request.params).ok());
    let hint = asked.as_ref().and_then(|asked| asked.get("login_hint"));
    let locales = asked.as_ref().and_then(|asked| asked.get("ui_locales"));
    let frame = Frame::new(app, site, incoming, None, &form_path(incoming, go_on)).asked_in(incoming, locales);
    let layout = frame.layout();
    let error = problem.map(|problem| match (problem.status, problem.retry_after) {
        (_, Some(seconds)) => fill(layout.m.too_many_attempts, &[("minutes", &((seconds + 59) / 60).to_string())]),
        (StatusCode::UNAUTHORIZED, None) => layout.m.login_failed.to_owned(),
        _ => layout.m.expired_form.to_owned(),
    });
    let page = pages::Login {
        username: params.get("username").or(hint).unwrap_or_default(),
        continue_to: go_on,
        client_name: request.as_ref().map(|request| request.client_name.as_str()).filter(|name| !name.is_empty()),
        providers: connect::links(app, go_on),
        error: error.as_deref(),
        layout,
    };
    let mut response = frame.render(app, problem.map_or(StatusCode::OK, |problem| problem.status), &page);
    if let Some(problem) = problem {
        problem.add_headers(&mut response);
    }
    response
}

async fn logout(State(app): State<App>, incoming: Incoming) -> Response {
    end_session(&app, &incoming).await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn end_session(app: &App, incoming: &Incoming) -> Result<Response, Problem> {
    let site = app.site().await?;
    let by_form = incoming.body_kind() == BodyKind::Form;
    let session = if by_form {
        csrf::check_form(app, &site, incoming, &incoming.body_params()?)?;
        web::session::find(app, &site, incoming).await?.map(|signed_in| signed_in.session)
    } else {
        Caller::find(app, &site, incoming).await?.map(|caller| caller.own_session().cloned()).transpose()?
    };
    if let Some(session) = session {
        sign_out::end(app, &site, session.user_id, &[session.session_id]).await?;
    }
    let mut response = if by_form { see_other("/") } else { web::empty(StatusCode::NO_CONTENT) };
    Cookie::Session.clear(&mut response, &app.config.issuer);
    Ok(response)
}
