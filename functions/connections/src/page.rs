//! The page of accounts elsewhere.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use shared::account::User;
use shared::app::{App, Site};
use shared::http::page::{Frame, see_other};
use shared::http::problem::Code;
use shared::http::{Incoming, Problem, csrf, fresh, session};
use shared::pages::{self, ConnectionRow};
use shared::store::links::{Health, Link};

use crate::{Connections, list, name_of, unbind};

const PATH: &str = "/connections";

fn sign_in() -> Response {
    see_other("/login?continue=/connections")
}

pub(crate) async fn show(app: &App, incoming: &Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let Some(signed_in) = session::find(app, &site, incoming).await? else { return Ok(sign_in()) };
        render(app, &site, incoming, &signed_in.user, None).await
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(incoming))
}

pub(crate) async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        csrf::check_origin(&app, &incoming)?;
        let site = app.site().await?;
        let params = incoming.body_params()?;
        // Whose session ended while the page was open signs in again; what never came from the page goes nowhere.
        let from_our_page = csrf::check_form(&app, &site, &incoming, &params);
        let Some(signed_in) = session::find(&app, &site, &incoming).await? else {
            return from_our_page.map(|()| sign_in());
        };
        let done = match from_our_page {
            Ok(()) => {
                let provider = params.get("provider").unwrap_or_default();
                unbind(&app, &incoming, &signed_in.user, &signed_in.session, provider).await
            }
            Err(problem) => Err(problem),
        };
        match done {
            Ok(()) => Ok(see_other("/connections?done=unbound")),
            Err(problem) if problem.code == Some(fresh::REQUIRED) => Ok(sign_in()),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(problem) => render(&app, &site, &incoming, &signed_in.user, Some(&problem)).await,
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

async fn render(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    user: &User,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let Connections { bound, available } = list(app, user).await?;
    let frame = Frame::new(app, site, incoming, Some(user), PATH);
    let layout = frame.layout();
    let m = layout.m;
    let params = incoming.query_params()?;
    let notice = match params.get("done") {
        Some("unbound") => Some(m.connections_unbound),
        Some("bound") => Some(m.connections_bound),
        _ => None,
    };
    let error = problem.map(|problem| match problem.code {
        Some(Code::LastWayToSignIn) => m.connections_last_way,
        _ if problem.status == StatusCode::FORBIDDEN => m.expired_form,
        _ => m.bad_request,
    });
    let page = pages::Connections {
        bound: bound.iter().map(|link| row(app, link)).collect(),
        available: available.into_iter().map(|provider| (provider.id().as_str(), provider.name())).collect(),
        notice: notice.filter(|_| problem.is_none()),
        error,
        layout,
    };
    Ok(frame.render(app, problem.map_or(StatusCode::OK, |problem| problem.status), &page))
}

fn row(app: &App, link: &Link) -> ConnectionRow {
    ConnectionRow {
        provider: link.provider.to_string(),
        name: name_of(app, &link.provider),
        linked_at: link.linked_at.to_string(),
        broken_since: match link.health() {
            Health::Healthy(_) => None,
            Health::NeedsAttention(since) => Some(since.to_string()),
        },
        can_bind_again: app.upstream.find(link.provider.as_str()).is_some(),
    }
}
