//! Userinfo (OpenID Connect Core §5.3): what a token's scope lets out about its user.

mod profile;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Map, Value};
use shared::app::{App, Site};
use shared::http::bearer::{self, Bearer};
use shared::http::{Incoming, Problem, cors, not_found};
use shared::jose::subject::subject;
use shared::oauth::claims::userinfo;
use shared::oauth::metadata::SigningAlg;
use shared::oauth::{Client, ErrorCode, Family, OAuthError, Scope, ScopeToken};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/userinfo", get(standard).post(standard).options(|| async { cors::preflight("GET, POST") }))
        .route("/oauth2.0/getinfo", post(profile::show))
        .route("/aouth2.0/getinfo", post(profile::show))
        .route("/third_party/api/meta/identity/getinfo", get(profile::show))
        .route("/third_party/api/meta/identity/getinfo/", get(profile::show))
        .route("/third_party/api/meta/identity/getinfo/{*more}", get(not_found))
        .route("/api/oauth2/v1/users", get(profile::show))
}

async fn standard(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let token = bearer::token_of_body(&incoming)?.ok_or_else(Problem::not_signed_in)?;
        let site = app.site().await?;
        let bearer = bearer::authenticate(&app, &site, &incoming, &token).await?;
        let scope = bearer.scope();
        if !scope.contains(ScopeToken::Openid) {
            let description = "userinfo needs an access token with the scope openid";
            return Err(OAuthError::new(ErrorCode::InsufficientScope, description).into());
        }
        let claims = claims(&site, &bearer, &scope)?;
        let signed = bearer.client.as_ref().and_then(|client| client.metadata.userinfo_signed_response_alg);
        Ok(match (signed, &bearer.client) {
            (Some(alg), Some(client)) => sign(&app, &site, alg, client, claims)?,
            _ => shared::http::json(StatusCode::OK, &Value::Object(claims)),
        })
    };
    let mut response = answer.await.unwrap_or_else(|problem: Problem| problem.to_json_response());
    cors::allow(&mut response);
    response
}

/// As a JWT, for a client that registered so (§5.3.2).
fn sign(
    app: &App,
    site: &Site,
    alg: SigningAlg,
    client: &Client,
    mut claims: Map<String, Value>,
) -> Result<Response, Problem> {
    claims.insert("iss".to_owned(), app.config.issuer.as_str().into());
    claims.insert("aud".to_owned(), client.name().into());
    let signer = site.keys.signer(alg.into(), app.clock.now());
    let jwt = signer.and_then(|key| key.sign("JWT", &claims));
    let jwt = jwt.ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "there is no key to sign with yet"))?;
    Ok(shared::http::answer(StatusCode::OK, "application/jwt", jwt))
}

fn claims(site: &Site, bearer: &Bearer, scope: &Scope) -> Result<Map<String, Value>, Problem> {
    let no_user = || OAuthError::new(ErrorCode::InsufficientScope, "the access token is not a user's");
    let user = bearer.user.as_ref().ok_or_else(no_user)?;
    let sub = bearer.client.as_ref().map(|client| subject(site, client, user.user_id));
    // What one application asked for is not another's, which traded its token for one of its own.
    let theirs = |family: &&Family| bearer.client.as_ref().is_some_and(|client| client.client_id == family.client_id);
    let own = bearer.family.as_ref().filter(theirs);
    let requested = own.map(|family| family.claims.userinfo.as_slice()).unwrap_or_default();
    Ok(userinfo(user, sub.unwrap_or_else(|| user.user_id.to_string()), scope, requested))
}
