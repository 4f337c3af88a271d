//! The way to AWS over HTTP: whom a connection must lead to, and the client that makes it.
//!
//! Architecture invariant: [`store`](crate::store) names the SDK and [`mail`](crate::mail) the signer that the SDK signs
//! with; both go out by this client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client, retry};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::config::Endpoint;

/// The roots of Amazon Trust Services, to one of which every certificate of AWS leads
/// (<https://www.amazontrust.com/repository/>). Reading the system's, some 140 files, would take a cold start longer than
/// everything else together.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// How long a connection is waited for.
const CONNECT: Duration = Duration::from_secs(1);

/// AWS can't be connected to.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file can't be read.
    #[error("{}: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not what it should be.
    #[error("{} has no certificates in PEM, or one that is broken", .0.display())]
    NotRoots(PathBuf),
}

/// Whom a certificate must lead to.
#[derive(Clone, Debug)]
pub enum Roots {
    /// To one of these, in PEM.
    These(Vec<u8>),
    /// To whomever this machine trusts.
    TheMachines,
}

impl Roots {
    /// Amazon's, or those of an endpoint that has its own.
    ///
    /// # Errors
    /// [`ConnectError`]: never, but at an endpoint with roots of its own.
    pub fn of(endpoint: Option<&Endpoint>) -> Result<Self, ConnectError> {
        Ok(Self::These(match endpoint {
            // None is needed without TLS.
            Some(endpoint) if endpoint.is_plain() => Vec::new(),
            Some(Endpoint { ca_bundle: Some(path), .. }) => read_roots(path)?,
            _ => AMAZON_ROOTS.to_vec(),
        }))
    }
}

/// A client that trusts `roots`. It tries nothing again and follows nobody: AWS redirects nobody, and whoever asks knows
/// how long to wait.
///
/// # Errors
/// The roots are none, or the machine has none.
pub fn client(roots: &Roots) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .connect_timeout(CONNECT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(retry::never());
    match roots {
        Roots::These(pem) => builder.tls_certs_only(Certificate::from_pem_bundle(pem)?),
        Roots::TheMachines => builder,
    }
    .build()
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
