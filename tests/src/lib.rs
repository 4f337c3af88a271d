//! A site per test, and the few things that tests do with it, told like a story.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness fails by panicking, as tests do"
)]

pub mod browser;
pub mod connect;
pub mod contract;
pub mod costs;
pub mod documents;
pub mod dpop;
pub mod faults;
pub mod flow;
pub mod keys;
pub mod logs;
pub mod operator;
pub mod permissions;
pub mod remote;
pub mod reply;

use std::path::PathBuf;
use std::sync::OnceLock;

use local::site::{Options, ProviderOptions, Provisioned, Site, Storage};
use local::table::Table;
use reqwest::redirect::Policy;
use shared::clock::{Clock, Millis};
use shared::config::{FetchPolicy, RegistrationPolicy};
use shared::entropy::Entropy;
use shared::jose::keys::generate_site;
use shared::store::Patience;

pub use browser::Browser;
pub use documents::DocumentSite;
pub use dpop::DpopKey;
pub use faults::{Fault, Proxy};
pub use flow::{Client, Tokens, User};
pub use remote::Remote;
pub use reply::Reply;
pub use serde_json::{Value, json};

/// When every test begins: 2026-01-01T00:00:00Z.
pub const START: Millis = Millis(1_767_225_600_000);

/// A password that no rule refuses.
pub const PASSWORD: &str = "correct horse battery";

const SECRET_KEY: &str = "the tests' secret key, which is no secret at all";

/// A running site with its table in memory, behind a [`Proxy`].
pub struct TestSite {
    /// Moves the time.
    pub clock: Clock,
    /// Stands before the table.
    pub proxy: Proxy,
    /// The site.
    pub site: Site,
    /// For calls without cookies; follows no redirect.
    pub http: reqwest::Client,
    // It ends after the site.
    table: Table,
    // Last: nothing logs any more.
    _watch: logs::Watch,
}

/// What a test may want otherwise.
#[derive(Default)]
pub struct Wishes {
    /// The issuer, where it is not the site's own address.
    pub issuer: Option<String>,
    /// How long the table is waited for; long, if left out: a busy machine is no failing table.
    pub patience: Option<Patience>,
    /// Who may register clients; anybody, if left out.
    pub registration: Option<RegistrationPolicy>,
    /// Whether addresses on this machine are called, where a [`Remote`] listens.
    pub allow_private_fetch: bool,
    /// A PEM file of roots that are trusted there.
    pub roots: Option<PathBuf>,
    /// Whether an address is a `client_id`.
    pub client_id_documents: bool,
    /// Providers of accounts elsewhere; the stand-ins, if left out.
    pub providers: Option<ProviderOptions>,
}

/// Keys are made once for all tests: RSA takes its time.
fn provisioned() -> Provisioned {
    static KEYS: OnceLock<Provisioned> = OnceLock::new();
    let make = || {
        let site = generate_site(&[SECRET_KEY.into()], &Clock::manual(START), &Entropy::system()).unwrap();
        Provisioned { secret_key: SECRET_KEY.into(), site }
    };
    KEYS.get_or_init(make).clone()
}

/// A client for this machine: it reads no roots, which would take longer than many a test.
pub fn http_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_certs_only([])
}

impl TestSite {
    /// A site as a newcomer has it.
    pub async fn start() -> Self {
        Self::start_with(Wishes::default()).await
    }

    /// A site with something changed.
    pub async fn start_with(wishes: Wishes) -> Self {
        logs::listen();
        let clock = Clock::manual(START);
        let table = Table::memory(clock.clone()).unwrap();
        let patience = wishes.patience.unwrap_or(Patience::LOCAL);
        let proxy = Proxy::start(table.endpoint(), patience).await;
        let provisioned = provisioned();
        let storage = Storage::Endpoint { url: proxy.url.clone(), secret_keys: vec![provisioned.secret_key.clone()] };
        let options = Options {
            issuer: wishes.issuer,
            patience,
            registration: wishes.registration.unwrap_or(RegistrationPolicy::Open),
            fetch: FetchPolicy { allow_private: wishes.allow_private_fetch, roots: wishes.roots },
            client_id_documents: wishes.client_id_documents,
            // The time is the test's.
            schedules: false,
            providers: wishes.providers.unwrap_or_default(),
            clock: clock.clone(),
            provisioned: Some(provisioned),
            ..Options::new(storage)
        };
        let site = Site::start(options).await.unwrap();
        let http = http_client().redirect(Policy::none()).build().unwrap();
        let watch = logs::Watch::start(site.port());
        watch.over(SECRET_KEY);
        Self { clock, proxy, site, http, table, _watch: watch }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        self.site.url()
    }

    /// The address of a path on the site.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.site.port())
    }

    /// Where the table itself listens, behind the proxy.
    pub fn table_endpoint(&self) -> &str {
        self.table.endpoint()
    }

    /// The line of the request that `reply` answers.
    pub fn logged(&self, reply: &Reply) -> Value {
        let mut lines = logs::of(reply.header("apigw-requestid"));
        lines.retain(|line| line["target"] == "request");
        assert_eq!(lines.len(), 1, "{}: {lines:?}", reply.status);
        lines.remove(0)
    }

    /// A browser that nobody used yet.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A GET, with a bearer token if there is one.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Reply {
        self.send(self.http.get(self.url(path)), token).await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Reply {
        self.send(self.http.post(self.url(path)).json(&body), token).await
    }

    /// A PUT of JSON.
    pub async fn put(&self, path: &str, token: Option<&str>, body: Value) -> Reply {
        self.send(self.http.put(self.url(path)).json(&body), token).await
    }

    /// A PATCH of JSON.
    pub async fn patch(&self, path: &str, token: Option<&str>, body: Value) -> Reply {
        self.send(self.http.patch(self.url(path)).json(&body), token).await
    }

    /// A DELETE of JSON.
    pub async fn delete(&self, path: &str, token: Option<&str>, body: Value) -> Reply {
        self.send(self.http.delete(self.url(path)).json(&body), token).await
    }

    /// A POST of a form.
    pub async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        self.send(self.http.post(self.url(path)).form(pairs), None).await
    }

    /// A POST of a form, with a bearer token.
    pub async fn form_with_token(&self, path: &str, pairs: &[(&str, &str)], token: &str) -> Reply {
        self.send(self.http.post(self.url(path)).form(pairs), Some(token)).await
    }

    /// Anything.
    pub async fn send(&self, request: reqwest::RequestBuilder, token: Option<&str>) -> Reply {
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        Reply::to(request).await
    }

    /// Everything in the table, in DynamoDB's JSON. The site itself never reads it this way.
    pub async fn dump(&self) -> Vec<Value> {
        let body = json!({ "TableName": local::table::TABLE_NAME, "ConsistentRead": true });
        let reply = self.ask_table("Scan", body).await;
        assert!(reply["LastEvaluatedKey"].is_null(), "the table is too big for one scan");
        reply["Items"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
    }

    /// Writes an item in DynamoDB's JSON, as no version of the site would.
    pub async fn write_item(&self, item: &Value) {
        self.ask_table("PutItem", json!({ "TableName": local::table::TABLE_NAME, "Item": item })).await;
    }

    /// Removes an item, which the site did not.
    pub async fn delete_item(&self, item: &Value) {
        let key = json!({ "PK": item["PK"], "SK": item["SK"] });
        self.ask_table("DeleteItem", json!({ "TableName": local::table::TABLE_NAME, "Key": key })).await;
    }

    async fn ask_table(&self, operation: &str, body: Value) -> Value {
        let signed =
            "AWS4-HMAC-SHA256 Credential=test/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
        let request = self.http.post(&self.proxy.url).header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
        let request = request.header("authorization", signed).header("x-amz-date", "20260101T000000Z");
        let request = request.header("content-type", "application/x-amz-json-1.0").body(body.to_string());
        let reply = self.send(request, None).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }
}
