//! Providers of accounts elsewhere: the one client that runs them, before servers that are good, broken and hostile.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod built_in;
mod oidc;
mod outages;

use std::collections::BTreeMap;

use local::site::ProviderOptions;
use shared::app::App;
use shared::config::{ProviderSetting, ProviderSettings};
use shared::upstream::{Attempting, Identified, Provider, UpstreamError};
use tests::remote::Answer;
use tests::{Remote, TestSite, Value, Wishes, json};

/// A site that is configured for `provider`, all of whose addresses are at `remote`.
struct Stage {
    site: TestSite,
    remote: Remote,
    provider: &'static str,
}

impl Stage {
    async fn new(provider: &'static str, addresses: &[&str]) -> Self {
        Self::with(provider, addresses, Vec::new()).await
    }

    async fn with(provider: &'static str, addresses: &[&str], files: Vec<(String, String)>) -> Self {
        let remote = Remote::start().await;
        let addresses = addresses.iter().map(|name| ((*name).to_owned(), remote.url.clone())).collect();
        let settings = BTreeMap::from([(provider.to_owned(), setting(addresses))]);
        let providers = Some(ProviderOptions { files, settings });
        let site = TestSite::start_with(Wishes { providers, ..Wishes::default() }).await;
        Self { site, remote, provider }
    }

    fn app(&self) -> &App {
        self.site.site.app()
    }

    fn provider(&self) -> &Provider {
        self.app().upstream.find(self.provider).unwrap()
    }

    fn attempt(&self) -> Attempting {
        attempt(self.provider(), self.app())
    }

    async fn identify(&self) -> Result<Identified, UpstreamError> {
        self.provider().identify(self.app(), "the-code", &self.attempt()).await
    }

    /// The parameters of where the browser is sent.
    async fn authorization(&self) -> (String, BTreeMap<String, String>) {
        let url = self.provider().authorize_url(self.app(), &self.attempt()).await.unwrap();
        let parameters = url.query_pairs().into_owned().collect();
        (url[..url::Position::AfterPath].strip_prefix(&self.remote.url).unwrap().to_owned(), parameters)
    }
}

fn setting(addresses: BTreeMap<String, String>) -> ProviderSetting {
    let client_secret = "upstream s3cret".into();
    ProviderSetting { client_id: "our-id".to_owned(), client_secret, addresses, name: None }
}

fn attempt(provider: &Provider, app: &App) -> Attempting {
    Attempting {
        redirect_uri: provider.redirect_uri().to_owned(),
        state: "the state".to_owned(),
        code_verifier: provider.code_verifier(&app.entropy),
        nonce: provider.nonce(&app.entropy),
    }
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn token(extra: Value) -> Answer {
    let mut body = json!({ "access_token": "the-token", "token_type": "Bearer", "expires_in": 604_800 });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    Answer::json(&body)
}

#[tokio::test]
async fn a_site_without_settings_has_no_providers() {
    // One that others reach, and that has no stand-ins therefore.
    let issuer = Some("https://id.example.org".to_owned());
    let site = TestSite::start_with(Wishes { issuer, ..Wishes::default() }).await;
    assert_eq!(site.site.app().upstream.list().count(), 0);
    let of_function = site.site.app().of_function("login");
    assert!(of_function.upstream.find("bangumi").is_none());
}

#[tokio::test]
async fn a_wrong_file_or_setting_ends_the_start() {
    use local::site::{Options, Site, Storage};
    let start = async |files: Vec<(String, String)>, settings: ProviderSettings| {
        let providers = ProviderOptions { files, settings };
        match Site::start(Options { providers, ..Options::new(Storage::Memory) }).await {
            Err(error) => error.to_string(),
            Ok(_) => String::new(),
        }
    };
    let wrong = vec![("corp.toml".to_owned(), "name = \"Corp\"\nsecret = 1\n".to_owned())];
    assert!(start(wrong, ProviderSettings::new()).await.starts_with("corp.toml, line 2: unknown field `secret`"));
    let settings = BTreeMap::from([("myspace".to_owned(), setting(BTreeMap::new()))]);
    assert_eq!(start(Vec::new(), settings).await, "PROVIDERS, \"myspace\": there is no such provider");
}

#[tokio::test]
async fn every_file_in_the_documentation_is_one() {
    use shared::config::{FetchPolicy, Issuer};
    use shared::upstream::Providers;
    let book = include_str!("../../docs/providers.md");
    let files: Vec<_> = book.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(files.len(), 2);
    let issuer = Issuer::parse("https://id.example.org").unwrap();
    for text in files {
        let settings = BTreeMap::from([("corp".to_owned(), setting(BTreeMap::new()))]);
        let providers = Providers::load([("corp.toml", text)], &settings, &issuer, &FetchPolicy::default()).unwrap();
        assert_eq!(providers.find("corp").unwrap().name(), "Corp");
    }
    let settings = book.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let settings = shared::config::provider_settings(settings).unwrap();
    let providers = Providers::built_in(&settings, &issuer, &FetchPolicy::default()).unwrap();
    assert_eq!(providers.find("oidc").unwrap().name(), "Our company");
    for (name, _) in Providers::files() {
        assert!(book.contains(&format!("`{}`", name.trim_end_matches(".toml"))), "{name}");
    }
}
