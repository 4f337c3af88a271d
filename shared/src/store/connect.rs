//! The way to the table.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::{AppName, Builder, Credentials};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::ExposeSecret as _;

use super::http::{self, Roots};
use super::retries::WrongMoment;
use super::table::Store;
use crate::config::{Aws, Endpoint};

/// The roots of Amazon Trust Services, to one of which every certificate of AWS leads
/// (<https://www.amazontrust.com/repository/>). Reading the system's, some 140 files, would take a cold start longer than
/// everything else together.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

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

/// The table can't be connected to.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file can't be read.
    #[error("{}: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not what it should be.
    #[error("{} has no certificates in PEM, or one that is broken", .0.display())]
    NotRoots(PathBuf),
}

impl Store {
    /// A client for `table`, as a Lambda has it. Nothing is asked and nothing looked for: a cold start pays for this.
    ///
    /// # Errors
    /// [`ConnectError`]: never, but at an endpoint with roots of its own.
    pub fn in_lambda(table: &str, aws: &Aws, patience: Patience) -> Result<Self, ConnectError> {
        let roots = match &aws.endpoint {
            // None is needed without TLS.
            Some(endpoint) if endpoint.is_plain() => Vec::new(),
            Some(Endpoint { ca_bundle: Some(path), .. }) => read_roots(path)?,
            _ => AMAZON_ROOTS.to_vec(),
        };
        let Aws { region, access_key_id, secret_access_key, session_token, endpoint } = aws.clone();
        Ok(Self::lazily(table, move || {
            let session = session_token.map(|token| token.expose_secret().to_owned());
            let secret = secret_access_key.expose_secret();
            let config = Builder::new()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region))
                .credentials_provider(Credentials::new(access_key_id, secret, session, None, "lambda"))
                .http_client(http::client(Roots::These(roots)));
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

/// Reads roots, and makes sure that they are some.
fn read_roots(path: &Path) -> Result<Vec<u8>, ConnectError> {
    let pem = std::fs::read(path).map_err(|error| ConnectError::Unreadable(path.to_owned(), error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match RootCertStore::empty().add_parsable_certificates(certificates.unwrap_or_default()) {
        (1.., 0) => Ok(pem),
        _ => Err(ConnectError::NotRoots(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn amazons_roots_are_the_five_that_it_publishes() {
        let roots = CertificateDer::pem_slice_iter(AMAZON_ROOTS).map(|root| root.unwrap());
        let fingerprints: Vec<_> = roots.map(|root| HEXLOWER.encode(digest(&SHA256, &root).as_ref())).collect();
        assert_eq!(
            fingerprints,
            [
                "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
                "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
                "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
                "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
                "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
            ]
        );
    }

    #[test]
    fn what_are_no_roots_is_said_instead_of_trusted_or_fallen_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        assert!(matches!(read_roots(&path), Err(ConnectError::Unreadable(..))));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "no roots", broken, "-----BEGIN CERTIFICATE-----\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(read_roots(&path), Err(ConnectError::NotRoots(_))), "{text}");
        }
        std::fs::write(&path, AMAZON_ROOTS).unwrap();
        assert!(read_roots(&path).is_ok());
    }
}
