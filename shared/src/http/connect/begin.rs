//! `/connect/{provider}`: sends somebody to a provider.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::machine::Intent;
use super::refusal::{self, Back};
use super::state::State;
use super::{LONGEST_CONTINUE, bad_request, href, is_page, login_href, provider, who};
use crate::app::{App, Site};
use crate::http::csrf::{self, Browser};
use crate::http::incoming::{BodyKind, Incoming};
use crate::http::page::{Frame, see_other};
use crate::http::problem::Problem;
use crate::http::session::SignedIn;
use crate::http::{fresh, json};
use crate::pages::ConnectBind;
use crate::upstream::Provider;

/// Begins a sign-in at a provider (`intent=sign_in`), or the binding of an account there (`intent=bind`; left out: whoever
/// is signed in binds). A page is sent there; a program is told the address.
pub async fn begin(app: &App, incoming: &Incoming, id: &str) -> Response {
    let provider = match provider(app, id) {
        Ok(provider) => provider,
        Err(problem) => return problem.render(incoming),
    };
    let mut back = Back::default();
    match go(app, incoming, provider, &mut back).await {
        Ok(response) => response,
        Err(problem) => refusal::render(incoming, provider, &problem, &back),
    }
}

async fn go(app: &App, incoming: &Incoming, provider: &Provider, back: &mut Back) -> Result<Response, Problem> {
    let site = app.site().await?;
    let by_form = incoming.body_kind() == BodyKind::Form;
    match incoming.method.is_safe() {
        // A page's link may be followed from anywhere.
        true if is_page(incoming) => {}
        true => csrf::check_origin(app, incoming)?,
        false if by_form => csrf::check_form(app, &site, incoming, &incoming.body_params()?)?,
        false => csrf::check_json(app, incoming)?,
    }
    let params = incoming.params()?;
    params.refuse_doubled()?;
    let go_on = params.get("continue");
    if go_on.is_some_and(|go_on| go_on.len() > LONGEST_CONTINUE) {
        return Err(bad_request("continue is too long to be taken along"));
    }
    back.continue_to = go_on.map(str::to_owned);
    // Who only signs in may be anybody: the table is not asked.
    let there = match params.get("intent") {
        Some("sign_in") => None,
        Some("bind") => match who(app, &site, incoming).await? {
            None if is_page(incoming) => return Ok(see_other(&login_href(&href(provider, Some("bind"), go_on)))),
            None => return Err(Problem::not_signed_in()),
            there => there,
        },
        None => who(app, &site, incoming).await?,
        Some(_) => return Err(bad_request("intent must be sign_in or bind")),
    };
    let Some(there) = there else { return send(app, &site, incoming, provider, Intent::SignIn, go_on).await };

    let intent = Intent::Bind { user_id: there.user.user_id, session_id: there.session.session_id };
    back.intent = Some(intent);
    match fresh::check(app, &there.session) {
        Ok(()) => {}
        Err(_) if is_page(incoming) => return Ok(see_other(&login_href(&href(provider, Some("bind"), go_on)))),
        Err(problem) => return Err(problem),
    }
    // A link on another site's page must not bind its own account elsewhere to the account of whoever follows it
    // (RFC 9700 §4.7.1): a binding begins with a button of ours.
    if incoming.method.is_safe() && is_page(incoming) {
        return Ok(confirm(app, &site, incoming, provider, &there, go_on));
    }
    send(app, &site, incoming, provider, intent, go_on).await
}

async fn send(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    provider: &Provider,
    intent: Intent,
    go_on: Option<&str>,
) -> Result<Response, Problem> {
    let browser = Browser::of(app, incoming);
    let state = State::new(app, provider, intent, go_on);
    let attempting = state.attempting(provider, state.seal(site, &browser));
    let url = provider.authorize_url(app, &attempting).await.map_err(refusal::Refusal::from)?;
    let mut response =
        if is_page(incoming) { see_other(url.as_str()) } else { json(StatusCode::OK, &json!({ "url": url.as_str() })) };
    browser.remember(&mut response, &app.config.issuer);
    Ok(response)
}

fn confirm(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    provider: &Provider,
    there: &SignedIn,
    go_on: Option<&str>,
) -> Response {
    let path = href(provider, Some("bind"), go_on);
    let frame = Frame::new(app, site, incoming, Some(&there.user), &path);
    let page = ConnectBind {
        layout: frame.layout(),
        provider_id: provider.id().as_str(),
        provider: provider.name(),
        user: &there.user.display_name(),
        continue_to: go_on,
    };
    frame.render(app, StatusCode::OK, &page)
}
