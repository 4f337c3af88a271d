//! The applications that may use the account: its consents.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::{App, Site};
use shared::clock::Time;
use shared::http::page::{Frame, see_other};
use shared::http::session;
use shared::http::{Incoming, Problem, Segment, empty};
use shared::id::{ClientId, UserId};
use shared::oauth::{Client, Scope};
use shared::pages::{self, AppRow};

use crate::caller;
use crate::page::{Form, error_words, sign_in};

const PATH: &str = "/account/apps";

/// How many a page has.
const LIMIT: usize = 100;

/// A consent, with its client if that still is there.
struct Allowed {
    client_id: ClientId,
    client: Option<Client>,
    scope: Scope,
    created_at: Time,
    updated_at: Time,
}

/// A page of consents, by name, and where the next one begins.
struct List {
    allowed: Vec<Allowed>,
    next: Option<ClientId>,
}

/// Two reads: the consents, and the clients that they are given to.
async fn list(app: &App, user: UserId, after: Option<ClientId>) -> Result<List, Problem> {
    let grants = app.store.list_grants(user, after, LIMIT).await?;
    let next = grants.last().filter(|_| grants.len() == LIMIT).map(|grant| grant.client_id);
    let ids: Vec<_> = grants.iter().map(|grant| grant.client_id).collect();
    let mut clients = app.store.find_clients(&ids).await?;
    let mut allowed: Vec<_> = grants
        .into_iter()
        .map(|grant| {
            let at = clients.iter().position(|client| client.client_id == grant.client_id);
            let client = at.map(|at| clients.swap_remove(at));
            let (client_id, scope) = (grant.client_id, grant.scope);
            Allowed { client_id, client, scope, created_at: grant.created_at, updated_at: grant.updated_at }
        })
        .collect();
    allowed.sort_by_key(|allowed| allowed.name().to_lowercase());
    Ok(List { allowed, next })
}

fn after(incoming: &Incoming) -> Result<Option<ClientId>, Problem> {
    let after = incoming.query_params()?.get("after").map(str::parse).transpose();
    after.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "after must be the next of an earlier answer"))
}

pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    if incoming.wants_html() {
        let answer = async {
            let site = app.site().await?;
            let Some(signed_in) = session::find(&app, &site, &incoming).await? else { return Ok(sign_in(PATH)) };
            page(&app, &site, &incoming, &signed_in.user, None).await
        };
        return answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming));
    }
    let answer = async {
        let (user, _) = caller(&app, &incoming).await?;
        let List { allowed, next } = list(&app, user.user_id, after(&incoming)?).await?;
        let items: Vec<_> = allowed.iter().map(Allowed::to_json).collect();
        Ok(shared::http::json(StatusCode::OK, &json!({ "items": items, "next": next })))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.render(&incoming))
}

pub(crate) async fn withdraw(State(app): State<App>, Segment(client_id): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, _) = caller(&app, &incoming).await?;
        end(&app, user.user_id, &client_id).await?;
        Ok::<_, Problem>(empty(StatusCode::NO_CONTENT))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

pub(crate) async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let Some(form) = Form::open(&app, &incoming).await? else { return Ok(sign_in(PATH)) };
        let user = &form.signed_in.user;
        let done = async {
            form.check(&app, &incoming)?;
            end(&app, user.user_id, form.params.get("client_id").unwrap_or_default()).await
        };
        match done.await {
            Ok(()) => Ok(see_other("/account/apps?done=withdrawn")),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(problem) => page(&app, &form.site, &incoming, user, Some(&problem)).await,
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

/// Withdraws a consent. One that is not there is withdrawn already: a withdrawal whose answer was lost can be sent again.
async fn end(app: &App, user: UserId, client_id: &str) -> Result<(), Problem> {
    let bad = || Problem::new(StatusCode::BAD_REQUEST, "client_id is not that of an application");
    let client_id = client_id.parse().map_err(|_| bad())?;
    if let Some(grant) = app.store.find_grant(user, client_id).await? {
        app.store.withdraw_grant(&grant).await?;
    }
    Ok(())
}

async fn page(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    user: &shared::account::User,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let List { allowed, next } = list(app, user.user_id, after(incoming)?).await?;
    let frame = Frame::new(app, site, incoming, Some(user), PATH);
    let layout = frame.layout();
    let done = incoming.query_params()?.get("done") == Some("withdrawn");
    let next_href = next.map(|next| format!("{PATH}?after={next}"));
    let error = problem.map(|problem| error_words(layout.m, problem));
    let page = pages::Apps {
        apps: allowed.iter().map(Allowed::row).collect(),
        next_href: next_href.as_deref(),
        notice: (done && problem.is_none()).then_some(layout.m.apps_withdrawn),
        error: error.as_deref(),
        layout,
    };
    Ok(frame.render(app, problem.map_or(StatusCode::OK, |problem| problem.status), &page))
}

impl Allowed {
    fn name(&self) -> String {
        self.client.as_ref().map_or_else(|| self.client_id.to_string(), Client::display_name)
    }

    fn row(&self) -> AppRow {
        AppRow {
            client_id: self.client_id.to_string(),
            name: self.name(),
            host: self.client.as_ref().and_then(Client::host),
            document_host: self.client.as_ref().and_then(Client::document_host),
            scopes: self.scope.iter().map(|token| token.as_str()).collect(),
            since: self.created_at.to_string(),
        }
    }

    fn to_json(&self) -> Value {
        let metadata = self.client.as_ref().map(|client| &client.metadata);
        let document = self.client.as_ref().and_then(|client| client.document.as_ref());
        let mut item = json!({
            "client_id": self.client_id,
            "client_name": self.name(),
            "client_uri": metadata.and_then(|metadata| metadata.client_uri.as_deref()),
            "scope": self.scope,
            "created_at": self.created_at.to_string(),
            "updated_at": self.updated_at.to_string(),
        });
        // What the application calls itself, where that would not do in an address of ours.
        if let (Some(item), Some(document)) = (item.as_object_mut(), document) {
            item.insert("client_id_metadata_document".to_owned(), document.url.as_str().into());
        }
        item
    }
}
