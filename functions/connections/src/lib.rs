//! Accounts elsewhere that are bound to one's account: shown, and unbound. Function `connect` binds them.

mod page;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{delete, get};
use http::StatusCode;
use serde_json::{Value, json};
use shared::account::{Session, User};
use shared::app::App;
use shared::http::bearer::Caller;
use shared::http::problem::Code;
use shared::http::{Incoming, Problem, empty, fresh};
use shared::id::Attempt;
use shared::mail::{self, Letter, LetterKind};
use shared::store::links::{Health, Link, Remaining, Unlinked};
use shared::upstream::{Provider, ProviderId};

/// The function's routes. A page's form can only POST.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/connections", get(show).post(page::submit))
        .route("/connections/{provider}", delete(unbind_by_json))
}

/// What is bound, and what could be.
struct Connections<'a> {
    bound: Vec<Link>,
    available: Vec<&'a Provider>,
}

async fn list<'a>(app: &'a App, user: &User) -> Result<Connections<'a>, Problem> {
    let bound = app.store.list_links(user.user_id).await?;
    let free = |provider: &&Provider| !bound.iter().any(|link| link.provider == *provider.id());
    let available = app.upstream.list().filter(free).collect();
    Ok(Connections { bound, available })
}

/// A provider's name; its id where it is not configured any more.
fn name_of(app: &App, id: &ProviderId) -> String {
    app.upstream.find(id.as_str()).map_or_else(|| id.to_string(), |provider| provider.name().to_owned())
}

async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    if incoming.wants_html() {
        return page::show(&app, &incoming).await;
    }
    let answer = async {
        let (user, _) = caller(&app, &incoming).await?;
        let Connections { bound, available } = list(&app, &user).await?;
        let items: Vec<_> = bound.iter().map(|link| to_json(&app, link)).collect();
        let available = available.into_iter();
        let available = available.map(|provider| json!({ "provider": provider.id(), "name": provider.name() }));
        let available: Vec<_> = available.collect();
        Ok::<_, Problem>(shared::http::json(StatusCode::OK, &json!({ "items": items, "available": available })))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn unbind_by_json(State(app): State<App>, Path(provider): Path<String>, incoming: Incoming) -> Response {
    let answer = async {
        let (user, session) = caller(&app, &incoming).await?;
        unbind(&app, &incoming, &user, &session, &provider).await?;
        Ok::<_, Problem>(empty(StatusCode::NO_CONTENT))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn caller(app: &App, incoming: &Incoming) -> Result<(User, Session), Problem> {
    let site = app.site().await?;
    let caller = Caller::require(app, &site, incoming).await?;
    let session = caller.own_session()?.clone();
    Ok((caller.user, session))
}

fn to_json(app: &App, link: &Link) -> Value {
    let (state, since) = match link.health() {
        Health::Healthy(since) => ("healthy", since),
        Health::NeedsAttention(since) => ("needs_attention", since),
    };
    json!({
        "provider": link.provider,
        "name": name_of(app, &link.provider),
        "linked_at": link.linked_at.to_string(),
        "state": state,
        "since": since.to_string(),
    })
}

/// Unbinds a user's account at a provider, unless they could not sign in any more then. One that is not bound is unbound
/// already: a request whose answer was lost can be sent again.
async fn unbind(app: &App, incoming: &Incoming, user: &User, session: &Session, provider: &str) -> Result<(), Problem> {
    let provider: ProviderId = provider.parse().map_err(|_| Problem::not_found())?;
    fresh::check(app, session)?;
    let mut written: Option<Option<Letter>> = None;
    // What was to remain may go at the same time: then something else may do.
    for _ in 0..3 {
        let links = app.store.list_links(user.user_id).await?;
        let Some(link) = links.iter().find(|link| link.provider == provider) else { return Ok(()) };
        // A provider that the site does not have any more, or that has another issuer now, lets nobody in.
        let names = |other: &Link| app.upstream.find(other.provider.as_str()).is_some_and(|p| p.names(&other.subject));
        let leads_in = |other: &&Link| other.provider != provider && names(other);
        let remaining = match links.iter().find(leads_in) {
            _ if !user.passwordless => Remaining::Password,
            Some(other) => Remaining::Link(&other.provider),
            None => {
                let problem = Problem::new(StatusCode::CONFLICT, "it is the last way to sign in: set a password first");
                return Err(Problem { code: Some(Code::LastWayToSignIn), ..problem });
            }
        };
        let letter = match &written {
            Some(letter) => letter,
            None => {
                let kind = LetterKind::Unbound { provider: name_of(app, &provider) };
                written.insert(mail::about(app, user, kind, incoming.lang()).await?)
            }
        };
        match app.store.delete_link(link, remaining, letter.as_ref(), Attempt::new(&app.entropy)).await? {
            Unlinked::Done => {
                if let Some(letter) = letter {
                    mail::send_now(app, letter).await;
                }
                return Ok(());
            }
            Unlinked::Gone | Unlinked::LastWay => {}
        }
    }
    Err(Problem::new(StatusCode::CONFLICT, "the account is being changed elsewhere: try again"))
}
