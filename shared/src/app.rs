//! What a handler is given.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::account::Hashers;
use crate::bangumi::Bangumi;
use crate::clock::{Clock, Time};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::fetch::Fetcher;
use crate::jose::client_keys::ClientKeys;
use crate::jose::keys::{self, KeySet};
use crate::mail::Mailer;
use crate::oauth::Client;
use crate::oauth::lifetimes::SITE_CACHE;
use crate::seal::Sealer;
use crate::store::{Store, StoreError};
use crate::upstream::Providers;

/// Settings, clock, randomness and the table. Cheap to clone; one per process.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What is inside an [`App`].
pub struct Inner {
    /// Settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The table.
    pub store: Store,
    /// Where passwords are hashed.
    pub hashers: Arc<Hashers>,
    /// The way to addresses that clients supply.
    pub fetcher: Arc<Fetcher>,
    /// The way to people's letter boxes; `None` where no letters are written.
    pub mailer: Option<Arc<Mailer>>,
    /// Keys that clients have elsewhere.
    pub client_keys: Arc<ClientKeys>,
    /// Where accounts from elsewhere may come from.
    pub upstream: Arc<Providers>,
    /// Bangumi's API.
    pub bangumi: Arc<Bangumi>,
    site: Arc<Mutex<Option<Arc<Site>>>>,
}

/// What the whole site shares, as last read.
pub struct Site {
    /// Seals and opens, in the site's epoch.
    pub sealer: Sealer,
    /// Signing keys.
    pub keys: KeySet,
    /// For pairwise identifiers: 32 random bytes, hexadecimal.
    pub salt: String,
    loaded_at: Time,
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts the parts together; reads nothing yet.
    pub fn new(config: Config, clock: Clock, entropy: Entropy, store: Store, upstream: Providers) -> Self {
        let hashers = Arc::new(Hashers::new(entropy.clone()));
        let fetcher = Arc::new(Fetcher::new(config.fetch.clone()));
        let bangumi = Arc::new(Bangumi::new(&config.issuer, &config.fetch, &upstream));
        let mailer = config.mail.clone().map(|mail| Arc::new(Mailer::new(mail)));
        Self(Arc::new(Inner {
            config,
            clock,
            entropy,
            store,
            hashers,
            fetcher,
            mailer,
            client_keys: Arc::default(),
            upstream: Arc::new(upstream),
            bangumi,
            site: Arc::default(),
        }))
    }

    /// The same, for one of several functions in a process: it goes to the table under its own name, and shares what is
    /// in memory with the others.
    #[must_use]
    pub fn of_function(&self, name: &str) -> Self {
        let Inner { config, clock, entropy, store, hashers, fetcher, mailer, client_keys, upstream, bangumi, site } =
            &**self;
        Self(Arc::new(Inner {
            config: config.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            store: store.named(name),
            hashers: Arc::clone(hashers),
            fetcher: Arc::clone(fetcher),
            mailer: mailer.as_ref().map(|mailer| Arc::new(mailer.named(name))),
            client_keys: Arc::clone(client_keys),
            upstream: Arc::clone(upstream),
            bangumi: Arc::clone(bangumi),
            site: Arc::clone(site),
        }))
    }

    /// Whether a client that is in the table counts: one that is named by an address only where that is allowed.
    pub fn admits(&self, client: &Client) -> bool {
        client.document.is_none() || self.config.client_id_documents
    }

    /// Sealer and keys: those in memory, or after five minutes those in the table.
    ///
    /// # Errors
    /// [`StoreError`], also where the site's keys don't open or were never made.
    pub async fn site(&self) -> Result<Arc<Site>, StoreError> {
        let mut cached = self.site.lock().await;
        let now = self.clock.now();
        if let Some(site) = cached.as_ref().filter(|site| now - site.loaded_at < SITE_CACHE) {
            return Ok(Arc::clone(site));
        }
        let site = Arc::new(self.load_site(now).await?);
        *cached = Some(Arc::clone(&site));
        Ok(site)
    }

    /// The same, but read anew: for a token that names a key which is not in memory.
    ///
    /// # Errors
    /// As [`App::site`].
    pub async fn reload_site(&self) -> Result<Arc<Site>, StoreError> {
        let mut cached = self.site.lock().await;
        let now = self.clock.now();
        // Made-up key names must not become reads: once in ten seconds is often enough to notice a new key.
        if let Some(site) = cached.as_ref().filter(|site| now - site.loaded_at < 10) {
            return Ok(Arc::clone(site));
        }
        let site = Arc::new(self.load_site(now).await?);
        *cached = Some(Arc::clone(&site));
        Ok(site)
    }

    async fn load_site(&self, now: Time) -> Result<Site, StoreError> {
        let Inner { config, clock, entropy, store, .. } = &**self;
        // Only `rotate-keys` makes keys: nothing that answers over HTTP needs the right to write them.
        let stored = store.find_site().await?.ok_or(StoreError::NoSite)?;
        let at_rest = keys::at_rest(&config.secret_keys, clock, entropy);
        let keys = KeySet::open(&stored.keys, &at_rest).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let issuer = config.issuer.as_str();
        let sealer = Sealer::new(&config.secret_keys, issuer, stored.epoch, clock.clone(), entropy.clone());
        Ok(Site { sealer, keys, salt: stored.salt, loaded_at: now })
    }
}
