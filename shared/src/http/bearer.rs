//! Who calls: by bearer token (RFC 6750), by a token bound to a key (RFC 9449), or by session cookie.

use http::header;

use super::csrf;
use super::dpop;
use super::incoming::Incoming;
use super::problem::Problem;
use super::session;
use crate::account::{Session, User};
use crate::app::{App, Site};
use crate::id::{ClientId, FamilyId, UserId};
use crate::jose::access_token::{ACCOUNT_SCOPE, AccessClaims, BadToken, TokenSubject, verify};
use crate::log;
use crate::oauth::{Client, ClientName, ErrorCode, Family, OAuthError, Scope, ScopeToken};
use crate::store::StoreError;
use crate::store::grants::Grant;
use crate::store::keys::{self, Key};
use crate::store::revocations::Revocation;

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
    /// The client that it was issued to; none where users ask themselves.
    pub client: Option<Client>,
    /// The user, unless a client acts for itself.
    pub user: Option<User>,
    /// The session, where the token came from `POST /login`.
    pub session: Option<Session>,
    /// What it hangs on, where it came of a code.
    pub family: Option<Family>,
}

impl Bearer {
    /// What the token allows.
    pub fn scope(&self) -> Scope {
        self.claims.scope.parse().unwrap_or_default()
    }
}

/// A token as it came.
#[derive(Clone, Debug)]
pub struct Presented {
    token: String,
    scheme: Scheme,
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

impl Presented {
    /// A bearer token that did not come in the header.
    pub fn bearer(token: &str) -> Self {
        Self { token: token.to_owned(), scheme: Scheme::Bearer }
    }

    /// The token of an `Authorization` header, `Bearer` or `DPoP`.
    pub fn in_header(incoming: &Incoming) -> Option<Self> {
        let value = incoming.header(header::AUTHORIZATION)?;
        let (scheme, token) = value.split_once(' ')?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Scheme::Bearer,
            "dpop" => Scheme::Dpop,
            _ => return None,
        };
        Some(Self { token: token.trim().to_owned(), scheme })
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
pub fn token(incoming: &Incoming) -> Option<String> {
    Presented::in_header(incoming).filter(|presented| presented.scheme == Scheme::Bearer).map(|bearer| bearer.token)
}

const REVOKED: &str = "the token is revoked";

fn invalid(detail: &'static str) -> Problem {
    let description = "the access token is expired, revoked or not ours";
    OAuthError::new(ErrorCode::InvalidToken, description).because(detail).into()
}

fn insufficient(scope: &str) -> Problem {
    OAuthError::new(ErrorCode::InsufficientScope, format!("the access token needs the scope {scope}")).into()
}

/// Checks a token that came with a request to this resource server, and that whoever sent it may have it.
///
/// # Errors
/// 401 `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`; 503.
pub async fn authenticate(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    presented: &Presented,
) -> Result<Bearer, Problem> {
    let checked = async {
        let proof = match presented.scheme {
            Scheme::Dpop => dpop::proof(app, site, incoming)?,
            Scheme::Bearer => None,
        };
        let bearer = inspect(app, site, &presented.token).await?;
        if bearer.claims.aud.iter().all(|audience| audience != app.config.issuer.as_str()) {
            return Err(invalid("the token is for another resource server"));
        }
        match (&bearer.claims.cnf, presented.scheme) {
            (None, Scheme::Bearer) => return Ok(bearer),
            // RFC 9449 §7.2: whoever stole a bound token must not get away with calling it unbound, or the other way.
            (None, Scheme::Dpop) => return Err(invalid("the token is not bound to a key")),
            (Some(_), Scheme::Bearer) => return Err(invalid("the token is bound to a key, and came without a proof")),
            (Some(bound), Scheme::Dpop) => {
                let missing = || OAuthError::new(ErrorCode::InvalidDpopProof, "the DPoP header is missing");
                let proof = proof.ok_or_else(missing)?;
                if !proof.is_for(&presented.token) {
                    let description = "the ath of the DPoP proof is not the hash of the access token";
                    return Err(OAuthError::new(ErrorCode::InvalidDpopProof, description).into());
                }
                if let Some(client) = &bearer.client {
                    dpop::check_alg(client, &proof)?;
                }
                if proof.jkt != bound.jkt {
                    return Err(invalid("the token is bound to another key"));
                }
                if !dpop::use_up(app, &proof).await? {
                    return Err(dpop::used_before().into());
                }
            }
        }
        Ok(bearer)
    };
    checked.await.map_err(|problem: Problem| match presented.scheme {
        Scheme::Dpop => Problem { dpop_nonce: dpop::nonce(site), ..problem },
        Scheme::Bearer => problem,
    })
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

/// Checks a token, whomever it is for, and, in one round trip, everything that it hangs on.
///
/// # Errors
/// 401 `invalid_token`; 503.
pub async fn inspect(app: &App, site: &Site, token: &str) -> Result<Bearer, Problem> {
    let now = app.clock.now();
    let claims = claims(app, site, token).await?.map_err(|bad| invalid(bad.as_str()))?;
    let client_id = claims.client_id.parse::<ClientName>().map(|name| name.id()).inspect(|id| log::client(*id));
    let subject = TokenSubject::of_jti(&site.sealer, &claims.jti).unwrap_or(TokenSubject::Client);
    match subject {
        TokenSubject::Family(user_id, family_id) => {
            let client_id = client_id.map_err(|_| invalid("the token names no client"))?;
            of_family(app, claims, (user_id, family_id), (client_id, client_id), None).await
        }
        TokenSubject::Exchanged(user_id, family_id, owner) => {
            let client_id = client_id.map_err(|_| invalid("the token names no client"))?;
            let mark = keys::revoked(&claims.jti);
            of_family(app, claims, (user_id, family_id), (client_id, owner), Some(mark)).await
        }
        TokenSubject::Session(user_id, session_id) => {
            log::user(user_id);
            let (session, user) = app.store.find_session(user_id, session_id).await?;
            match (session, user) {
                (Some(session), Some(user)) if session.is_live(&user, now) => {
                    Ok(Bearer { claims, client: None, user: Some(user), session: Some(session), family: None })
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
                _ if revoked.is_some() => Err(invalid(REVOKED)),
                Some(client) if !client.disabled && app.admits(&client) => {
                    Ok(Bearer { claims, client: Some(client), user: None, session: None, family: None })
                }
                _ => Err(invalid("the client is gone or disabled")),
            }
        }
    }
}

/// A token of `client` that hangs on a family of `owner`: its own, or another's whose token it traded. The latter is revoked
/// by a `mark` of its own.
async fn of_family(
    app: &App,
    claims: AccessClaims,
    (user_id, family_id): (UserId, FamilyId),
    (client, owner): (ClientId, ClientId),
    mark: Option<Key>,
) -> Result<Bearer, Problem> {
    log::user(user_id);
    let owner_id = owner.to_string();
    let (client_key, owner_key) = (keys::client(&client.to_string()), keys::client(&owner_id));
    let (profile_key, grant_key) = (keys::profile(user_id), keys::grant(user_id, &owner_id));
    let family_key = keys::family(user_id, family_id);
    let wanted = [&client_key, &owner_key, &profile_key, &grant_key, &family_key].into_iter().chain(&mark);
    let mut found = app.store.batch_get(&wanted.cloned().collect::<Vec<_>>()).await?;
    if let Some(mark) = &mark
        && found.take::<Revocation>(mark)?.is_some()
    {
        return Err(invalid(REVOKED));
    }
    let client: Option<Client> = found.take(&client_key)?;
    let owner = if owner_key == client_key { client.clone() } else { found.take(&owner_key)? };
    let user: Option<User> = found.take(&profile_key)?;
    let grant: Option<Grant> = found.take(&grant_key)?;
    let family: Option<Family> = found.take(&family_key)?;
    let (Some(client), Some(owner), Some(user), Some(grant), Some(family)) = (client, owner, user, grant, family)
    else {
        return Err(invalid("client, user, consent or family is gone"));
    };
    if client.disabled || ![&client, &owner].into_iter().all(|client| app.admits(client)) {
        return Err(invalid("the client is disabled"));
    }
    stands(&owner, &user, &grant, &family).map_err(invalid)?;
    Ok(Bearer { claims, client: Some(client), user: Some(user), session: None, family: Some(family) })
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
        if let Some(presented) = Presented::in_header(incoming) {
            let bearer = authenticate(app, site, incoming, &presented).await?;
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
pub fn token_of_body(incoming: &Incoming) -> Result<Option<Presented>, Problem> {
    let in_header = Presented::in_header(incoming);
    // RFC 6750 §2.2: a GET has none. Many a client says which kind of body it would send, also where it sends nothing.
    if incoming.method.is_safe() || incoming.body.is_empty() {
        return Ok(in_header);
    }
    let params = incoming.body_params()?;
    params.refuse_doubled()?;
    match (in_header, params.get("access_token")) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("the access token came twice").into()),
        (in_header, in_body) => Ok(in_header.or_else(|| in_body.map(Presented::bearer))),
    }
}
