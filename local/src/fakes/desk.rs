//! What the systems have in common: an application that is registered, codes, and tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::{Method, StatusCode};
use serde_json::Value;
use shared::clock::{Clock, Time};
use shared::config::Issuer;
use shared::entropy::Entropy;
use url::Url;

use super::bangumi::World;
use super::control::Endpoint;
use super::message::{Asked, answer, html, redirect};
use super::oidc::SigningKey;
use super::page;
use super::person::Person;
use crate::answer::Answer;

/// How long a code lives where a system's document doesn't say (RFC 6749 §4.1.2).
const CODE: i64 = 600;

/// A system: what it is called, and what it answers where.
pub(super) struct System {
    /// The provider's id.
    pub(super) id: &'static str,
    /// What it is called on its pages.
    pub(super) title: &'static str,
    /// The addresses that its provider's file names, below the stand-in's own.
    pub(super) addresses: &'static [(&'static str, &'static str)],
    pub(super) routes: &'static [Route],
    /// How it says that something is wrong, by OAuth's word for it (RFC 6749 §5.2).
    pub(super) refuse: fn(&'static str) -> Answer,
}

/// Answers a request.
pub(super) type Handler = fn(&Desk, &Asked, &Twist) -> Answer;

/// What stands at a path. A path may name the query's `app`, as 6park's do, and `{}` in it is anything between slashes.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) handler: Handler,
}

/// How an answer is to differ from the right one.
#[derive(Default)]
pub(super) struct Twist {
    pub(super) other_person: bool,
    /// In place of the subject, as JSON; nothing if empty.
    pub(super) subject: Option<&'static str>,
    pub(super) id_token: Option<super::control::IdTokenFault>,
    /// How often refresh tokens were revoked.
    pub(super) era: u64,
}

/// One system with its one application: the site.
pub(super) struct Desk {
    pub(super) system: &'static System,
    /// Its own address.
    pub(super) url: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) redirect_uri: String,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) key: SigningKey,
    /// What Bangumi knows of people and works.
    pub(super) world: Arc<World>,
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    codes: HashMap<String, Code>,
    access: HashMap<String, (Person, Time)>,
    refresh: HashMap<String, (Person, u64)>,
}

/// What an authorization request asks for, and a code stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    /// S256's (RFC 7636 §4.2).
    pub(super) challenge: Option<String>,
}

/// A code that was used.
pub(super) struct Code {
    pub(super) person: Person,
    pub(super) wanted: Wanted,
    expires_at: Time,
}

impl Desk {
    pub(super) fn new(
        system: &'static System,
        url: &str,
        issuer: &Issuer,
        world: &Arc<World>,
        entropy: &Entropy,
    ) -> Self {
        Self {
            system,
            url: format!("{url}/{}", system.id),
            client_id: format!("bangumoe-at-{}", system.id),
            client_secret: HEXLOWER.encode(&entropy.bytes::<16>()),
            redirect_uri: issuer.url(&format!("/connect/{}/callback", system.id)),
            clock: world.clock().clone(),
            entropy: entropy.clone(),
            key: SigningKey,
            world: Arc::clone(world),
            given: Mutex::default(),
        }
    }

    /// The route of a request.
    pub(super) fn route(&self, asked: &Asked) -> Option<&'static Route> {
        let with_app = format!("{}?app={}", asked.path, asked.query("app").unwrap_or_default());
        let mut routes = self.system.routes.iter();
        routes.find(|route| route.method == asked.method && (fits(route.path, &asked.path) || route.path == with_app))
    }

    /// The page to sign in on, and, where it was sent, the way back: with a code, or without one. What is wrong with the
    /// request, `Err`, is told to the user and to nobody else (RFC 6749 §4.1.2.1).
    pub(super) fn authorize(&self, asked: &Asked, wanted: Result<Wanted, &str>) -> Answer {
        let wanted = match wanted {
            Ok(wanted) if wanted.redirect_uri == self.redirect_uri => wanted,
            Ok(_) => return html(StatusCode::BAD_REQUEST, page::refusal(self.system.title, "another redirect_uri")),
            Err(wrong) => return html(StatusCode::BAD_REQUEST, page::refusal(self.system.title, wrong)),
        };
        if asked.method == Method::GET {
            return html(StatusCode::OK, page::sign_in(self.system.title));
        }
        let name = asked.form("name").unwrap_or_default();
        let mut back = match Url::parse(&wanted.redirect_uri) {
            Ok(back) => back,
            Err(_) => return html(StatusCode::BAD_REQUEST, page::refusal(self.system.title, "no redirect_uri")),
        };
        if asked.form("decision").as_deref() == Some("refuse") {
            back.query_pairs_mut().append_pair("error", "access_denied");
        } else if name.trim().is_empty() {
            return html(StatusCode::OK, page::sign_in(self.system.title));
        } else {
            let code = self.code(Person::named(name.trim()), &wanted);
            back.query_pairs_mut().append_pair("code", &code);
        }
        if let Some(state) = &wanted.state {
            back.query_pairs_mut().append_pair("state", state);
        }
        redirect(back.as_str())
    }

    /// Whether an authorization request is the site's.
    pub(super) fn knows(&self, client_id: Option<&str>) -> Result<(), &'static str> {
        if client_id == Some(&*self.client_id) { Ok(()) } else { Err("an unknown application") }
    }

    /// Whether a token request is the site's.
    pub(super) fn is_client(&self, id: Option<&str>, secret: Option<&str>) -> bool {
        id == Some(&*self.client_id) && secret == Some(&*self.client_secret)
    }

    fn code(&self, person: Person, wanted: &Wanted) -> String {
        // Bangumi's own: 60 s.
        let lifetime = if self.system.id == "bangumi" { 60 } else { CODE };
        let code = HEXLOWER.encode(&self.entropy.bytes::<20>());
        let expires_at = self.clock.now() + lifetime;
        self.given().codes.insert(code.clone(), Code { person, wanted: wanted.clone(), expires_at });
        code
    }

    /// Uses a code up. `None` where it is none, was used before, or is too old.
    pub(super) fn redeem(&self, code: &str) -> Option<Code> {
        let code = self.given().codes.remove(code)?;
        (self.clock.now() < code.expires_at).then_some(code)
    }

    /// A new access token.
    pub(super) fn access_token(&self, person: &Person, lifetime: i64) -> String {
        let token = HEXLOWER.encode(&self.entropy.bytes::<20>());
        self.given().access.insert(token.clone(), (person.clone(), self.clock.now() + lifetime));
        token
    }

    /// Whose an access token is, and until when.
    pub(super) fn bearer(&self, token: &str) -> Option<(Person, Time)> {
        let found = self.given().access.get(token).cloned()?;
        (self.clock.now() < found.1).then_some(found)
    }

    /// A new refresh token.
    pub(super) fn refresh_token(&self, person: &Person, era: u64) -> String {
        let token = HEXLOWER.encode(&self.entropy.bytes::<20>());
        self.given().refresh.insert(token.clone(), (person.clone(), era));
        token
    }

    /// Uses a refresh token up. `None` where it is none (any more).
    pub(super) fn rotate(&self, token: &str, era: u64) -> Option<Person> {
        let (person, of) = self.given().refresh.remove(token)?;
        (of == era).then_some(person)
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        // Each change is one step: nobody leaves it half done.
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a path is a route's.
fn fits(route: &str, path: &str) -> bool {
    let segments = || route.split('/').zip(path.split('/'));
    route.matches('/').count() == path.matches('/').count()
        && segments().all(|(of_route, segment)| of_route == segment || (of_route == "{}" && !segment.is_empty()))
}

impl Code {
    /// Whether a verifier is the challenge's; where nothing challenged, whether there is none.
    pub(super) fn is_verified_by(&self, verifier: Option<&str>) -> bool {
        let hashed = verifier.map(|verifier| BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref()));
        hashed == self.wanted.challenge
    }
}

impl Twist {
    /// Who it is said to be.
    pub(super) fn person(&self, person: Person) -> Person {
        if self.other_person { Person::other() } else { person }
    }

    /// An answer whose `field` says who it is.
    pub(super) fn answer(&self, status: StatusCode, body: Value, field: &str) -> Answer {
        answer(status, "application/json", self.text(body, field))
    }

    /// An object whose `field` says who it is, as text: JSON's numbers are larger than a machine's.
    pub(super) fn text(&self, mut body: Value, field: &str) -> String {
        const PLACE: &str = "the subject's place";
        match (self.subject, body.as_object_mut()) {
            (Some(""), Some(members)) => {
                members.remove(field);
                body.to_string()
            }
            (Some(subject), Some(members)) => {
                members.insert(field.to_owned(), PLACE.into());
                body.to_string().replace(&format!("\"{PLACE}\""), subject)
            }
            _ => body.to_string(),
        }
    }
}
