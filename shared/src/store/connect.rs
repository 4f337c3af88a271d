//! The way to the table.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::{AppName, Builder, Credentials};
use secrecy::ExposeSecret as _;

use super::http;
use super::retries::WrongMoment;
use super::table::Store;
use crate::aws::{ConnectError, Roots};
use crate::config::{Aws, Endpoint};

/// How long the table is waited for, before a call counts as failed.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One try, of three.
    pub attempt: Duration,
    /// All of them.
    pub operation: Duration,
}

impl Patience {
    /// A Lambda's. A sign-in is three calls one after the other, and the functions have ten seconds.
    pub const LAMBDA: Self = Self { attempt: Duration::from_secs(1), operation: Duration::from_secs(3) };
    /// That of a site on somebody's machine, whose table is no further away than the site itself: if it is slow, the
    /// machine is busy.
    pub const LOCAL: Self = Self { attempt: Duration::from_secs(10), operation: Duration::from_secs(30) };
}

impl Store {
    /// A client for `table`, as a Lambda has it. Nothing is asked and nothing looked for: a cold start pays for this.
    ///
    /// # Errors
    /// [`ConnectError`]: never, but at an endpoint with roots of its own.
    pub fn in_lambda(table: &str, aws: &Aws, patience: Patience) -> Result<Self, ConnectError> {
        let roots = Roots::of(aws.endpoint.as_ref())?;
        let Aws { region, access_key_id, secret_access_key, session_token, endpoint } = aws.clone();
        Ok(Self::lazily(table, move || {
            let session = session_token.map(|token| token.expose_secret().to_owned());
            let secret = secret_access_key.expose_secret();
            let config = Builder::new()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region))
                .credentials_provider(Credentials::new(access_key_id, secret, session, None, "lambda"))
                .http_client(http::client(roots));
            client(config, endpoint.map(|endpoint| endpoint.url), patience)
        }))
    }

    /// A client for `table`, at AWS or at `url`, as an operator has it: region and credentials are those that AWS's own
    /// tools would find, and the roots are the system's. At a plain-http endpoint, which is never AWS, made-up
    /// credentials stand in.
    ///
    /// # Errors
    /// As [`Store::in_lambda`].
    pub async fn connect(table: &str, url: Option<&str>, patience: Patience) -> Result<Self, ConnectError> {
        let local = url.map(Aws::local).filter(|aws| aws.endpoint.as_ref().is_some_and(Endpoint::is_plain));
        if let Some(aws) = local {
            return Self::in_lambda(table, &aws, patience);
        }
        let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http::client(Roots::TheMachines));
        let (config, url) = (Builder::from(&loader.load().await), url.map(str::to_owned));
        Ok(Self::lazily(table, move || client(config, url, patience)))
    }

    /// The same way to the table, with a caller's name in the `User-Agent` of what it asks: where many functions run in
    /// one process, the table's side can still tell them apart. A name that can't stand there is left out.
    #[must_use]
    pub fn named(&self, caller: &str) -> Self {
        let (client, name) = (Arc::clone(&self.client), AppName::new(caller.to_owned()).ok());
        Self::lazily(&self.table, move || {
            let mut config = client.config().to_builder();
            config.set_app_name(name);
            Client::from_conf(config.build())
        })
    }

    /// A client that is made when the table is first asked: some requests of a cold start never do.
    fn lazily(table: &str, client: impl FnOnce() -> Client + Send + 'static) -> Self {
        Self { client: Arc::new(LazyLock::new(Box::new(client))), table: table.into() }
    }
}

fn client(mut config: Builder, url: Option<String>, patience: Patience) -> Client {
    // Every store has a retry budget of its own: in a Lambda there is one store, in a test run hundreds.
    static STORES: AtomicU64 = AtomicU64::new(0);
    let partition = format!("store-{}", STORES.fetch_add(1, Ordering::Relaxed));
    if url.is_some() {
        config.set_endpoint_url(url);
    }
    let config = config
        .retry_partition(RetryPartition::new(partition))
        .retry_classifier(WrongMoment)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_millis(200)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(patience.attempt)
                .operation_timeout(patience.operation)
                .build(),
        );
    Client::from_conf(config.build())
}
