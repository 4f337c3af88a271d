//! Who calls: by bearer token (RFC 6750) or by session cookie.

use http::header;

use super::csrf;
use super::incoming::Incoming;
use super::problem::Problem;
use super::session;
use crate::account::{Session, User};
use crate::app::{App, Site};
use crate::id::ClientId;
use crate::jose::access_token::{ACCOUNT_SCOPE, AccessClaims, BadToken, TokenSubject, verify};
use crate::log;
use crate::oauth::{Client, ErrorCode, Family, OAuthError, Scope, ScopeToken};
use crate::store::{StoreError, grants::Grant, keys};

/// A user on whose behalf something is asked, and what may be done for them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// On whose behalf.
    pub user: User,
    /// Their session, where they ask themselves.
    pub session: Option<Session>,
    /// What a third party was granted; everything, where they ask themselves.
    scope: Option<Scope>,
}

/// An access token that is alive: signed by us, in time, and everything that it hangs on still stands.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The token's claims.
    pub claims: AccessClaims,
    /// The user, unless a client acts for itself.
    pub user: Option<User>,
    /// The session, where the token came from `POST /login`.
    pub session: Option<Session>,
}

impl Bearer {
    /// What the token allows.
    pub fn scope(&self) -> Scope {
        self.claims.scope.parse().unwrap_or_default()
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
pub fn token(incoming: &Incoming) -> Option<&str> {
    let value = incoming.header(header::AUTHORIZATION)?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn invalid(detail: &'static str) -> Problem {
    let description = "the access token is expired, revoked or not ours";
    OAuthError::new(ErrorCode::InvalidToken, description).because(detail).into()
}

fn insufficient(scope: &str) -> Problem {
    OAuthError::new(ErrorCode::InsufficientScope, format!("the access token needs the scope {scope}")).into()
}

/// What a token says, if it is one of ours and in time: not whether what it hangs on still stands.
///
/// # Errors
/// [`StoreError`], where it names a key that is not in memory, and the keys can't be read again.
pub async fn claims(app: &App, site: &Site, token: &str) -> Result<Result<AccessClaims, BadToken>, StoreError> {
    let (issuer, now) = (&app.config.issuer, app.clock.now());
    Ok(match verify(site, issuer, token, now) {
        Err(BadToken::UnknownKey) => verify(&*app.reload_site().await?, issuer, token, now),
        checked => checked,
    })
}

/// Checks a token and, in one round trip, everything that it hangs on.
///
/// # Errors
/// 401 `invalid_token`; 503.
pub async fn authenticate(app: &App, site: &Site, token: &str) -> Result<Bearer, Problem> {
    let now = app.clock.now();
    let claims = claims(app, site, token).await?.map_err(|bad| invalid(bad.as_str()))?;
    let client_id = claims.client_id.parse::<ClientId>().inspect(|id| log::client(*id));
    let subject = TokenSubject::of_jti(&site.sealer, &claims.jti).unwrap_or(TokenSubject::Client);
    match subject {
        TokenSubject::Family(user_id, family_id) => {
            log::user(user_id);
            let client_key = keys::client(&claims.client_id);
            let profile_key = keys::profile(user_id);
            let grant_key = keys::grant(user_id, &claims.client_id);
            let family_key = keys::family(user_id, family_id);
            let keys = [client_key.clone(), profile_key.clone(), grant_key.clone(), family_key.clone()];
            let mut found = app.store.batch_get(&keys).await?;
            let client: Option<Client> = found.take(&client_key)?;
            let user: Option<User> = found.take(&profile_key)?;
            let grant: Option<Grant> = found.take(&grant_key)?;
            let family: Option<Family> = found.take(&family_key)?;
            let (Some(client), Some(user), Some(grant), Some(family)) = (client, user, grant, family) else {
                return Err(invalid("client, user, consent or family is gone"));
            };
            stands(&client, &user, &grant, &family).map_err(invalid)?;
            Ok(Bearer { claims, user: Some(user), session: None })
        }
        TokenSubject::Session(user_id, session_id) => {
            log::user(user_id);
            let (session, user) = app.store.find_session(user_id, session_id).await?;
            match (session, user) {
                (Some(session), Some(user)) if session.is_live(&user, now) => {
                    Ok(Bearer { claims, user: Some(user), session: Some(session) })
                }
                _ => Err(invalid("the session is over")),
            }
        }
        // A user's token whose `jti` leads nowhere any more: the site's epoch was raised.
        TokenSubject::Client if claims.sub != claims.client_id => Err(invalid("the token is of another epoch")),
        TokenSubject::Client => {
            let client_id = client_id.map_err(|_| invalid("the token names no client"))?;
            let (client, revoked) = app.store.find_client_and_revocation(client_id, &claims.jti).await?;
            match client {
                _ if revoked.is_some() => Err(invalid("the token is revoked")),
                Some(client) if !client.disabled => Ok(Bearer { claims, user: None, session: None }),
                _ => Err(invalid("the client is gone or disabled")),
            }
        }
    }
}

/// Whether everything that a family hangs on still stands: client, user, consent, and itself.
///
/// # Errors
/// What does not, for the log.
pub fn stands(client: &Client, user: &User, grant: &Grant, family: &Family) -> Result<(), &'static str> {
    match () {
        () if client.disabled => Err("the client is disabled"),
        () if !user.is_active() => Err("the user is disabled or deleted"),
        () if user.epoch != family.epoch => Err("the user ended all sessions"),
        () if grant.grant_id != family.grant_id => Err("consent was withdrawn"),
        () if family.revoked_at.is_some() => Err("the family is revoked"),
        () if family.client_id != client.client_id => Err("the family is another client's"),
        () => Ok(()),
    }
}

impl Caller {
    /// Who calls, if anybody. Where a bearer token and a cookie come together, the token decides. An unsafe request by
    /// cookie must be one that no other site's page can have made.
    ///
    /// # Errors
    /// 401 for a bad token, 403 and 415 for a forgery, 503.
    pub async fn find(app: &App, site: &Site, incoming: &Incoming) -> Result<Option<Self>, Problem> {
        if let Some(token) = token(incoming) {
            let bearer = authenticate(app, site, token).await?;
            let Some(user) = bearer.user.clone() else { return Err(insufficient("of a user")) };
            let scope = (bearer.claims.scope != ACCOUNT_SCOPE).then(|| bearer.scope());
            return Ok(Some(Self { user, session: bearer.session, scope }));
        }
        let Some(signed_in) = session::find(app, site, incoming).await? else { return Ok(None) };
        if !incoming.method.is_safe() {
            csrf::check_json(app, incoming)?;
        }
        Ok(Some(Self { user: signed_in.user, session: Some(signed_in.session), scope: None }))
    }

    /// The same, but somebody must call.
    ///
    /// # Errors
    /// As [`Caller::find`], and 401 where nobody does.
    pub async fn require(app: &App, site: &Site, incoming: &Incoming) -> Result<Self, Problem> {
        Self::find(app, site, incoming).await?.ok_or_else(Problem::not_signed_in)
    }

    /// Demands a scope of a third party.
    ///
    /// # Errors
    /// 403 `insufficient_scope`.
    pub fn allows(&self, token: ScopeToken) -> Result<(), Problem> {
        match &self.scope {
            Some(scope) if !scope.contains(token) => Err(insufficient(token.as_str())),
            _ => Ok(()),
        }
    }

    /// Demands that the user asks themselves: accounts are no third party's to manage.
    ///
    /// # Errors
    /// 403 `insufficient_scope`.
    pub fn own_session(&self) -> Result<&Session, Problem> {
        match (&self.scope, &self.session) {
            (None, Some(session)) => Ok(session),
            _ => Err(insufficient(ACCOUNT_SCOPE)),
        }
    }
}

/// The token of a form body (RFC 6750 §2.2), where the header has none.
///
/// # Errors
/// 400 where the body can't be read, or both came (RFC 6750 §2).
pub fn token_of_body(incoming: &Incoming) -> Result<Option<String>, Problem> {
    let in_header = token(incoming);
    // RFC 6750 §2.2: a GET has none. Many a client says which kind of body it would send, also where it sends nothing.
    if incoming.method.is_safe() || incoming.body.is_empty() {
        return Ok(in_header.map(str::to_owned));
    }
    let params = incoming.body_params()?;
    params.refuse_doubled()?;
    match (in_header, params.get("access_token")) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("the access token came twice").into()),
        (token, body) => Ok(token.or(body).map(str::to_owned)),
    }
}
