//! `/connect/{provider}/pending`: whose is an account elsewhere to be that nobody here has?

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::machine::Offer;
use super::refusal::{self, Back, Refusal};
use super::settle::{Settle, hash, refused};
use super::{bad_request, is_page, login_href, pending_path, provider, who};
use crate::account::User;
use crate::app::App;
use crate::http::cookies::Cookie;
use crate::http::csrf::{self, Browser};
use crate::http::incoming::{BodyKind, Incoming};
use crate::http::page::{Frame, continuation, see_other};
use crate::http::problem::Problem;
use crate::http::session::SignedIn;
use crate::http::{empty, fresh, json, links, registration, sign_in};
use crate::i18n::fill;
use crate::id::{Attempt, UserId};
use crate::log;
use crate::pages::ConnectPending;
use crate::store::StoreError;
use crate::store::links::{Created, Link, Linked};
use crate::store::pendings::Pending;
use crate::upstream::Provider;

/// Shows the choice, or takes it.
pub async fn pending(app: &App, incoming: &Incoming, id: &str) -> Response {
    let provider = match provider(app, id) {
        Ok(provider) => provider,
        Err(problem) => return problem.render(incoming),
    };
    let mut back = Back::default();
    match answer(app, incoming, provider, &mut back).await {
        Ok(response) => response,
        Err(problem) => refusal::render(incoming, provider, &problem, &back),
    }
}

/// A pending account, and where it is kept.
struct Waiting<'a> {
    settle: Settle<'a>,
    hash: String,
    pending: Pending,
}

async fn answer(app: &App, incoming: &Incoming, provider: &Provider, back: &mut Back) -> Result<Response, Problem> {
    let site = app.site().await?;
    let browser = Browser::of(app, incoming);
    let posted = !incoming.method.is_safe();
    if posted {
        csrf::check_origin(app, incoming)?;
    }
    let object = match incoming.body_kind() {
        _ if !posted => Map::new(),
        BodyKind::Form => incoming.form_object()?,
        _ => incoming.json_object()?,
    };
    let secret = Cookie::Pending.read(incoming, &app.config.issuer).ok_or(Refusal::Gone)?;
    let hash = hash(&secret, &browser);
    let found = app.store.find_pending(&hash, app.clock.now()).await?;
    let pending = found.filter(|pending| pending.provider == *provider.id()).ok_or(Refusal::Gone)?;
    back.continue_to.clone_from(&pending.continue_to);
    let settle = Settle { app, site: &site, incoming, provider, page: is_page(incoming) };
    let waiting = Waiting { settle, hash, pending };
    if !posted {
        let there = who(app, &site, incoming).await?;
        return Ok(waiting.show(there.as_ref(), &Map::new(), None));
    }
    if incoming.body_kind() == BodyKind::Form {
        match csrf::check_form(app, &site, incoming, &incoming.body_params()?) {
            Ok(()) => {}
            // Open for too long: it is shown again.
            Err(problem) => {
                let there = who(app, &site, incoming).await?;
                return Ok(waiting.show(there.as_ref(), &object, Some(&problem)));
            }
        }
    }
    match object.get("action").and_then(Value::as_str) {
        Some("create") => match waiting.create(&object).await {
            Err(problem) if waiting.settle.page && problem.code.is_none() && !problem.status.is_server_error() => {
                Ok(waiting.show(None, &object, Some(&problem)))
            }
            answer => answer,
        },
        Some("link") => waiting.link().await,
        Some("cancel") => waiting.cancel().await,
        _ => Err(bad_request("action must be create, link or cancel")),
    }
}

impl Waiting<'_> {
    /// The choice, with what was typed and what went wrong.
    fn show(&self, there: Option<&SignedIn>, typed: &Map<String, Value>, problem: Option<&Problem>) -> Response {
        let Settle { app, site, incoming, provider, page } = self.settle;
        let offer = Offer::to(there, self.pending.created_at);
        let name = match offer {
            Offer::Link(there) => Some(there.user.display_name()),
            Offer::Choose => None,
        };
        let path = pending_path(provider);
        if !page {
            let left = self.pending.expires_at() - app.clock.now();
            return json(StatusCode::OK, &json!({ "provider": provider.id(), "expires_in": left, "link_to": name }));
        }
        let frame = Frame::new(app, site, incoming, there.map(|there| &there.user), &path);
        let layout = frame.layout();
        let errors = problem.map(|problem| problem.errors.clone()).unwrap_or_default();
        let error = problem.filter(|_| errors.is_empty()).map(|problem| match problem.retry_after {
            Some(seconds) => fill(layout.m.too_many_attempts, &[("minutes", &((seconds + 59) / 60).to_string())]),
            None => layout.m.expired_form.to_owned(),
        });
        let field = |name: &str| typed.get(name).and_then(Value::as_str).unwrap_or_default();
        let page = ConnectPending {
            provider_id: provider.id().as_str(),
            provider: provider.name(),
            link_to: name.as_deref(),
            login_href: &login_href(&path),
            username: field("username"),
            email: field("email"),
            phone: field("phone"),
            nickname: field("nickname"),
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

    /// A new user, who signs in with this account and has no password: user, link and session come together or not at all.
    async fn create(&self, object: &Map<String, Value>) -> Result<Response, Problem> {
        let Settle { app, site, incoming, page, .. } = self.settle;
        let user = registration::describe(app, object).map_err(Problem::invalid)?;
        let user = User { passwordless: true, ..user };
        registration::admit(app, incoming).await?;
        let (session, token) = sign_in::new_session(app, incoming, &user);
        let link = self.new_link(user.user_id)?;
        let letter = self.settle.letter(&user).await?;
        let attempt = Attempt::new(&app.entropy);
        let created = app.store.create_user_with_link(&user, &link, &session, &self.hash, letter.as_ref(), attempt);
        match created.await? {
            Created::Done => {}
            Created::Already(kinds) => return Err(registration::taken(kinds)),
            Created::TakenByAnother => return Err(Refusal::Foreign.into()),
            Created::PendingGone => return Err(Refusal::Gone.into()),
        }
        log::user(user.user_id);
        self.settle.send(letter.as_ref()).await;
        let mut response = if page {
            see_other(&continuation(self.pending.continue_to.as_deref()))
        } else {
            sign_in::answer(app, site, StatusCode::CREATED, &user, &session)?
        };
        sign_in::remember(app, site, user.user_id, &token, &mut response);
        Cookie::Pending.clear(&mut response, &app.config.issuer);
        Ok(response)
    }

    /// Binds it to the account of whoever signed in for it.
    async fn link(&self) -> Result<Response, Problem> {
        let Settle { app, site, incoming, provider, page } = self.settle;
        let there = who(app, site, incoming).await?;
        let Offer::Link(SignedIn { user, .. }) = Offer::to(there.as_ref(), self.pending.created_at) else {
            if page {
                return Ok(see_other(&login_href(&pending_path(provider))));
            }
            return Err(there.map_or_else(Problem::not_signed_in, |_| too_old()));
        };
        let link = self.new_link(user.user_id)?;
        let letter = self.settle.letter(user).await?;
        let attempt = Attempt::new(&app.entropy);
        match app.store.link_pending(user, &link, &self.hash, letter.as_ref(), attempt).await? {
            Linked::Done => self.settle.send(letter.as_ref()).await,
            // In another window. It is of no more use.
            Linked::Already => app.store.delete_pending(&self.hash).await?,
            lost => return Err(refused(lost).into()),
        }
        let mut response = self.settle.done(self.pending.continue_to.as_deref());
        Cookie::Pending.clear(&mut response, &app.config.issuer);
        Ok(response)
    }

    /// Nothing is kept.
    async fn cancel(&self) -> Result<Response, Problem> {
        let Settle { app, page, .. } = self.settle;
        app.store.delete_pending(&self.hash).await?;
        let mut response = if page {
            let go_on = self.pending.continue_to.as_deref();
            see_other(&go_on.map_or_else(|| "/login".to_owned(), login_href))
        } else {
            empty(StatusCode::NO_CONTENT)
        };
        Cookie::Pending.clear(&mut response, &app.config.issuer);
        Ok(response)
    }

    fn new_link(&self, user: UserId) -> Result<Link, StoreError> {
        let Settle { app, provider, incoming, .. } = self.settle;
        let tokens = self.pending.open_tokens(&links::at_rest(app));
        let tokens = tokens.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let subject = self.pending.subject.clone();
        Ok(links::new_link(app, user, provider, subject, tokens.as_ref(), incoming.lang()))
    }
}

/// Their session was there before.
fn too_old() -> Problem {
    let problem = Problem::new(StatusCode::FORBIDDEN, "sign in again: this wants a sign-in that was made for it");
    Problem { code: Some(fresh::REQUIRED), ..problem }
}
