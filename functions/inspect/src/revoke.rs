//! Revocation (RFC 7009): one read, and one write where there is something to end.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use shared::app::App;
use shared::http::client_auth::used_basic;
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, bearer, cors, empty};
use shared::id::{Attempt, FamilyId, UserId};
use shared::jose::{AccessClaims, TokenSubject};
use shared::oauth::Family;
use shared::oauth::family::RefreshToken;
use shared::store::{StoreError, keys};

use crate::Question;

pub(crate) async fn revoke(State(app): State<App>, incoming: Incoming) -> Response {
    let mut response = match end(&app, &incoming).await {
        Ok(()) => empty(StatusCode::OK),
        Err(failure) => failure.to_json_response(used_basic(&incoming)),
    };
    cors::allow(&mut response);
    response
}

/// What a token hangs on: what ends with it.
enum Head {
    Family(UserId, FamilyId),
    /// A client's own token hangs on nothing, and one that was traded for another's on what is not its client's to end:
    /// it is marked itself.
    Token(AccessClaims),
    /// Not a client's to revoke: garbage, expired, or of somebody's own session.
    Nothing,
}

/// RFC 7009 §2.1: with a refresh token go the access tokens of the same grant, and the other way round.
async fn end(app: &App, incoming: &Incoming) -> Result<(), Failure> {
    let question = Question::read(app, incoming).await?;
    let head = match question.token() {
        Ok(token) => head(&question, token).await?,
        Err(_) => Head::Nothing,
    };
    let client_key = keys::client(&question.client_id().to_string());
    let family_key = match head {
        Head::Family(user, family) => Some(keys::family(user, family)),
        _ => None,
    };
    let wanted: Vec<_> = [Some(client_key.clone()), family_key.clone()].into_iter().flatten().collect();
    let mut found = app.store.batch_get(&wanted).await?;
    let client = question.authenticate(found.take(&client_key)?).await?;
    question.token()?;
    let family: Option<Family> = family_key.map(|key| found.take(&key)).transpose()?.flatten();

    let (now, attempt) = (app.clock.now(), Attempt::new(&app.entropy));
    // Another client's token is as good as an unknown one: it stays, and nobody learns that there is one.
    match (head, family) {
        (Head::Family(user, id), Some(family)) if family.client_id == client.client_id => {
            app.store.revoke_family(user, id, now, attempt).await?;
        }
        (Head::Token(claims), _) if claims.client_id == client.name() => {
            app.store.revoke_token(&claims.jti, claims.exp, attempt).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn head(question: &Question<'_>, token: &str) -> Result<Head, StoreError> {
    let Question { app, site, .. } = question;
    if let Ok(token) = RefreshToken::open(&site.sealer, token) {
        return Ok(Head::Family(token.user_id, token.family_id));
    }
    let Ok(claims) = bearer::claims(app, site, token).await? else { return Ok(Head::Nothing) };
    Ok(match TokenSubject::of_jti(&site.sealer, &claims.jti).unwrap_or(TokenSubject::Client) {
        TokenSubject::Family(user, family) => Head::Family(user, family),
        TokenSubject::Session(..) => Head::Nothing,
        TokenSubject::Client | TokenSubject::Exchanged(..) => Head::Token(claims),
    })
}
