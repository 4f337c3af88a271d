//! Asking the user, and what they say.

use axum::response::Response;
use http::StatusCode;
use shared::app::{App, Site};
use shared::http::page::{Frame, see_other};
use shared::http::session::SignedIn;
use shared::http::{Incoming, Problem, consent, csrf};
use shared::oauth::authorization_request::RequestInProgress;
use shared::oauth::{AuthorizationRequest, ErrorCode, OAuthError, Params, RedirectUri};
use shared::pages::{self, ConsentScope};

use crate::request::Asked;
use crate::{issue, login_href, open, refuse, resume_href, seal};

/// The consent page (OWASP ASVS 10.7): who asks, for what, for how long, and where the user goes next.
pub(crate) fn ask(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    asked: &Asked,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
) -> Response {
    // The decision must be of whoever was asked: not of another account that signed in meanwhile.
    let shown = RequestInProgress { shown_to: Some(signed_in.session.session_id), ..asked.progress.clone() };
    let frame = Frame::new(app, site, incoming, Some(&signed_in.user), &resume_href(site, &asked.progress));
    let frame = frame.asked_in(incoming, asked.params.get("ui_locales"));
    let granted = asked.grant.as_ref().map(|grant| grant.scope.clone()).unwrap_or_default();
    let consent = request.consent();
    let scopes = consent.iter().map(|token| ConsentScope { name: token.as_str(), granted: granted.contains(token) });
    let redirect_host = RedirectUri::parse(&asked.address.redirect_uri).map(|uri| uri.destination());
    let (client_host, document_host) = (asked.client.host(), asked.client.document_host());
    let page = pages::Consent {
        layout: frame.layout(),
        client_name: &asked.client.display_name(),
        client_host: client_host.as_deref(),
        document_host: document_host.as_deref(),
        redirect_host: redirect_host.as_deref().unwrap_or(&asked.address.redirect_uri),
        scopes: scopes.collect(),
        minutes: u32::try_from(asked.client.access_token_lifetime_in(asked.dialect()) / 60).unwrap_or_default(),
        user: &signed_in.user.display_name(),
        request: &seal(site, &shown),
        switch_href: &login_href(site, &asked.progress),
    };
    frame.render(app, StatusCode::OK, &page)
}

/// The consent page's form.
pub(crate) async fn decide(app: &App, incoming: &Incoming, params: &Params) -> Result<Response, Problem> {
    let site = app.site().await?;
    csrf::check_form(app, &site, incoming, params)?;
    params.refuse_doubled()?;
    let progress = open(&site, params.get("request").unwrap_or_default())?;
    let asked = Asked::read(app, &site, incoming, progress).await?;
    let request = match asked.request(app, &site) {
        Ok(request) => request,
        Err(error) => return refuse(app, incoming, &asked, &error).await,
    };
    let Some(signed_in) = asked.signed_in.as_ref().filter(|signed_in| {
        let SignedIn { session, .. } = signed_in;
        let made_for_this = asked.progress.made(session);
        let recent = !request.needs_sign_in(session.auth_time, made_for_this, app.clock.now());
        recent && asked.progress.shown_to == Some(session.session_id)
    }) else {
        // Signed out, or somebody else signed in, while the page was open: the request begins again.
        let again = RequestInProgress { shown_to: None, ..asked.progress.clone() };
        return Ok(see_other(&resume_href(&site, &again)));
    };
    match params.get("decision") {
        Some("allow") => {
            let consent = request.consent();
            let grant = consent::give(app, &signed_in.user, &asked.client, asked.grant.clone(), &consent).await?;
            issue(app, &site, incoming, &asked, &request, signed_in, &grant).await
        }
        Some("deny") => {
            let denied = OAuthError::new(ErrorCode::AccessDenied, "the user said no");
            refuse(app, incoming, &asked, &denied).await
        }
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "decision must be allow or deny")),
    }
}
