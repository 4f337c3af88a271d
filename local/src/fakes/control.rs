//! What a test can tell the stand-ins to do wrong, and what they were asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

use super::bangumi::World;
use super::message::Asked;

/// What is asked at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The page to sign in on.
    Authorize,
    /// A code becomes tokens.
    Token,
    /// A refresh token becomes tokens, at the same address.
    Refresh,
    /// Whether a token is good.
    Status,
    /// Who somebody is.
    Profile,
    /// Bangumi's list of somebody's works.
    Collections,
    /// … one of them.
    Collection,
    /// … written.
    Save,
    /// … its episodes.
    Marks,
    /// … marked.
    Mark,
    /// Bangumi's works.
    Subject,
    /// … their episodes.
    Episodes,
    /// … found by words.
    Search,
    /// … shown this week.
    Calendar,
    /// An OpenID provider's metadata.
    Discovery,
    /// … and keys.
    Keys,
    /// SES's.
    Mail,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer ever comes.
    Slow,
    /// The connection ends without one.
    Cut,
    /// An answer of this status.
    Status(u16),
    /// A page, with status 200.
    Html,
    /// Text that ends in the middle, with status 200.
    HalfJson,
    /// A redirect to the same address.
    Redirect,
    /// Ten megabytes.
    Huge,
    /// An error that says so in JSON, with status 200.
    ErrorUnder200,
    /// What was presented is no good (any more), in the system's own words.
    InvalidGrant,
    /// It is somebody else than who signed in.
    OtherSubject,
    /// In place of who it is stands this text in JSON, which may be wrong; nothing stands there if it is empty.
    Subject(&'static str),
    /// The ID token is wrong.
    IdToken(IdTokenFault),
}

/// What is wrong with an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdTokenFault {
    /// Another request's `nonce`.
    Nonce,
    /// None.
    NoNonce,
    /// For another client.
    Audience,
    /// By another issuer.
    Issuer,
    /// Not signed at all: `alg` is `none`.
    AlgNone,
    /// Signed by HS256, with the client's secret.
    Hs256,
    /// Its time is over.
    Expired,
    /// Signed by a key that is not published.
    UnknownKid,
    /// Changed after it was signed.
    Signature,
    /// Not there.
    Missing,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Whom it was for: a provider's id, or `ses`.
    pub provider: &'static str,
    /// What was asked.
    pub endpoint: Endpoint,
    /// `GET`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Recorded {
    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A value of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value of the form that the body is.
    pub fn form(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

/// Asked before a request is done, and again before it is answered: where it says false, neither happens.
pub type Pulse = Arc<dyn Fn() -> bool + Send + Sync>;

/// The switches, and the record.
pub struct Control {
    state: Mutex<State>,
    world: Arc<World>,
}

#[derive(Default)]
struct State {
    faults: HashMap<(String, Endpoint), Fault>,
    revoked: HashMap<String, u64>,
    record: Vec<Recorded>,
    pulse: Option<Pulse>,
}

impl Control {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { state: Mutex::default(), world }
    }

    /// What Bangumi knows of people and works, and its quirks.
    pub fn bangumi(&self) -> &World {
        &self.world
    }

    /// From now on this goes wrong at an endpoint of a provider, or of `ses`.
    pub fn set(&self, provider: &str, endpoint: Endpoint, fault: Fault) {
        self.state().faults.insert((provider.to_owned(), endpoint), fault);
    }

    /// From now on everything goes right again. Refresh tokens that were revoked stay so.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// Every refresh token that a provider gave so far is no good any more, as if people had withdrawn their consent.
    pub fn revoke_refresh_tokens(&self, provider: &str) {
        *self.state().revoked.entry(provider.to_owned()).or_default() += 1;
    }

    /// From now on whoever asks is listened to only as long as this says true: a way to have them die in the middle.
    pub fn watch(&self, pulse: Option<Pulse>) {
        self.state().pulse = pulse;
    }

    /// Whether whoever asks still lives.
    pub(super) fn lives(&self) -> bool {
        let pulse = self.state().pulse.clone();
        pulse.is_none_or(|lives| lives())
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.state().record.clone()
    }

    /// What was asked at one endpoint of a provider.
    pub fn requests_to(&self, provider: &str, endpoint: Endpoint) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|asked| asked.provider == provider && asked.endpoint == endpoint);
        requests
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        self.state().record.clear();
    }

    pub(super) fn fault(&self, provider: &str, endpoint: Endpoint) -> Option<Fault> {
        self.state().faults.get(&(provider.to_owned(), endpoint)).copied()
    }

    /// How often the refresh tokens of a provider were revoked: a token is good as long as that is what it was.
    pub(super) fn era(&self, provider: &str) -> u64 {
        self.state().revoked.get(provider).copied().unwrap_or_default()
    }

    pub(super) fn note(&self, provider: &'static str, endpoint: Endpoint, asked: &Asked) {
        let Asked { method, path, query, headers, body } = asked.clone();
        let recorded = Recorded { provider, endpoint, method: method.to_string(), path, query, headers, body };
        self.state().record.push(recorded);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked had not left it half changed: each change is one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
