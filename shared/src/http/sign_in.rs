//! Signing in with a password: throttled, in the same steps and time whether or not the user exists.
//!
//! OWASP Authentication Cheat Sheet; for browsers that the owner used before, OWASP's "device cookies", so that a
//! stranger's guesses lock nobody out.

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cookies::Cookie;
use super::incoming::Incoming;
use super::problem::Problem;
use super::session;
use crate::account::limits::{FAILURES_PER_ADDRESS, FAILURES_PER_IDENTIFIER};
use crate::account::{Identifier, IdentifierKind, Password, Session, SessionToken, User};
use crate::app::{App, Site};
use crate::id::{Attempt, UserId};
use crate::jose::access_token::{ACCOUNT_SCOPE, AccessClaims, Audience, OURSELVES, TokenSubject, sign};
use crate::log::{self, Metric};
use crate::oauth::client::sha256_hex;
use crate::oauth::lifetimes::{ACCESS_TOKEN, KNOWN_BROWSER};
use crate::seal::Sealable;
use crate::store::StoreError;
use crate::store::rates::Counter;
use crate::store::users::StoredPassword;

/// A browser where a user signed in before.
#[derive(Serialize, Deserialize)]
struct KnownBrowser {
    user_id: UserId,
    id: String,
}

impl Sealable for KnownBrowser {
    const PURPOSE: &'static str = "known browser";
}

/// Somebody whose password was right. Their attempts are still counted: see [`Checked::settle`].
pub struct Checked {
    /// Who.
    pub user: User,
    counters: Vec<Counter>,
    weak: Option<(StoredPassword, Password)>,
}

/// One sentence for an unknown user and for a wrong password.
fn refused() -> Problem {
    log::count(Metric::SignInFailures);
    Problem::new(StatusCode::UNAUTHORIZED, "no account has this name and password")
}

/// Checks a name and a password. Two round trips, and one Argon2, whatever comes of it.
///
/// # Errors
/// 401, the same for everything that is wrong; 429; 503.
pub async fn check(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    name: &str,
    password: &str,
) -> Result<Checked, Problem> {
    // What can't be anybody's name takes the same way as a name that nobody has, with a counter of its own. No
    // username is as long as a hash.
    let nobody = || Identifier { kind: IdentifierKind::Username, value: sha256_hex(name) };
    let identifier = Identifier::guess(name).unwrap_or_else(nobody);
    let user_id = app.store.find_identifier(&identifier).await?.inspect(|id| log::user(*id));

    let now = app.clock.now();
    let known = Cookie::Known.read(incoming, &app.config.issuer);
    let known = known.and_then(|cookie| site.sealer.open::<KnownBrowser>(&cookie, b"").ok());
    let counters = match known.filter(|known| Some(known.user_id) == user_id) {
        Some(known) => vec![Counter::new("KNOWN", &known.id, FAILURES_PER_IDENTIFIER, now)],
        None => vec![
            Counter::new("IDENTIFIER", &identifier.normalised(), FAILURES_PER_IDENTIFIER, now),
            Counter::new("ADDRESS", &incoming.client_network(), FAILURES_PER_ADDRESS, now),
        ],
    };
    // Counted before the guess is tried, so that a thousand at once are not tried either.
    let read = user_id.unwrap_or_else(|| UserId::new(&app.entropy));
    let (claimed, found) = tokio::join!(claim(app, &counters), app.store.find_user_and_password(read));
    claimed?;
    let (user, stored) = found_or_given_back(app, &counters, found).await?;

    let password = Password::new(password);
    let verified = password.verify(&app.hashers, stored.as_ref().map(|stored| stored.hash.clone())).await;
    match (verified, user, stored) {
        (Some(verified), Some(user), Some(stored)) if user.is_active() => {
            let weak = verified.weak.then_some((stored, password));
            Ok(Checked { user, counters, weak })
        }
        _ => Err(refused()),
    }
}

/// Checks the password of a user who is signed in already, by the same rules.
///
/// # Errors
/// 429, 503. A wrong password is `None`.
pub async fn check_own(app: &App, user: &User, password: &str) -> Result<Option<StoredPassword>, Problem> {
    let counters = [Counter::new("OWN", &user.user_id.to_string(), FAILURES_PER_IDENTIFIER, app.clock.now())];
    let (claimed, found) = tokio::join!(claim(app, &counters), app.store.find_user_and_password(user.user_id));
    claimed?;
    let (_, stored) = found_or_given_back(app, &counters, found).await?;
    let hash = stored.as_ref().map(|stored| stored.hash.clone());
    if Password::new(password).verify(&app.hashers, hash).await.is_none() {
        log::count(Metric::SignInFailures);
        return Ok(None);
    }
    give_back(app, &counters).await;
    Ok(stored)
}

impl Checked {
    /// Gives the attempts back, since successes never count, and renews a hash that was made with weaker parameters.
    /// Neither decides anything: if the table fails here, the user is signed in all the same.
    pub async fn settle(self, app: &App) {
        let rehash = async {
            let Some((stored, password)) = self.weak else { return };
            let hash = password.hash(&app.hashers).await;
            let attempt = Attempt::new(&app.entropy);
            if let Err(error) = app.store.rehash_password(self.user.user_id, &stored, hash, attempt).await {
                tracing::warn!(%error, "a password could not be hashed anew");
            }
        };
        tokio::join!(rehash, give_back(app, &self.counters));
    }
}

/// Begins a session of `user`, who proved just now who they are: always a new one, so that nobody can fix it beforehand.
///
/// # Errors
/// [`StoreError`].
pub async fn begin_session(app: &App, incoming: &Incoming, user: &User) -> Result<(Session, SessionToken), StoreError> {
    let (session, token) = new_session(app, incoming, user);
    app.store.create_session(&session, Attempt::new(&app.entropy)).await?;
    Ok((session, token))
}

/// The same, for whoever writes it down themselves.
pub fn new_session(app: &App, incoming: &Incoming, user: &User) -> (Session, SessionToken) {
    let agent = incoming.header(http::header::USER_AGENT).unwrap_or_default();
    Session::start(user, agent, &app.entropy, app.clock.now())
}

/// What a program is answered that signed somebody in: an access token for their own account, which ends with the session.
///
/// # Errors
/// 503, where there is no key yet.
pub fn answer(app: &App, site: &Site, status: StatusCode, user: &User, session: &Session) -> Result<Response, Problem> {
    let now = app.clock.now();
    let claims = AccessClaims {
        iss: app.config.issuer.to_string(),
        sub: user.user_id.to_string(),
        aud: Audience::One(app.config.issuer.to_string()),
        client_id: OURSELVES.to_owned(),
        exp: now + ACCESS_TOKEN,
        iat: now,
        jti: TokenSubject::Session(user.user_id, session.session_id).jti(&site.sealer, &app.entropy),
        scope: ACCOUNT_SCOPE.to_owned(),
        cnf: None,
        act: None,
    };
    let access_token = sign(site, &claims, now)
        .ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "there is no key to sign with yet: try again"))?;
    Ok(super::json(
        status,
        &json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN,
            "user": user.to_json(),
        }),
    ))
}

/// Gives the browser its session, and makes it known as this user's.
pub fn remember(app: &App, site: &Site, user: UserId, token: &SessionToken, response: &mut Response) {
    session::remember(app, site, token, response);
    remember_browser(app, site, user, response);
}

/// Makes the browser known as this user's.
pub fn remember_browser(app: &App, site: &Site, user: UserId, response: &mut Response) {
    let known = KnownBrowser { user_id: user, id: BASE64URL_NOPAD.encode(&app.entropy.bytes::<16>()) };
    let sealed = site.sealer.seal(&known, KNOWN_BROWSER, b"");
    Cookie::Known.set(response, &app.config.issuer, &sealed, KNOWN_BROWSER);
}

/// A guess that the table kept from being tried does not count.
async fn found_or_given_back<T>(
    app: &App,
    counters: &[Counter],
    found: Result<T, StoreError>,
) -> Result<T, StoreError> {
    if found.is_err() {
        give_back(app, counters).await;
    }
    found
}

/// Takes an attempt off each of one or two counters, at once; off neither where one is used up, so that a stranger who
/// is shut out can't use up other people's counters, nor a locked account its neighbours'.
///
/// # Errors
/// 429 where one is used up.
pub async fn claim(app: &App, counters: &[Counter]) -> Result<(), Problem> {
    let claim_one = async |counter: Option<&Counter>| match counter {
        Some(counter) => app.store.claim_attempt(counter, Attempt::new(&app.entropy)).await,
        None => Ok(true),
    };
    let (first, second) = tokio::join!(claim_one(counters.first()), claim_one(counters.get(1)));
    let claimed = [first?, second?];
    if claimed == [true, true] {
        return Ok(());
    }
    let claimed = counters.iter().zip(claimed).filter(|(_, claimed)| *claimed).map(|(counter, _)| counter.clone());
    give_back(app, &claimed.collect::<Vec<_>>()).await;
    let now = app.clock.now();
    Err(Problem::too_many(counters.iter().map(|counter| counter.retry_after(now)).max().unwrap_or(1)))
}

/// Gives one attempt back to each of one or two counters, at once.
pub async fn give_back(app: &App, counters: &[Counter]) {
    let return_one = async |counter: Option<&Counter>| {
        let Some(counter) = counter else { return };
        if let Err(error) = app.store.return_attempt(counter, Attempt::new(&app.entropy)).await {
            tracing::warn!(%error, "an attempt could not be given back");
        }
    };
    tokio::join!(return_one(counters.first()), return_one(counters.get(1)));
}
