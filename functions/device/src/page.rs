//! The page on which a person lets a device in (§3.3): first the code, then who asks for what.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use shared::account::limits::{FAILURES_PER_ADDRESS, FAILURES_PER_IDENTIFIER};
use shared::app::{App, Site};
use shared::http::page::{Frame, see_other};
use shared::http::session::{self, SignedIn};
use shared::http::{Incoming, Problem, consent, csrf, sign_in};
use shared::i18n::fill;
use shared::id::{Attempt, DeviceId, FamilyId, SessionId};
use shared::oauth::claims::RequestedClaims;
use shared::oauth::device::{DeviceAuthorization, UserCode};
use shared::oauth::lifetimes::REQUEST_IN_PROGRESS;
use shared::oauth::metadata::GrantType;
use shared::oauth::{AuthorizationCode, Client, Params, ScopeToken};
use shared::pages;
use shared::seal::Sealable;
use shared::store::keys;
use shared::store::rates::Counter;

/// What is decided on the page, and by whom.
#[derive(Serialize, Deserialize)]
struct Decision {
    user_code: String,
    device_id: DeviceId,
    /// The session whose user was asked.
    shown_to: SessionId,
}

impl Sealable for Decision {
    const PURPOSE: &'static str = "device's request in progress";
}

/// What is wrong with a code, whatever it is: no page tells a wrong one from one that is over.
fn unknown() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "no device waits with this code")
}

/// Shows where to type the code. One that stands in the address is filled in, and has to be sent like a typed one: whoever
/// followed a link compares it with what the device shows (§3.3.1, §5.4).
pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let params = incoming.query_params()?;
        let code = params.get("user_code").and_then(|text| text.parse::<UserCode>().ok());
        let Some(signed_in) = session::find(&app, &site, &incoming).await? else { return Ok(to_sign_in(code)) };
        let code = code.map(|code| code.to_string()).unwrap_or_default();
        Ok::<_, Problem>(form(&app, &site, &incoming, &signed_in, &code, None))
    };
    answer.await.unwrap_or_else(|problem| problem.to_page(&incoming))
}

pub(crate) async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        csrf::check_origin(&app, &incoming)?;
        let site = app.site().await?;
        let params = incoming.body_params()?;
        if params.has("decision") {
            csrf::check_form(&app, &site, &incoming, &params)?;
            return decide(&app, &site, &incoming, &params).await;
        }
        let typed = params.get("user_code").unwrap_or_default();
        let Some(signed_in) = session::find(&app, &site, &incoming).await? else {
            csrf::check_form(&app, &site, &incoming, &params)?;
            return Ok(to_sign_in(typed.parse().ok()));
        };
        let asked = async {
            csrf::check_form(&app, &site, &incoming, &params)?;
            look_up(&app, &incoming, &signed_in, typed).await
        };
        match asked.await {
            Ok((code, device, client)) => Ok(ask(&app, &site, &incoming, &signed_in, &code, &device, &client)),
            Err(problem) if problem.status.is_server_error() => Err(problem),
            Err(problem) => Ok(form(&app, &site, &incoming, &signed_in, typed, Some(&problem))),
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.to_page(&incoming))
}

fn to_sign_in(code: Option<UserCode>) -> Response {
    let back = code.map_or_else(|| "/device".to_owned(), |code| format!("/device?user_code={code}"));
    see_other(&format!("/login?continue={}", utf8_percent_encode(&back, NON_ALPHANUMERIC)))
}

/// Finds who waits with a code. Codes are short, so guesses are counted, by person and address, before they are tried; what
/// is right does not count (§5.1).
async fn look_up(
    app: &App,
    incoming: &Incoming,
    signed_in: &SignedIn,
    typed: &str,
) -> Result<(UserCode, DeviceAuthorization, Client), Problem> {
    let code: UserCode = typed.parse().map_err(|_| unknown())?;
    let now = app.clock.now();
    let counters = [
        Counter::new("DEVICE", &signed_in.user.user_id.to_string(), FAILURES_PER_IDENTIFIER, now),
        Counter::new("DEVICES", &incoming.client_network(), FAILURES_PER_ADDRESS, now),
    ];
    sign_in::claim(app, &counters).await?;
    let device: Option<DeviceAuthorization> = app.store.get(&keys::device(code.as_str())).await?;
    let device = device.filter(|device| device.is_open(now)).ok_or_else(unknown)?;
    let client = app.store.find_client(device.client_id).await?.filter(|client| !client.disabled && app.admits(client));
    let client = client.ok_or_else(unknown)?;
    sign_in::give_back(app, &counters).await;
    Ok((code, device, client))
}

fn ask(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    signed_in: &SignedIn,
    code: &UserCode,
    device: &DeviceAuthorization,
    client: &Client,
) -> Response {
    let SignedIn { user, session } = signed_in;
    let decision =
        Decision { user_code: code.as_str().to_owned(), device_id: device.device_id, shown_to: session.session_id };
    let frame = Frame::new(app, site, incoming, Some(user), &format!("/device?user_code={code}"));
    let (client_host, document_host) = (client.host(), client.document_host());
    // OpenID Connect Core §11, as the token endpoint reads it.
    let offline = !device.scope.contains(ScopeToken::Openid) || device.scope.contains(ScopeToken::OfflineAccess);
    let lasts = client.allows(GrantType::RefreshToken) && offline;
    let page = pages::DeviceConfirm {
        layout: frame.layout(),
        client_name: &client.display_name(),
        client_host: client_host.as_deref(),
        document_host: document_host.as_deref(),
        user_code: &code.to_string(),
        scopes: device.scope.iter().map(|token| token.as_str()).collect(),
        minutes: (!lasts).then(|| client.access_token_lifetime() / 60),
        user: &user.display_name(),
        request: &site.sealer.seal(&decision, REQUEST_IN_PROGRESS, b""),
    };
    frame.render(app, StatusCode::OK, &page)
}

async fn decide(app: &App, site: &Site, incoming: &Incoming, params: &Params) -> Result<Response, Problem> {
    params.refuse_doubled()?;
    let decision: Result<Decision, _> = site.sealer.open(params.get("request").unwrap_or_default(), b"");
    let decision = decision.map_err(|_| unknown())?;
    let code: UserCode = decision.user_code.parse().map_err(|_| unknown())?;
    let allowed = match params.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Problem::new(StatusCode::BAD_REQUEST, "decision must be allow or deny")),
    };
    let signed_in = session::find(app, site, incoming).await?;
    // Signed out, or somebody else signed in, while the page was open: whoever is there now was not asked.
    let Some(SignedIn { user, session }) =
        signed_in.filter(|signed_in| signed_in.session.session_id == decision.shown_to)
    else {
        return Ok(see_other(&format!("/device?user_code={code}")));
    };
    let device: Option<DeviceAuthorization> = app.store.get(&keys::device(code.as_str())).await?;
    let same = |device: &DeviceAuthorization| device.device_id == decision.device_id && device.is_open(app.clock.now());
    let device = device.filter(same).ok_or_else(unknown)?;
    let approved = if allowed {
        let client =
            app.store.find_client(device.client_id).await?.filter(|client| !client.disabled && app.admits(client));
        let client = client.ok_or_else(unknown)?;
        let before = app.store.find_grant(user.user_id, client.client_id).await?;
        let grant = consent::give(app, &user, &client, before, &device.scope).await?;
        Some(AuthorizationCode {
            family_id: FamilyId::new(&app.entropy),
            user_id: user.user_id,
            client_id: client.client_id,
            grant_id: grant.grant_id,
            session_id: Some(session.session_id),
            redirect_uri: String::new(),
            redirect_uri_named: false,
            code_challenge: None,
            scope: device.scope.clone(),
            claims: RequestedClaims::default(),
            resources: device.resources.clone(),
            dpop_jkt: None,
            nonce: None,
            auth_time: session.auth_time,
            epoch: user.epoch,
            dialect: None,
        })
    } else {
        None
    };
    let attempt = Attempt::new(&app.entropy);
    if !app.store.decide_device(&code, device.device_id, approved.as_ref(), attempt).await? {
        return Err(unknown());
    }
    let frame = Frame::new(app, site, incoming, Some(&user), "/device");
    let page = pages::DeviceDone { layout: frame.layout(), allowed };
    Ok(frame.render(app, StatusCode::OK, &page))
}

fn form(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    signed_in: &SignedIn,
    user_code: &str,
    problem: Option<&Problem>,
) -> Response {
    let frame = Frame::new(app, site, incoming, Some(&signed_in.user), "/device");
    let layout = frame.layout();
    let error = problem.map(|problem| match problem.retry_after {
        Some(seconds) => fill(layout.m.too_many_attempts, &[("minutes", &((seconds + 59) / 60).to_string())]),
        None if problem.status == StatusCode::FORBIDDEN => layout.m.expired_form.to_owned(),
        None => layout.m.device_unknown.to_owned(),
    });
    let page = pages::Device { user_code, error: error.as_deref(), layout };
    let mut response = frame.render(app, problem.map_or(StatusCode::OK, |problem| problem.status), &page);
    if let Some(problem) = problem {
        problem.add_headers(&mut response);
    }
    response
}
