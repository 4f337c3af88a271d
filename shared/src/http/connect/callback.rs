//! `/connect/{provider}/callback`: somebody comes back from a provider.

use axum::response::Response;

use super::machine::{Arrival, Intent};
use super::refusal::{self, Back, Refusal};
use super::settle::Settle;
use super::state::State;
use super::{bad_request, href, is_page, login_href, provider, who};
use crate::account::limits::CONNECTS_PER_ADDRESS;
use crate::app::App;
use crate::http::csrf::{self, Browser};
use crate::http::fresh;
use crate::http::incoming::Incoming;
use crate::http::page::see_other;
use crate::http::problem::Problem;
use crate::http::sign_in;
use crate::id::Attempt;
use crate::store::rates::Counter;
use crate::upstream::{Identified, Provider, UpstreamError};

/// A code may be this long, in bytes. RFC 6749 §4.1.2 names no limit; this leaves room for codes that, like ours, carry all
/// that they stand for.
const LONGEST_CODE: usize = 2048;

/// Takes the provider's answer: by the browser, or posted as JSON by a front end.
pub async fn callback(app: &App, incoming: &Incoming, id: &str) -> Response {
    let provider = match provider(app, id) {
        Ok(provider) => provider,
        Err(problem) => return problem.render(incoming),
    };
    let mut back = Back::default();
    match arrive(app, incoming, provider, &mut back).await {
        Ok(response) => response,
        Err(problem) => refusal::render(incoming, provider, &problem, &back),
    }
}

async fn arrive(app: &App, incoming: &Incoming, provider: &Provider, back: &mut Back) -> Result<Response, Problem> {
    let params = if incoming.method.is_safe() {
        incoming.query_params()?
    } else {
        csrf::check_origin(app, incoming)?;
        incoming.json_object()?;
        incoming.body_params()?
    };
    params.refuse_doubled()?;
    let site = app.site().await?;
    let browser = Browser::of(app, incoming);
    let sealed = params.get("state").unwrap_or_default();
    let state = State::open(&site, &browser, provider, sealed).ok_or(Refusal::State)?;
    *back = Back { intent: Some(state.intent), continue_to: state.continue_to.clone() };
    // RFC 6749 §4.1.2.1. What it says is the provider's: it is looked at, and goes no further.
    match params.get("error") {
        Some("server_error" | "temporarily_unavailable") => return Err(Refusal::Unavailable.into()),
        Some(_) => return Err(Refusal::Denied.into()),
        None => {}
    }
    let code = params.get("code").filter(|code| !code.is_empty()).ok_or_else(|| bad_request("code is missing"))?;
    if code.len() > LONGEST_CODE || code.contains(char::is_control) {
        return Err(bad_request("code is none of a provider's: it has more than 2,048 bytes, or control characters"));
    }
    // Before the code is spent: it would be of no use to anybody.
    let there = match state.intent {
        Intent::SignIn => None,
        Intent::Bind { .. } => who(app, &site, incoming).await?,
    };
    if !state.intent.is_of(there.as_ref()) {
        return Err(Refusal::Left.into());
    }
    // It may have been recent when they went there, and is not any more.
    if let Some(there) = &there
        && let Err(problem) = fresh::check(app, &there.session)
    {
        let again = href(provider, Some("bind"), state.continue_to.as_deref());
        return if is_page(incoming) { Ok(see_other(&login_href(&again))) } else { Err(problem) };
    }
    admit(app, incoming).await?;
    let identified = identify(app, provider, &state, sealed, code).await?;
    let owner = app.store.find_upstream_user(provider.id(), &identified.subject).await?;
    let settle = Settle { app, site: &site, incoming, provider, page: is_page(incoming) };
    let go_on = state.continue_to.as_deref();
    match (state.intent.arrival(owner), there) {
        (Arrival::SignIn(owner), _) => settle.sign_in(owner, &identified, go_on).await,
        (Arrival::Wait, _) => settle.wait(&browser, &identified, go_on).await,
        (Arrival::Bind, Some(there)) => settle.bind(&there.user, &identified, go_on).await,
        (Arrival::Bound, Some(there)) => settle.bound(&there.user, &identified, go_on).await,
        (Arrival::Foreign, _) => Err(Refusal::Foreign.into()),
        // Unreachable: a binding is of somebody who is there.
        (Arrival::Bind | Arrival::Bound, None) => Err(Refusal::Left.into()),
    }
}

/// Counts an answer, before anything is used up. Everyone counts, also who comes in: whoever has an account at the provider
/// could else make it answer without end, and it would shut out all of this site's users.
///
/// # Errors
/// 429, 503.
async fn admit(app: &App, incoming: &Incoming) -> Result<(), Problem> {
    let counter = Counter::new("CONNECT", &incoming.client_network(), CONNECTS_PER_ADDRESS, app.clock.now());
    sign_in::claim(app, &[counter]).await
}

/// Asks the provider who it is. The state is used up before, so that of any number of answers to it one is taken; and given
/// back a few times where the provider did not answer, since nothing came of it: the same answer can be sent again. Not
/// where it has too much to do: that would be more of it.
async fn identify(
    app: &App,
    provider: &Provider,
    state: &State,
    sealed: &str,
    code: &str,
) -> Result<Identified, Problem> {
    let used = app.store.use_returnable(state.once(app), Attempt::new(&app.entropy)).await?;
    let used = used.ok_or(Refusal::Used)?;
    let attempting = state.attempting(provider, sealed.to_owned());
    let failed = match provider.identify(app, code, &attempting).await {
        Ok(identified) => return Ok(identified),
        Err(failed) => failed,
    };
    if failed != UpstreamError::Unavailable {
        return Err(Refusal::from(failed).into());
    }
    let returned = app.store.return_used(&used).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a state that came to nothing stays used up");
        false
    });
    Err(if returned { Refusal::Unavailable } else { Refusal::Busy }.into())
}
