//! Userinfo (OpenID Connect Core §5.3): what a token's scope lets out about its user.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::bearer::{self, Bearer};
use shared::http::dialects::Dialect;
use shared::http::{Incoming, Problem, cors};
use shared::oauth::claims::userinfo;
use shared::oauth::{ErrorCode, OAuthError, Scope, ScopeToken};

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/userinfo", get(standard).post(standard).options(|| async { cors::preflight("GET, POST") }))
        .route("/oauth2.0/getinfo", post(legacy))
        .route("/aouth2.0/getinfo", post(legacy))
}

async fn standard(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let token = bearer::token_of_body(&incoming)?.ok_or_else(Problem::not_signed_in)?;
        let site = app.site().await?;
        let bearer = bearer::authenticate(&app, &site, &token).await?;
        let scope = bearer.scope();
        if !scope.contains(ScopeToken::Openid) {
            let description = "userinfo needs an access token with the scope openid";
            return Err(OAuthError::new(ErrorCode::InsufficientScope, description).into());
        }
        Ok(Value::Object(claims(&bearer, &scope)?))
    };
    let mut response = match answer.await {
        Ok(claims) => shared::http::json(StatusCode::OK, &claims),
        Err(problem) => Problem::to_json_response(&problem),
    };
    cors::allow(&mut response);
    response
}

fn claims(bearer: &Bearer, scope: &Scope) -> Result<serde_json::Map<String, Value>, Problem> {
    let no_user = || OAuthError::new(ErrorCode::InsufficientScope, "the access token is not a user's");
    let user = bearer.user.as_ref().ok_or_else(no_user)?;
    let requested = bearer.family.as_ref().map(|family| family.claims.userinfo.as_slice()).unwrap_or_default();
    Ok(userinfo(user, user.user_id.to_string(), scope, requested))
}

/// `getinfo` of the `/oauth2.0/` dialect: the same claims by its names, spelled so, empty where there is nothing.
async fn legacy(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let mut params = incoming.body_params()?;
        if let Some(dialect) = Dialect::of_path(&incoming.path) {
            dialect.translate(&mut params);
        }
        params.refuse_doubled()?;
        let site = app.site().await?;
        let bearer = match params.get("access_token") {
            Some(token) => bearer::authenticate(&app, &site, token).await?,
            None => return Err(Problem::not_signed_in()),
        };
        let claims = claims(&bearer, &bearer.scope())?;
        let claim = |name: &str| claims.get(name).cloned().unwrap_or_else(|| "".into());
        let profile = bearer.scope().contains(ScopeToken::Profile);
        let intro = bearer.user.as_ref().filter(|_| profile).and_then(|user| user.intro.clone()).unwrap_or_default();
        let uname =
            if claims.contains_key("preferred_username") { claim("preferred_username") } else { claim("email") };
        Ok(json!({
            "avator": claim("picture"),
            "email": claim("email"),
            "intro": intro,
            "nickname": claim("nickname"),
            "uname": uname,
        }))
    };
    match answer.await {
        Ok(info) => shared::http::json(StatusCode::OK, &info),
        Err(problem) => Problem::to_json_response(&problem),
    }
}
