//! Tokens in the answer itself (RFC 6749 §4.2; OpenID Connect Core §3.2, §3.3): for legacy applications that an
//! administrator allowed it, and with a warning in the log.

use http::StatusCode;
use shared::account::User;
use shared::app::{App, Site};
use shared::http::Problem;
use shared::http::tokens::{AccessToken, IdToken};
use shared::id::{Attempt, FamilyId};
use shared::jose::TokenSubject;
use shared::jose::subject::subject;
use shared::oauth::claims::about;
use shared::oauth::{AuthorizationCode, AuthorizationRequest, Family, Scope};
use shared::store::families::Redeemed;

use crate::request::Asked;

/// The answer's tokens; none for a request of a code alone. `code` says what was granted, `sealed` is the code that goes
/// along, if one does.
pub(crate) async fn tokens(
    app: &App,
    site: &Site,
    asked: &Asked,
    request: &AuthorizationRequest,
    user: &User,
    code: &AuthorizationCode,
    sealed: Option<&str>,
) -> Result<Vec<(&'static str, String)>, Problem> {
    let (client, response_type, now) = (&asked.client, request.response_type, app.clock.now());
    if !response_type.is_legacy() {
        return Ok(Vec::new());
    }
    tracing::warn!(client = %client.client_id, %response_type, "a legacy response type was used");
    let lifetime = client.access_token_lifetime();
    // A family of its own, and not the code's: that one has to be absent for the code to be good, and what a thief of the
    // code brings about must not depend on it. Both hang on the same consent and epoch, so whatever ends one that the user
    // can do ends the other.
    let code = AuthorizationCode { family_id: FamilyId::new(&app.entropy), ..code.clone() };
    let family = Family::of(&code, client, false, lifetime, now);
    let mut pairs = Vec::new();
    let mut access_token = None;
    // Also where its client wants to be told that the session has ended, which an ID token names.
    let stored = response_type.token || family.listens_until.is_some();
    if stored && matches!(app.store.redeem(&family, Attempt::new(&app.entropy)).await?, Redeemed::Replay) {
        return Err(Problem::new(StatusCode::CONFLICT, "the request is being answered already: try again"));
    }
    if response_type.token {
        let token = AccessToken {
            subject: TokenSubject::Family(family.user_id, family.family_id),
            sub: subject(site, client, family.user_id),
            client_id: client.name(),
            scope: &family.scope,
            resources: &family.resources,
            jkt: None,
            act: None,
            lifetime,
        };
        let token = access_token.insert(token.sign(app, site)?);
        pairs.extend([
            ("access_token", token.clone()),
            ("token_type", "Bearer".to_owned()),
            ("expires_in", lifetime.to_string()),
            ("scope", family.scope.to_string()),
        ]);
    }
    if response_type.id_token {
        // OpenID Connect Core §5.4: where there will be no access token, nobody can ask userinfo.
        let alone = !response_type.token && !response_type.code;
        let scope = if alone { family.scope.clone() } else { Scope::default() };
        let id_token = IdToken {
            client,
            family: &family,
            about: about(user, &scope, &family.claims.id_token),
            nonce: request.nonce.clone(),
            access_token: access_token.as_deref(),
            code: sealed,
            state: asked.address.state.as_deref(),
            exp: now + lifetime,
        };
        pairs.push(("id_token", id_token.sign(app, site)?));
    }
    Ok(pairs)
}
