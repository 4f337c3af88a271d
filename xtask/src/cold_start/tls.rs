//! The table behind TLS, with a chain of certificates like AWS's: RSA of 2,048 bits, one intermediate.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use tempfile::NamedTempFile;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::Result;

/// A door of TLS in front of the table.
pub(crate) struct TlsTable {
    endpoint: String,
    roots: NamedTempFile,
    accepting: JoinHandle<()>,
}

impl TlsTable {
    /// Stands before the table at `endpoint`, `http://<address>`.
    pub(crate) async fn start(endpoint: &str) -> Result<Self> {
        let table = endpoint.strip_prefix("http://").ok_or("the table is not at http")?.to_owned();
        let roots = NamedTempFile::new()?;
        let (config, root) = certify("localhost")?;
        std::fs::write(&roots, root)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("https://localhost:{}", listener.local_addr()?.port());
        let accepting = tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), table));
        Ok(Self { endpoint, roots, accepting })
    }

    /// `https://localhost:<port>`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The file with the root that its certificate leads to.
    pub(crate) fn roots(&self) -> &std::path::Path {
        self.roots.path()
    }
}

impl Drop for TlsTable {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, table: String) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, table) = (acceptor.clone(), table.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let mut secured = acceptor.accept(stream).await?;
            let mut plain = TcpStream::connect(table).await?;
            plain.set_nodelay(true)?;
            copy_bidirectional(&mut secured, &mut plain).await
        });
    }
}

/// A certificate for `name`, whose chain leads to a root of our own. Returns that root in PEM.
fn certify(name: &str) -> Result<(ServerConfig, String)> {
    let key = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
    let authority = |name: &str| -> Result<CertificateParams> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(params)
    };
    let root = CertifiedIssuer::self_signed(authority("root")?, key()?)?;
    let intermediate = CertifiedIssuer::signed_by(authority("intermediate")?, key()?, &root)?;
    let leaf_key = key()?;
    let leaf = CertificateParams::new(vec![name.to_owned()])?.signed_by(&leaf_key, &intermediate)?;
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone(), intermediate.der().clone()];
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private)?;
    Ok((config, root.pem()))
}

#[cfg(test)]
mod tests {
    use shared::config::{Aws, Endpoint};
    use shared::store::{Patience, Store, StoreError};

    use super::*;
    use crate::stage::Stage;

    #[tokio::test]
    async fn a_function_trusts_the_roots_that_it_is_told_and_otherwise_amazons_alone() {
        let stage = Stage::set().await.unwrap();
        let tls = TlsTable::start(stage.endpoint().unwrap()).await.unwrap();
        for (roots, is_trusted) in [(Some(tls.roots().to_owned()), true), (None, false)] {
            let endpoint = Endpoint { url: tls.endpoint().to_owned(), ca_bundle: roots };
            let aws = Aws { endpoint: Some(endpoint), ..Aws::local("") };
            let store = Store::in_lambda(local::table::TABLE_NAME, &aws, Patience::LOCAL).unwrap();
            match store.find_site().await {
                Ok(site) => assert!(is_trusted && site.is_some()),
                Err(StoreError::Unavailable { detail, .. }) => {
                    assert!(!is_trusted && detail.contains("UnknownIssuer"), "{detail}")
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
