//! Introspection (RFC 7662): one round trip, and nothing written.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};
use shared::account::User;
use shared::app::App;
use shared::http::bearer::{self, Bearer};
use shared::http::client_auth::used_basic;
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, Problem};
use shared::jose::subject::subject;
use shared::oauth::family::{RefreshToken, Use};
use shared::oauth::{Client, Family, OAuthError, Scope, ScopeToken};
use shared::store::grants::Grant;
use shared::store::{StoreError, keys};

use crate::Question;

pub(crate) async fn introspect(State(app): State<App>, incoming: Incoming) -> Response {
    match answer(&app, &incoming).await {
        Ok(members) => shared::http::json(StatusCode::OK, &members),
        Err(failure) => failure.to_json_response(used_basic(&incoming)),
    }
}

/// What is known of a token, for whoever may ask about it. RFC 7662 §2.2: of whatever is expired, revoked, unknown or
/// somebody else's, only that it is not active.
async fn answer(app: &App, incoming: &Incoming) -> Result<Value, Failure> {
    let question = Question::read(app, incoming).await?;
    let token = question.token().unwrap_or_default();
    // Asked at once: who is not authenticated learns nothing of what came of the second.
    let (client, known) = tokio::join!(app.store.find_client(question.client_id()), known(&question, token));
    let client = question.authenticate(client?).await?;
    // RFC 7662 §2.1: anybody could say that they are a public client, and try tokens out.
    if client.is_public() {
        return Err(OAuthError::invalid_client("public clients may not introspect").into());
    }
    question.token()?;
    let (for_whom, members) = known?.unwrap_or_default();
    let may_ask = for_whom.iter().any(|name| client.is_audience(name));
    Ok(if may_ask { Value::Object(members) } else { json!({ "active": false }) })
}

/// A token that is alive: whom it is issued to and for, and what to say of it.
type Known = (Vec<String>, Map<String, Value>);

async fn known(question: &Question<'_>, token: &str) -> Result<Option<Known>, Problem> {
    let Question { app, site, .. } = question;
    if let Ok(token) = RefreshToken::open(&site.sealer, token) {
        return Ok(refresh_token(question, token).await?);
    }
    match bearer::inspect(app, site, token).await {
        Ok(bearer) => Ok(Some(access_token(&bearer))),
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(_) => Ok(None),
    }
}

fn access_token(bearer: &Bearer) -> Known {
    let claims = &bearer.claims;
    let mut members = Map::new();
    let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
    add("active", true.into());
    add("token_type", if claims.cnf.is_some() { "DPoP" } else { "Bearer" }.into());
    for (name, value) in json!(claims).as_object().into_iter().flatten() {
        add(name, value.clone());
    }
    if let Some(name) = username(bearer.user.as_ref(), &bearer.scope()) {
        add("username", name.into());
    }
    let for_whom = claims.aud.iter().map(str::to_owned).chain([claims.client_id.clone()]);
    (for_whom.collect(), members)
}

/// A refresh token is its client's alone, and active while it is the current one. Asking uses nothing up: an old one that
/// is asked about is no replay.
async fn refresh_token(question: &Question<'_>, token: RefreshToken) -> Result<Option<Known>, StoreError> {
    let Question { app, site, .. } = question;
    let (user_id, client_id) = (token.user_id, question.client_id().to_string());
    let client_key = keys::client(&client_id);
    let (profile_key, grant_key) = (keys::profile(user_id), keys::grant(user_id, &client_id));
    let family_key = keys::family(user_id, token.family_id);
    let wanted = [&client_key, &profile_key, &grant_key, &family_key].map(Clone::clone);
    let mut found = app.store.batch_get(&wanted).await?;
    let client: Option<Client> = found.take(&client_key)?;
    let user: Option<User> = found.take(&profile_key)?;
    let grant: Option<Grant> = found.take(&grant_key)?;
    let family: Option<Family> = found.take(&family_key)?;
    let (Some(client), Some(user), Some(grant), Some(family)) = (client, user, grant, family) else { return Ok(None) };
    let stands = bearer::stands(&client, &user, &grant, &family).is_ok();
    let current = matches!(family.judge(token.generation, &client, app.clock.now()), Use::Rotate | Use::Renew);
    if !stands || !current {
        return Ok(None);
    }
    let members = json!({
        "active": true,
        "client_id": client.name(),
        "scope": family.scope,
        "sub": subject(site, &client, user_id),
        "iss": app.config.issuer.as_str(),
        "iat": family.rotated_at,
        "exp": family.idle_expires_at.min(family.expires_at),
    });
    let mut members = members.as_object().cloned().unwrap_or_default();
    if let Some(name) = username(Some(&user), &family.scope) {
        members.insert("username".to_owned(), name.into());
    }
    Ok(Some((vec![client.name()], members)))
}

/// The name that people know, where the token lets it out.
fn username(user: Option<&User>, scope: &Scope) -> Option<String> {
    user.filter(|_| scope.contains(ScopeToken::Profile)).and_then(|user| user.username.clone())
}
