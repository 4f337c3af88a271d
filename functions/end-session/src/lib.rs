//! Signing out for an application (OpenID Connect RP-Initiated Logout 1.0): at once where it proves by an ID token whose
//! session it means, and else where the user says yes.

mod request;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{Method, StatusCode};
use shared::app::{App, Site};
use shared::http::cookies::Cookie;
use shared::http::incoming::BodyKind;
use shared::http::page::{Frame, see_other};
use shared::http::session::SignedIn;
use shared::http::{Incoming, Problem, csrf, sign_out};
use shared::oauth::lifetimes::REQUEST_IN_PROGRESS;
use shared::oauth::{Params, RedirectUri};
use shared::pages;

use request::{Asked, SignOut};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router().route("/oauth2/logout", get(logout).post(logout))
}

/// Applications may send GET or POST (§2); the page that asks posts here as well.
async fn logout(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        if incoming.method != Method::POST || incoming.body_kind() == BodyKind::Empty {
            return begin(&app, &site, &incoming, incoming.query_params()?).await;
        }
        let params = incoming.body_params()?;
        if params.has("decision") {
            return decide(&app, &site, &incoming, &params).await;
        }
        begin(&app, &site, &incoming, params).await
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

async fn begin(app: &App, site: &Site, incoming: &Incoming, params: Params) -> Result<Response, Problem> {
    params.refuse_doubled()?;
    let asked = Asked::read(app, site, incoming, &params).await?;
    // With a POST from the application's page a browser sends no `SameSite=Lax` cookie; with the GET that follows it does.
    let from_elsewhere = incoming.method == Method::POST && csrf::check_origin(app, incoming).is_err();
    if from_elsewhere && asked.signed_in.is_none() {
        let query = params.to_urlencoded();
        if query.len() > request::MAX_LENGTH {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "the request is too long: leave id_token_hint out"));
        }
        return Ok(see_other(&format!("{}?{query}", incoming.path)));
    }
    match &asked.signed_in {
        Some(signed_in) if !asked.means(site, signed_in) => {
            Ok(ask(app, site, incoming, &asked.request, signed_in, params.get("ui_locales")))
        }
        signed_in => end(app, site, incoming, &asked.request, signed_in.as_ref(), params.get("ui_locales")).await,
    }
}

/// Asks whether the user wants to sign out: anybody's page can send them here (§2, §6).
fn ask(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    request: &SignOut,
    signed_in: &SignedIn,
    ui_locales: Option<&str>,
) -> Response {
    let shown = SignOut { shown_to: Some(signed_in.session.session_id), ..request.clone() };
    let frame = Frame::new(app, site, incoming, Some(&signed_in.user), "/account").asked_in(incoming, ui_locales);
    let page = pages::SignOut {
        layout: frame.layout(),
        client_name: request.client_name.as_deref(),
        user: &signed_in.user.display_name(),
        request: &site.sealer.seal(&shown, REQUEST_IN_PROGRESS, b""),
    };
    frame.render(app, StatusCode::OK, &page)
}

/// The page's form.
async fn decide(app: &App, site: &Site, incoming: &Incoming, params: &Params) -> Result<Response, Problem> {
    csrf::check_form(app, site, incoming, params)?;
    params.refuse_doubled()?;
    let request: Result<SignOut, _> = site.sealer.open(params.get("request").unwrap_or_default(), b"");
    let expired = "the request took too long or was changed: go back to the application";
    let request = request.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, expired))?;
    let signed_in = shared::http::session::find(app, site, incoming).await?;
    match (params.get("decision"), &signed_in) {
        (Some("stay"), _) => Ok(see_other("/")),
        // Somebody else signed in while the page was open: they were not asked.
        (Some("sign_out"), Some(other)) if request.shown_to != Some(other.session.session_id) => {
            Ok(ask(app, site, incoming, &request, other, None))
        }
        (Some("sign_out"), signed_in) => end(app, site, incoming, &request, signed_in.as_ref(), None).await,
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "decision must be sign_out or stay")),
    }
}

/// Ends the session, if there is one, and sends the user back to the application, or tells them.
async fn end(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    request: &SignOut,
    signed_in: Option<&SignedIn>,
    ui_locales: Option<&str>,
) -> Result<Response, Problem> {
    if let Some(SignedIn { user, session }) = signed_in {
        sign_out::end(app, site, user.user_id, &[session.session_id]).await?;
    }
    let mut response = match &request.return_to {
        Some(address) => {
            let with_state = |state: &String| RedirectUri::with_query(address, &[("state", state)]);
            see_other(&request.state.as_ref().map_or_else(|| address.clone(), with_state))
        }
        None => {
            let frame = Frame::new(app, site, incoming, None, "/").asked_in(incoming, ui_locales);
            let page = pages::SignedOut { layout: frame.layout(), client_name: request.client_name.as_deref() };
            frame.render(app, StatusCode::OK, &page)
        }
    };
    Cookie::Session.clear(&mut response, &app.config.issuer);
    Ok(response)
}
