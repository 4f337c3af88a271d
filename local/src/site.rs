//! The whole site in one process: sockets, gateway, functions, schedules and table.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use shared::app::App;
use shared::clock::Clock;
use shared::config::{
    Aws, Config, FetchPolicy, Issuer, MailSettings, ProviderSettings, RegistrationPolicy, provider_settings,
};
use shared::entropy::Entropy;
use shared::id::Attempt;
use shared::store::signing_keys::StoredSite;
use shared::store::{ConnectError, Patience, Store, StoreError};
use shared::upstream::{ProviderError, Providers};
use shared::{lambda, log};

use crate::data::{Announcement, DataError, DataFolder};
use crate::fakes::{Fakes, MAIL_FROM};
use crate::functions;
use crate::gateway::{Gateway, RouteError};
use crate::remote::{self, RemoteError};
use crate::scheduler::Scheduler;
use crate::server::Server;
use crate::sockets;
use crate::table::{TABLE_NAME, Table, TableError};
use crate::template::{Template, TemplateError};

/// How a site is to run. [`Options::new`] has what a test or a newcomer wants; change what you need.
pub struct Options {
    /// The port; 0 for any that is free.
    pub port: u16,
    /// The issuer, where it is not `http://localhost:<port>`.
    pub issuer: Option<String>,
    /// Where the data is.
    pub storage: Storage,
    /// How long the table is waited for.
    pub patience: Patience,
    /// The folder in which the operator's commands look for a running site. `None`: this one is not announced.
    pub announce_in: Option<PathBuf>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Who may register an application.
    pub registration: RegistrationPolicy,
    /// Which addresses that applications supply are called.
    pub fetch: FetchPolicy,
    /// Whether an address is a `client_id`.
    pub client_id_documents: bool,
    /// Whether the systems that people are signed in with, and SES, have stand-ins on this machine.
    pub fakes: bool,
    /// Whether schedules run by themselves, as real time passes.
    pub schedules: bool,
    /// Where accounts from elsewhere may come from.
    pub providers: ProviderOptions,
    /// Signing keys made before, where making them anew would take too long.
    pub provisioned: Option<Provisioned>,
}

/// Providers of accounts elsewhere.
#[derive(Default)]
pub struct ProviderOptions {
    /// Files beside the built-in ones, or instead of them: name and text.
    pub files: Vec<(String, String)>,
    /// What `PROVIDERS` says where the site is deployed.
    pub settings: ProviderSettings,
}

/// Where a site's data is.
pub enum Storage {
    /// In memory, and gone when the site stops.
    Memory,
    /// In this folder.
    Folder(PathBuf),
    /// In another DynamoDB, with the secret keys of that data.
    Endpoint {
        /// Its URL.
        url: String,
        /// The keys that sealed what is there; the first seals.
        secret_keys: Vec<SecretString>,
    },
}

/// Signing keys, salt and epoch, with what sealed them.
#[derive(Clone)]
pub struct Provisioned {
    /// The secret key that sealed them; used instead of the storage's own.
    pub secret_key: SecretString,
    /// As the table has them.
    pub site: StoredSite,
}

/// A running site. Dropping it stops everything at once; [`Site::stop`] lets requests finish.
pub struct Site {
    // In this order they end when it is dropped: first who asks, then who is asked, at last the claim on the folder.
    server: Server,
    port: u16,
    scheduler: Scheduler,
    app: App,
    announcement: Option<Announcement>,
    fakes: Option<Fakes>,
    storage: Opened,
}

/// The storage in use.
struct Opened {
    endpoint: String,
    secret_keys: Vec<SecretString>,
    table: Option<Table>,
    _folder: Option<DataFolder>,
}

/// The site could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("port {0} is already in use: stop what uses it, or choose another with --port")]
    PortTaken(u16),
    /// The stand-ins' settings are none.
    #[error("{0}")]
    Settings(String),
    /// No port for the stand-ins.
    #[error("the stand-ins have no port: {0}")]
    Fakes(io::Error),
    /// The port can't be listened on.
    #[error("port {0}: {1}")]
    Port(u16, io::Error),
    /// It is no origin.
    #[error("the issuer {0} is not an http or https URL without path")]
    Issuer(String),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The embedded table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The other DynamoDB.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template's routes.
    #[error(transparent)]
    Routes(#[from] RouteError),
    /// The way to the table.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The table's answers.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder with providers' files.
    #[error("{0}: {1}")]
    ProviderFiles(PathBuf, io::Error),
    /// What `PROVIDERS` says.
    #[error("{0}")]
    ProviderSettings(String),
    /// Providers of accounts elsewhere.
    #[error(transparent)]
    Providers(#[from] ProviderError),
    /// The signing keys.
    #[error("{0}")]
    Keys(String),
}

impl Options {
    /// Any free port, which is the issuer's; the system's clock and randomness; anybody may register applications.
    pub fn new(storage: Storage) -> Self {
        Self {
            port: 0,
            issuer: None,
            storage,
            patience: Patience::LOCAL,
            announce_in: None,
            clock: Clock::system(),
            entropy: Entropy::system(),
            registration: RegistrationPolicy::Open,
            fetch: FetchPolicy::default(),
            client_id_documents: false,
            fakes: true,
            schedules: true,
            providers: ProviderOptions::default(),
            provisioned: None,
        }
    }
}

impl Site {
    /// Starts a site. When this returns it answers.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Options { port, issuer, storage, patience, announce_in, clock, entropy, .. } = options;
        let Options { registration, fetch, client_id_documents, fakes, schedules, providers, provisioned, .. } =
            options;
        let template = Template::embedded()?;
        let (port, listeners) = sockets::bind(port).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken(port),
            _ => StartError::Port(port, error),
        })?;
        let issuer = issuer.unwrap_or_else(|| format!("http://localhost:{port}"));
        let issuer = Issuer::parse(&issuer).ok_or(StartError::Issuer(issuer))?;
        let storage = open(storage, &template, &clock, &entropy).await?;

        let store = Store::connect(TABLE_NAME, Some(&storage.endpoint), patience).await?;
        let secret_keys = match &provisioned {
            Some(provisioned) => vec![provisioned.secret_key.clone()],
            None => storage.secret_keys.clone(),
        };
        let fakes = match fakes {
            true => Some(Fakes::start(&issuer, clock.clone(), entropy.clone()).await.map_err(StartError::Fakes)?),
            false => None,
        };
        let mail = fakes.as_ref().map(|fakes| {
            let aws = Aws::local(&fakes.mail_endpoint());
            MailSettings { from: MAIL_FROM.to_owned(), aws }
        });
        let ProviderOptions { files, mut settings } = providers;
        // Their addresses are plain http at loopback, which leads a site that others see nowhere.
        if let Some(fakes) = fakes.as_ref().filter(|_| settings.is_empty() && issuer.is_plain_loopback()) {
            settings = provider_settings(&fakes.settings().to_string()).map_err(StartError::Settings)?;
        }
        let mut all: Vec<(&str, &str)> = Providers::files().collect();
        all.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let upstream = Providers::load(all, &settings, &issuer, &fetch)?;
        let config = Config {
            issuer: issuer.clone(),
            table: TABLE_NAME.to_owned(),
            secret_keys,
            registration,
            fetch,
            client_id_documents,
            mail,
            providers: settings,
        };
        if let Some(Provisioned { site, .. }) = provisioned {
            store.create_site(&site, Attempt::new(&entropy)).await?;
        }
        let app = App::new(config, clock.clone(), entropy.clone(), store, upstream);
        // Deployed, the schedule's first run makes the keys of a new site. Keys that the secret key doesn't open are an
        // error of the start, not of the first request.
        run_scheduled("rotate-keys", &app).await.map_err(|error| StartError::Keys(error.to_string()))?;
        app.site().await?;

        let routers = functions::routers().into_iter();
        let functions: HashMap<_, _> =
            routers.map(|(name, router)| (name, lambda::logged(router, &app.of_function(name)))).collect();
        let gateway = Gateway::new(&template.routes, &functions, &issuer, clock, entropy)?;
        let schedules = if schedules { template.schedules.as_slice() } else { &[] };
        let announcement = match announce_in {
            Some(folder) => Announcement::make(&folder, &storage.endpoint)?,
            None => None,
        };
        Ok(Self {
            server: Server::start(listeners, Arc::new(gateway)),
            port,
            scheduler: Scheduler::start(schedules, &functions::scheduled(), &app),
            app,
            announcement,
            fakes,
            storage,
        })
    }

    /// `http://localhost:<port>`, or the issuer that was asked for.
    pub fn url(&self) -> &str {
        self.app.config.issuer.as_str()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What its functions are given.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The stand-ins, where the site has them.
    pub fn fakes(&self) -> Option<&Fakes> {
        self.fakes.as_ref()
    }

    /// The embedded table, where the site has one.
    pub fn table(&self) -> Option<&Table> {
        self.storage.table.as_ref()
    }

    /// Runs a scheduled function now, as its schedule would. A name that isn't scheduled does nothing.
    ///
    /// # Errors
    /// The function's own.
    pub async fn run_scheduled(&self, name: &str) -> Result<(), shared::lambda::Error> {
        run_scheduled(name, &self.app).await
    }

    /// Stops listening, lets requests under way finish, and closes the table.
    pub async fn stop(self) {
        let Self { server, port: _, scheduler, app, announcement, fakes, storage } = self;
        drop(announcement);
        drop(scheduler);
        server.stop().await;
        drop(app);
        drop(fakes);
        drop(storage);
    }
}

async fn run_scheduled(name: &str, app: &App) -> Result<(), shared::lambda::Error> {
    match functions::scheduled().into_iter().find(|(known, _)| *known == name) {
        Some((known, run)) => log::run(known, String::new(), &app.clock, run(app.of_function(known))).await,
        None => Ok(()),
    }
}

async fn open(storage: Storage, template: &Template, clock: &Clock, entropy: &Entropy) -> Result<Opened, StartError> {
    Ok(match storage {
        Storage::Memory => {
            let table = Table::memory(clock.clone())?;
            let secret_keys = vec![data_encoding::HEXLOWER.encode(&entropy.bytes::<32>()).into()];
            Opened { endpoint: table.endpoint().to_owned(), secret_keys, table: Some(table), _folder: None }
        }
        Storage::Folder(path) => {
            let folder = DataFolder::open(&path)?;
            let secret_keys = folder.secret_keys(entropy)?;
            let table = Table::file(&folder.table()?)?;
            Opened { endpoint: table.endpoint().to_owned(), secret_keys, table: Some(table), _folder: Some(folder) }
        }
        Storage::Endpoint { url, secret_keys } => {
            remote::create_missing(&url, &template.table).await?;
            Opened { endpoint: url, secret_keys, table: None, _folder: None }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_site_stands_and_a_second_one_on_its_port_is_told_so() {
        let site = Site::start(Options::new(Storage::Memory)).await.unwrap();
        let port = site.url().strip_prefix("http://localhost:").unwrap().parse().unwrap();
        let second = Site::start(Options { port, ..Options::new(Storage::Memory) }).await;
        assert!(matches!(second, Err(StartError::PortTaken(taken)) if taken == port));
        site.run_scheduled("sweep").await.unwrap();
        site.stop().await;
        Site::start(Options { port, ..Options::new(Storage::Memory) }).await.unwrap();
    }

    #[tokio::test]
    async fn another_dynamodb_gets_the_table_where_it_lacks_it_and_keeps_it_where_it_has_it() {
        let table = Table::memory(Clock::system()).unwrap();
        for _ in 0..2 {
            let secret_keys = vec!["0123456789abcdef0123456789abcdef".into()];
            let storage = Storage::Endpoint { url: table.endpoint().to_owned(), secret_keys };
            let issuer = Some("https://id.example.org".to_owned());
            let site = Site::start(Options { issuer, ..Options::new(storage) }).await.unwrap();
            assert_eq!(site.url(), "https://id.example.org");
            site.stop().await;
        }
    }

    #[tokio::test]
    async fn a_folders_keys_are_still_there_when_the_site_starts_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = Vec::new();
        for _ in 0..2 {
            let storage = Storage::Folder(folder.path().to_owned());
            let issuer = Some("http://localhost:1".to_owned());
            let site = Site::start(Options { issuer, ..Options::new(storage) }).await.unwrap();
            names.push(serde_json::to_string(&site.app().site().await.unwrap().keys.jwks()).unwrap());
            site.stop().await;
        }
        assert_eq!(names[0], names[1]);
    }
}
