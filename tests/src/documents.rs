//! A site that takes addresses as client ids, and a server where such clients say what they are.

use std::ops::Deref;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::flow::{Client, REDIRECT};
use super::remote::{Answer, Remote};
use super::{TestSite, Wishes};

/// The site, and the server.
pub struct DocumentSite {
    site: TestSite,
    /// Speaks TLS, with a certificate that the site trusts.
    pub remote: Remote,
    _roots: TempDir,
}

impl Deref for DocumentSite {
    type Target = TestSite;
    fn deref(&self) -> &TestSite {
        &self.site
    }
}

impl DocumentSite {
    /// Starts both.
    pub async fn start() -> Self {
        Self::start_with(Wishes::default()).await
    }

    /// Starts both, with something else changed.
    pub async fn start_with(wishes: Wishes) -> Self {
        let (remote, root) = Remote::start_tls("localhost").await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, root).unwrap();
        let wishes = Wishes { allow_private_fetch: true, roots: Some(path), client_id_documents: true, ..wishes };
        Self { site: TestSite::start_with(wishes).await, remote, _roots: folder }
    }

    /// What a client there says of itself, with something of its own.
    pub fn document(&self, path: &str, change: Value) -> Value {
        let mut document = json!({
            "client_id": format!("{}{path}", self.remote.url),
            "client_name": "Anime Diary",
            "client_uri": "https://bank.example/",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        document
    }

    /// Puts such a document there.
    pub fn publish(&self, path: &str, change: Value) -> Client {
        let id = self.remote.put(path, Answer::json(&self.document(path, change)));
        Client { id, secret: None }
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.remote.requests().iter().filter(|asked| asked.path() == path).count()
    }
}
