//! Stand-ins for the systems that the site signs people in with, and for SES: one server beside the site.
//!
//! | file | stands for |
//! |---|---|
//! | `bangumi` | Bangumi: OAuth, and its API |
//! | `weibo`, `acwing`, `lianluo`, `six_park` | four systems, each as its own document says |
//! | `oidc` | any OpenID provider |
//! | `ses` | SES, and everybody's letter box: `/mailbox` |
//! | [`control`] | what can be told to go wrong, and what was asked |
//! | `desk`, `page` | what the systems have in common: codes, tokens, and the page to sign in on |
//! | `message`, `server` | requests, answers, and the socket |
//!
//! Whoever types a name signs in as its owner: the same name is the same person for ever, and a number is that number.

mod acwing;
pub mod bangumi;
pub mod control;
mod desk;
mod lianluo;
mod message;
mod oidc;
mod page;
mod person;
mod server;
mod ses;
mod six_park;
#[cfg(test)]
mod tests;
mod weibo;

use std::io;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use shared::clock::Clock;
use shared::config::Issuer;
use shared::entropy::Entropy;

pub use control::{Control, Endpoint, Fault, IdTokenFault, Pulse, Recorded};
pub use ses::Delivered;

use crate::server::Server;
use crate::sockets;
use bangumi::World;
use desk::{Desk, System};
use person::Person;
use server::Counter;

/// Every system.
const SYSTEMS: [&System; 6] =
    [&bangumi::SYSTEM, &weibo::SYSTEM, &acwing::SYSTEM, &lianluo::SYSTEM, &six_park::SYSTEM, &oidc::SYSTEM];

/// The sender of the local site's letters.
pub const MAIL_FROM: &str = "bangumoe@localhost.example";

/// The running stand-ins. Dropping them ends every connection.
pub struct Fakes {
    url: String,
    counter: Arc<Counter>,
    _server: Server,
}

impl Fakes {
    /// Starts them at any free port, with the site `issuer` registered at each.
    ///
    /// # Errors
    /// No port.
    pub async fn start(issuer: &Issuer, clock: Clock, entropy: Entropy) -> io::Result<Self> {
        let (port, listeners) = sockets::bind(0).await?;
        let url = format!("http://localhost:{port}");
        let world = Arc::new(World::new(clock));
        let desks = SYSTEMS.map(|system| Desk::new(system, &url, issuer, &world, &entropy));
        let counter = Arc::new(Counter::new(desks.into(), world));
        Ok(Self { url, _server: Server::start(listeners, Arc::clone(&counter)), counter })
    }

    /// `http://localhost:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The setting `PROVIDERS` that makes them the site's providers.
    pub fn settings(&self) -> Value {
        let entries = self.counter.desks().iter().map(|desk| (desk.system.id.to_owned(), self.setting(desk)));
        Value::Object(entries.collect::<Map<_, _>>())
    }

    fn setting(&self, desk: &Desk) -> Value {
        let Desk { system, client_id, client_secret, .. } = desk;
        let address = |path: &str| Value::from(format!("{}/{}{path}", self.url, system.id));
        let addresses = system.addresses.iter().map(|(name, path)| ((*name).to_owned(), address(path)));
        let addresses = addresses.collect::<Map<_, _>>();
        json!({ "client_id": client_id, "client_secret": client_secret, "addresses": addresses })
    }

    /// SES's endpoint: `AWS_ENDPOINT_URL_SESV2`.
    pub fn mail_endpoint(&self) -> String {
        format!("{}/ses", self.url)
    }

    /// Where the letters are to be read.
    pub fn mailbox(&self) -> String {
        format!("{}/mailbox", self.url)
    }

    /// What was sent, the newest first.
    pub fn letters(&self) -> Vec<Delivered> {
        self.counter.mailbox().letters()
    }

    /// A token of Bangumi's for whoever has that name, as a sign-in there gives one, good for so many seconds: a week's, there.
    pub fn bangumi_token(&self, person: &str, seconds: i64) -> Option<SecretString> {
        let desk = self.counter.desks().iter().find(|desk| desk.system.id == "bangumi")?;
        Some(desk.access_token(&Person::named(person), seconds).into())
    }

    /// What can be told to go wrong, and what was asked.
    pub fn control(&self) -> &Control {
        self.counter.control()
    }
}
