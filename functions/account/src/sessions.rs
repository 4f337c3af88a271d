//! The browsers in which the account is signed in.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use shared::account::{Session, User, browser_name};
use shared::app::{App, Site};
use shared::http::cookies::Cookie;
use shared::http::page::{Frame, see_other};
use shared::http::session::{self, SignedIn};
use shared::http::{Incoming, Problem, Segment, empty, sign_out};
use shared::id::SessionId;
use shared::pages::{self, SessionRow};

use crate::caller;
use crate::page::{Form, error_words, sign_in};

const PATH: &str = "/account/sessions";

/// How many a page has.
const LIMIT: usize = 100;

/// A page of sessions, the one used last first, and where the next one begins.
struct List {
    sessions: Vec<Session>,
    next: Option<SessionId>,
}

async fn list(app: &App, user: &User, after: Option<SessionId>) -> Result<List, Problem> {
    let mut sessions = app.store.list_sessions(user.user_id, after, LIMIT).await?;
    let next = sessions.last().filter(|_| sessions.len() == LIMIT).map(|session| session.session_id);
    let now = app.clock.now();
    sessions.retain(|session| session.is_live(user, now));
    sessions.sort_by_key(|session| (-session.last_seen_at.0, session.session_id));
    Ok(List { sessions, next })
}

fn after(incoming: &Incoming) -> Result<Option<SessionId>, Problem> {
    let after = incoming.query_params()?.get("after").map(str::parse).transpose();
    after.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "after must be the next of an earlier answer"))
}

pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    if incoming.wants_html() {
        let answer = async {
            let site = app.site().await?;
            let Some(signed_in) = session::find(&app, &site, &incoming).await? else { return Ok(sign_in(PATH)) };
            page(&app, &site, &incoming, &signed_in, None).await
        };
        return answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming));
    }
    let answer = async {
        let (user, own) = caller(&app, &incoming).await?;
        let List { sessions, next } = list(&app, &user, after(&incoming)?).await?;
        let items: Vec<_> = sessions.iter().map(|session| to_json(session, own.session_id)).collect();
        Ok(shared::http::json(StatusCode::OK, &json!({ "items": items, "next": next })))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.render(&incoming))
}

/// Ends one session; one's own as well, which is signing out.
pub(crate) async fn end(State(app): State<App>, Segment(session_id): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, own) = caller(&app, &incoming).await?;
        let session_id = parse(&session_id)?;
        sign_out::end(&app, &*app.site().await?, user.user_id, &[session_id]).await?;
        let mut response = empty(StatusCode::NO_CONTENT);
        if session_id == own.session_id {
            Cookie::Session.clear(&mut response, &app.config.issuer);
        }
        Ok::<_, Problem>(response)
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

/// Ends every session but one's own.
pub(crate) async fn end_others(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let (user, own) = caller(&app, &incoming).await?;
        others(&app, &*app.site().await?, &user, own.session_id).await?;
        Ok::<_, Problem>(empty(StatusCode::NO_CONTENT))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

pub(crate) async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let Some(form) = Form::open(&app, &incoming).await? else { return Ok(sign_in(PATH)) };
        let SignedIn { user, session } = &form.signed_in;
        let done = async {
            form.check(&app, &incoming)?;
            if form.params.has("others") {
                return others(&app, &form.site, user, session.session_id).await;
            }
            let session_id = parse(form.params.get("session_id").unwrap_or_default())?;
            Ok(sign_out::end(&app, &form.site, user.user_id, &[session_id]).await?)
        };
        match done.await {
            Ok(()) => Ok(see_other("/account/sessions?done=ended")),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(problem) => page(&app, &form.site, &incoming, &form.signed_in, Some(&problem)).await,
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

fn parse(session_id: &str) -> Result<SessionId, Problem> {
    session_id.parse().map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "session_id is not that of a session"))
}

/// A hundred at a time, until none is left.
async fn others(app: &App, site: &Site, user: &User, own: SessionId) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let sessions = app.store.list_sessions(user.user_id, after, LIMIT).await?;
        let ids = sessions.iter().map(|session| session.session_id);
        let others: Vec<_> = ids.filter(|id| *id != own).collect();
        if !others.is_empty() {
            sign_out::end(app, site, user.user_id, &others).await?;
        }
        after = sessions.last().map(|session| session.session_id);
        if sessions.len() < LIMIT {
            return Ok(());
        }
    }
}

async fn page(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    signed_in: &SignedIn,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let SignedIn { user, session } = signed_in;
    let List { sessions, next } = list(app, user, after(incoming)?).await?;
    let frame = Frame::new(app, site, incoming, Some(user), PATH);
    let layout = frame.layout();
    let done = incoming.query_params()?.get("done") == Some("ended");
    let next_href = next.map(|next| format!("{PATH}?after={next}"));
    let error = problem.map(|problem| error_words(layout.m, problem));
    let page = pages::Sessions {
        sessions: sessions.iter().map(|one| row(one, session.session_id)).collect(),
        next_href: next_href.as_deref(),
        notice: (done && problem.is_none()).then_some(layout.m.sessions_ended),
        error: error.as_deref(),
        layout,
    };
    Ok(frame.render(app, problem.map_or(StatusCode::OK, |problem| problem.status), &page))
}

fn row(session: &Session, own: SessionId) -> SessionRow {
    SessionRow {
        session_id: session.session_id.to_string(),
        browser: browser_name(&session.user_agent),
        current: session.session_id == own,
        signed_in_at: session.auth_time.to_string(),
        last_seen_at: session.last_seen_at.to_string(),
    }
}

fn to_json(session: &Session, own: SessionId) -> Value {
    json!({
        "session_id": session.session_id,
        "current": session.session_id == own,
        "browser": browser_name(&session.user_agent),
        "user_agent": session.user_agent,
        "signed_in_at": session.auth_time.to_string(),
        "last_seen_at": session.last_seen_at.to_string(),
        "expires_at": session.idle_expires_at.min(session.expires_at).to_string(),
    })
}
