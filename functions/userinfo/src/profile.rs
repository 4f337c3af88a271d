//! Who a token's user is, in a dialect's words.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::app::App;
use shared::http::bearer::{self, Presented};
use shared::http::{Incoming, Problem, no_referrer};
use shared::jose::subject::named;
use shared::oauth::{Dialect, ErrorCode, OAuthError, ScopeToken};

/// The token comes as a parameter, of a GET in the query: nowhere else is it taken from there (RFC 6750 §2.3).
pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let dialect = Dialect::of_path(&incoming.path).ok_or_else(Problem::not_found)?;
        let profile = profile(&app, &incoming, dialect).await?;
        let status = StatusCode::from_u16(dialect.status).unwrap_or(StatusCode::OK);
        Ok(shared::http::json(status, &Value::Object(profile)))
    };
    let mut response = answer.await.unwrap_or_else(|problem: Problem| problem.to_json_response());
    if incoming.method.is_safe() {
        no_referrer(&mut response);
    }
    response
}

async fn profile(app: &App, incoming: &Incoming, dialect: &Dialect) -> Result<Map<String, Value>, Problem> {
    let mut params = incoming.params()?;
    dialect.translate(&mut params);
    params.refuse_doubled()?;
    let token = params.get("access_token").ok_or_else(Problem::not_signed_in)?;
    let site = app.site().await?;
    let bearer = bearer::authenticate(app, &site, incoming, &Presented::bearer(token)).await?;
    let client = bearer.client.as_ref();
    // Users' own tokens are no application's, and no dialect was given to them.
    if !client.map_or(!dialect.by_registration, |client| dialect.is_of(client)) {
        let description = "the access token is not of an application that has the dialect of this path";
        return Err(OAuthError::new(ErrorCode::InvalidToken, description).into());
    }
    let scope = bearer.scope();
    let mut claims = super::claims(&site, &bearer, &scope)?;
    let Some(user) = &bearer.user else { return Err(Problem::not_signed_in()) };
    let name = client.map(|client| named(&site, client, user.user_id, dialect.naming)).unwrap_or_default();
    if let Some(asked) = dialect.profile_of
        && params.get(asked) != Some(&name)
    {
        return Err(OAuthError::invalid_request(format!("{asked} is not that of the access token's user")).into());
    }
    // No claim of the standard's.
    if let Some(intro) = user.intro.clone().filter(|_| scope.contains(ScopeToken::Profile)) {
        claims.insert("intro".to_owned(), intro.into());
    }
    Ok(dialect.profile(&claims, &name))
}
