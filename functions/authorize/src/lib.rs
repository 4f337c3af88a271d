//! The authorization endpoint (RFC 6749 §3.1): from an application's request to a code, by way of sign-in and consent.

mod consent;
mod direct;
mod implicit;
mod object;
mod pushed;
mod request;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{Method, StatusCode};
use shared::app::{App, Site};
use shared::clock::Time;
use shared::http::incoming::BodyKind;
use shared::http::oauth_error::{redirect_back, redirect_error};
use shared::http::page::{Frame, see_other};
use shared::http::session::SignedIn;
use shared::http::{Incoming, Problem, csrf, not_found};
use shared::id::FamilyId;
use shared::jose::subject::subject;
use shared::oauth::Dialect;
use shared::oauth::authorization_request::RequestInProgress;
use shared::oauth::lifetimes::{CODE, REQUEST_IN_PROGRESS};
use shared::oauth::{AuthorizationCode, AuthorizationRequest, ErrorCode, OAuthError, Params};
use shared::pages;
use shared::store::grants::Grant;

use request::Asked;

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/authorize", get(authorize).post(authorize))
        .route("/oauth2.0/show", get(authorize).post(direct::show))
        .route("/aouth2.0/show", get(authorize).post(direct::show))
        .route("/third_party/api/oauth2/web/authorize", get(authorize))
        .route("/third_party/api/oauth2/web/authorize/", get(authorize))
        .route("/third_party/api/oauth2/web/authorize/{*more}", get(not_found))
        .route("/oauth2/auth", get(authorize))
        .route("/index.php", get(authorize))
}

/// POST does what GET does (OpenID Connect Core §3.1.2.1); the consent page posts here as well.
async fn authorize(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let dialect = Dialect::of_path(&incoming.path);
        if let Some(dialect) = dialect
            && !dialect.means(&incoming.query_params()?, "authorize")
        {
            return Err(Problem::not_found());
        }
        if incoming.method != Method::POST || incoming.body_kind() == BodyKind::Empty {
            return begin(&app, &incoming, incoming.query_params()?).await;
        }
        let params = incoming.body_params()?;
        if params.has("decision") {
            return consent::decide(&app, &incoming, &params).await;
        }
        begin(&app, &incoming, params).await
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

/// Takes a request up: a new one, or one that waited while its user signed in.
async fn begin(app: &App, incoming: &Incoming, mut params: Params) -> Result<Response, Problem> {
    let site = app.site().await?;
    let resumed = params.get("resume").map(|sealed| open(&site, sealed)).transpose()?;
    let asked = match resumed {
        Some(progress) => Asked::read(app, &site, incoming, progress).await?,
        None => {
            let dialect = Dialect::of_path(&incoming.path);
            if let Some(dialect) = dialect {
                dialect.translate_request(&mut params);
            }
            // Nothing that comes beside the name of a pushed request counts (RFC 9126 §4).
            if pushed::reference(&params).is_some() {
                params.keep(&["client_id", "request_uri"]);
            }
            let progress = RequestInProgress {
                params: params.to_urlencoded(),
                began_at: app.clock.now(),
                client_name: String::new(),
                session_id: None,
                shown_to: None,
                dialect: dialect.map(|dialect| dialect.name.to_owned()),
                settled: false,
            };
            Asked::begin(app, &site, incoming, progress).await?
        }
    };
    let request = match asked.request(app, &site) {
        Ok(request) => request,
        Err(error) => return refuse(app, incoming, &asked, &error).await,
    };
    // With a POST from the application's page a browser sends no `SameSite=Lax` cookie; with the GET that follows it
    // does, so that who is signed in need not sign in again.
    let from_elsewhere = incoming.method == Method::POST && csrf::check_origin(app, incoming).is_err();
    if from_elsewhere && asked.signed_in.is_none() {
        return Ok(see_other(&format!("{}?{}", incoming.path, params.to_urlencoded())));
    }
    Ok(match next(&site, &asked, &request, app.clock.now()) {
        Next::Refuse(code, description) => refuse(app, incoming, &asked, &OAuthError::new(code, description)).await?,
        Next::SignIn => see_other(&login_href(&site, &asked.progress)),
        Next::ChooseAccount(signed_in) => choose_account(app, &site, incoming, &asked, signed_in),
        Next::Consent(signed_in) => consent::ask(app, &site, incoming, &asked, &request, signed_in),
        Next::Grant(signed_in) => {
            let (user, before, consent) = (&signed_in.user, asked.grant.clone(), request.consent());
            let grant = shared::http::consent::give(app, user, &asked.client, before, &consent).await?;
            issue(app, &site, incoming, &asked, &request, signed_in, &grant).await?
        }
        Next::Issue(signed_in, grant) => issue(app, &site, incoming, &asked, &request, signed_in, grant).await?,
    })
}

/// What a request needs next.
enum Next<'a> {
    /// Nothing may be shown (`prompt=none`), so the application is told.
    Refuse(ErrorCode, &'static str),
    SignIn,
    ChooseAccount(&'a SignedIn),
    Consent(&'a SignedIn),
    /// Nobody is asked, and it is remembered as if they were.
    Grant(&'a SignedIn),
    Issue(&'a SignedIn, &'a Grant),
}

/// OpenID Connect Core §3.1.2.3 and §3.1.2.4, in order.
fn next<'a>(site: &Site, asked: &'a Asked, request: &AuthorizationRequest, now: Time) -> Next<'a> {
    let prompt = request.prompt;
    let show = |page: Next<'a>, code, description| if prompt.none { Next::Refuse(code, description) } else { page };
    let sign_in = || show(Next::SignIn, ErrorCode::LoginRequired, "the user is not signed in, or not recently enough");
    let Some(signed_in) = &asked.signed_in else { return sign_in() };
    let made_for_this = asked.progress.made(&signed_in.session);
    if request.needs_sign_in(signed_in.session.auth_time, made_for_this, now) {
        return sign_in();
    }
    if !request.claims.expects(&subject(site, &asked.client, signed_in.user.user_id)) {
        // OpenID Connect Core §3.1.2.2. Who signed in just now knows which account they have: asking again would lead
        // nowhere.
        let another = "another user is signed in than the application expects";
        return if made_for_this { Next::Refuse(ErrorCode::LoginRequired, another) } else { sign_in() };
    }
    // A choice is of one session. Without one, signing in was the choice.
    let chosen = asked.progress.shown_to.map_or(made_for_this, |session| session == signed_in.session.session_id);
    if prompt.select_account && !chosen {
        return Next::ChooseAccount(signed_in);
    }
    match &asked.grant {
        Some(grant) if !prompt.consent && request.consent().is_subset(&grant.scope) => Next::Issue(signed_in, grant),
        // The site's own: it would ask its user whether it may let them in.
        _ if !prompt.consent && asked.client.policies.first_party => Next::Grant(signed_in),
        _ => show(Next::Consent(signed_in), ErrorCode::ConsentRequired, "the user has not consented to this"),
    }
}

fn choose_account(app: &App, site: &Site, incoming: &Incoming, asked: &Asked, signed_in: &SignedIn) -> Response {
    let chosen = RequestInProgress { shown_to: Some(signed_in.session.session_id), ..asked.progress.clone() };
    let frame = Frame::new(app, site, incoming, Some(&signed_in.user), &resume_href(site, &asked.progress));
    let frame = frame.asked_in(incoming, asked.params.get("ui_locales"));
    let page = pages::SelectAccount {
        layout: frame.layout(),
        current: &signed_in.user.display_name(),
        client_name: Some(&asked.client.display_name()),
        continue_href: &resume_href(site, &chosen),
        other_href: &login_href(site, &asked.progress),
    };
    frame.render(app, StatusCode::OK, &page)
}

/// Sends the browser back with an error.
async fn refuse(app: &App, incoming: &Incoming, asked: &Asked, error: &OAuthError) -> Result<Response, Problem> {
    asked.use_up(app).await?;
    Ok(redirect_error(incoming, &app.config.issuer, &asked.address, error))
}

/// Sends the browser back with what was asked for. Issuing a code writes nothing: see [`AuthorizationCode`].
async fn issue(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    asked: &Asked,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    grant: &Grant,
) -> Result<Response, Problem> {
    asked.use_up(app).await?;
    let SignedIn { user, session } = signed_in;
    let code = AuthorizationCode {
        family_id: FamilyId::new(&app.entropy),
        user_id: user.user_id,
        client_id: asked.client.client_id,
        grant_id: grant.grant_id,
        session_id: Some(session.session_id),
        redirect_uri: asked.address.redirect_uri.clone(),
        redirect_uri_named: asked.address.named,
        code_challenge: request.code_challenge.clone(),
        scope: request.scope.clone(),
        claims: request.claims.requested.clone(),
        resources: request.resources.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        nonce: request.nonce.clone(),
        auth_time: session.auth_time,
        epoch: user.epoch,
        dialect: asked.progress.dialect.clone(),
    };
    let sealed = request.response_type.code.then(|| site.sealer.seal(&code, CODE, b""));
    let tokens = implicit::tokens(app, site, asked, request, user, &code, sealed.as_deref()).await?;
    let mut pairs: Vec<_> = sealed.iter().map(|code| ("code", code.as_str())).collect();
    pairs.extend(tokens.iter().map(|(name, token)| (*name, token.as_str())));
    Ok(redirect_back(incoming, &app.config.issuer, &asked.address, &pairs))
}

fn seal(site: &Site, progress: &RequestInProgress) -> String {
    site.sealer.seal(progress, REQUEST_IN_PROGRESS, b"")
}

fn open(site: &Site, sealed: &str) -> Result<RequestInProgress, Problem> {
    site.sealer.open(sealed, b"").map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "the request took too long or was changed: go back to the application")
    })
}

fn resume_href(site: &Site, progress: &RequestInProgress) -> String {
    format!("/oauth2/authorize?resume={}", seal(site, progress))
}

fn login_href(site: &Site, progress: &RequestInProgress) -> String {
    // Whoever signs in there, it is not the session that was shown something here.
    let progress = RequestInProgress { shown_to: None, ..progress.clone() };
    format!("/login?continue={}", seal(site, &progress))
}
