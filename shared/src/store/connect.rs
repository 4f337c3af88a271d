//! The way to the table.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::{AppName, Credentials, SharedHttpClient};
use aws_smithy_http_client::{Builder, tls};

use super::retries::WrongMoment;
use super::table::Store;

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
    /// A client for `table`, at AWS or at `endpoint`.
    ///
    /// Credentials and region come from the environment as AWS's own tools read them. At a plain-http endpoint, which
    /// is never AWS, made-up ones stand in.
    pub async fn connect(table: &str, endpoint: Option<&str>, patience: Patience) -> Self {
        // Every store has a retry budget of its own: in a Lambda there is one store, in a test run hundreds.
        static STORES: AtomicU64 = AtomicU64::new(0);
        let plain = endpoint.is_some_and(|url| url.starts_with("http://"));
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(plain));
        if plain {
            loader = loader
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("local", "local", None, None, "local"));
        }
        let partition = format!("store-{}", STORES.fetch_add(1, Ordering::Relaxed));
        let mut config = aws_sdk_dynamodb::config::Builder::from(&loader.load().await);
        if let Some(endpoint) = endpoint {
            config.set_endpoint_url(Some(endpoint.to_owned()));
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
                    .connect_timeout(Duration::from_millis(1000))
                    .operation_attempt_timeout(patience.attempt)
                    .operation_timeout(patience.operation)
                    .build(),
            )
            .build();
        Self { client: Client::from_conf(config), table: table.into() }
    }

    /// The same way to the table, with a caller's name in the `User-Agent` of what it asks: where many functions run in
    /// one process, the table's side can still tell them apart. A name that can't stand there is left out.
    #[must_use]
    pub fn named(&self, caller: &str) -> Self {
        let mut config = self.client.config().to_builder();
        config.set_app_name(AppName::new(caller.to_owned()).ok());
        Self { client: Client::from_conf(config.build()), table: Arc::clone(&self.table) }
    }
}

fn http_client(plain: bool) -> SharedHttpClient {
    if plain {
        return Builder::new().build_http();
    }
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc)).build_https()
}
