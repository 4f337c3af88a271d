//! Which providers there are here.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::breaker::Breaker;
use super::file::{Kind, ProviderFile};
use super::id::ProviderId;
use super::judge::{self, Wrong};
use super::oidc::Discovery;
use super::subject::Subject;
use crate::config::{FetchPolicy, Issuer, ProviderSetting, ProviderSettings};
use crate::fetch::Fetcher;

/// The providers that this site is configured for.
#[derive(Debug, Default)]
pub struct Providers(BTreeMap<ProviderId, Provider>);

/// One of them: its file, and what the settings say.
pub struct Provider {
    pub(super) id: ProviderId,
    name: String,
    pub(super) file: ProviderFile,
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) addresses: BTreeMap<String, String>,
    redirect_uri: String,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) breaker: Breaker,
    pub(super) discovery: Discovery,
}

/// What is wrong with a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Its file.
    #[error("{file}, line {line}: {message}")]
    File {
        /// The file's name, as given.
        file: String,
        /// From 1.
        line: usize,
        /// In words.
        message: String,
    },
    /// What `PROVIDERS` says of it.
    #[error("PROVIDERS, {provider:?}: {message}")]
    Setting {
        /// Its id.
        provider: String,
        /// In words.
        message: String,
    },
}

/// The files of `providers/`: name and text. Nothing that runs in a Lambda reads them, so that they are not in there.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/provider_texts.rs"));
/// The same: id and JSON.
static BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/providers.rs"));

impl Providers {
    /// The built-in files, as name and text: `bangumi.toml`, `name = "Bangumi"…`.
    pub fn files<'a>() -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        FILES.iter().map(|&(name, text)| (name, text))
    }

    /// The providers of these files, name and text, that the settings are for. All files are judged. Of two with one name
    /// the later one counts.
    ///
    /// # Errors
    /// [`ProviderError`], with file and line, for the first that is wrong.
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        settings: &ProviderSettings,
        issuer: &Issuer,
        policy: &FetchPolicy,
    ) -> Result<Self, ProviderError> {
        let mut parsed = BTreeMap::new();
        for (name, text) in files {
            let (id, file) = read(name, text)?;
            parsed.insert(id.to_string(), file);
        }
        Self::configured(settings, issuer, policy, |id| parsed.remove(id))
    }

    /// The built-in providers that the settings are for. The files of others are not even read.
    ///
    /// # Errors
    /// [`ProviderError`]: the settings fit no file.
    pub fn built_in(settings: &ProviderSettings, issuer: &Issuer, policy: &FetchPolicy) -> Result<Self, ProviderError> {
        Self::configured(settings, issuer, policy, |id| {
            let (_, json) = BUILT_IN.iter().find(|(known, _)| *known == id)?;
            serde_json::from_str(json).ok()
        })
    }

    fn configured(
        settings: &ProviderSettings,
        issuer: &Issuer,
        policy: &FetchPolicy,
        mut file: impl FnMut(&str) -> Option<ProviderFile>,
    ) -> Result<Self, ProviderError> {
        let fetcher = Arc::new(Fetcher::for_providers(issuer, policy));
        let configured = settings.iter().map(|(id, setting)| {
            let wrong = |message: String| ProviderError::Setting { provider: id.clone(), message };
            let file = file(id).ok_or_else(|| wrong("there is no such provider".to_owned()))?;
            let id: ProviderId = id.parse().map_err(|_| wrong("there is no such provider".to_owned()))?;
            let provider = Provider::new(id, file, setting, issuer, Arc::clone(&fetcher)).map_err(wrong)?;
            Ok((provider.id.clone(), provider))
        });
        configured.collect::<Result<_, _>>().map(Self)
    }

    /// A provider that is configured.
    pub fn find(&self, id: &str) -> Option<&Provider> {
        self.0.get(&id.parse().ok()?)
    }

    /// All that are configured, in the order of their ids.
    pub fn list(&self) -> impl Iterator<Item = &Provider> {
        self.0.values()
    }
}

fn read(name: &str, text: &str) -> Result<(ProviderId, ProviderFile), ProviderError> {
    let wrong = |line, message: String| ProviderError::File { file: name.to_owned(), line, message };
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    let stem = stem.rsplit(['/', '\\']).next().unwrap_or(stem);
    let id = stem.parse().map_err(|error| wrong(1, format!("the file's name is the provider's id: {error}")))?;
    let file: ProviderFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        wrong(line, error.message().to_owned())
    })?;
    judge::judge(&file).map_err(|Wrong { path, message }| wrong(locate(text, &path), message))?;
    Ok((id, file))
}

/// The line in which a member begins, or else the last one before it that is there.
fn locate(text: &str, path: &[String]) -> usize {
    let Ok(document) = toml::de::DeTable::parse(text) else { return 1 };
    let (mut table, mut start) = (document.get_ref(), 0);
    for step in path {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == step.as_str()) else { break };
        start = key.span().start;
        match value.get_ref() {
            toml::de::DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line_of(text, start)
}

fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

impl Provider {
    fn new(
        id: ProviderId,
        file: ProviderFile,
        setting: &ProviderSetting,
        issuer: &Issuer,
        fetcher: Arc<Fetcher>,
    ) -> Result<Self, String> {
        if setting.client_id.is_empty() || setting.client_secret.expose_secret().is_empty() {
            return Err("client_id or client_secret is empty".to_owned());
        }
        let mut addresses = file.addresses.clone();
        for (name, address) in &setting.addresses {
            let place = addresses.get_mut(name).ok_or_else(|| format!("its file has no address `{name}`"))?;
            place.clone_from(address);
        }
        for (name, address) in &addresses {
            let url = judge::address_is_one(address).map_err(|error| format!("the address `{name}`: {error}"))?;
            // Plain http at loopback leads to whatever runs beside a function. On a laptop that is the laptop's own.
            if url.scheme() == "http" && !issuer.is_plain_loopback() {
                return Err(format!(
                    "the address `{name}` begins with https://, unless this site itself is at http://localhost"
                ));
            }
        }
        Ok(Self {
            redirect_uri: issuer.url(&format!("/connect/{id}/callback")),
            name: setting.name.clone().unwrap_or_else(|| file.name.clone()),
            id,
            file,
            client_id: setting.client_id.clone(),
            client_secret: setting.client_secret.clone(),
            addresses,
            fetcher,
            breaker: Breaker::default(),
            discovery: Discovery::default(),
        })
    }

    /// Its id.
    pub fn id(&self) -> &ProviderId {
        &self.id
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One of the addresses that its file names.
    pub fn address(&self, name: &str) -> Option<&str> {
        self.addresses.get(name).map(String::as_str)
    }

    /// Where the browser comes back to.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether its tokens are kept: they are where its file says how they are renewed.
    pub fn keeps_tokens(&self) -> bool {
        self.file.refresh.is_some()
    }

    /// Whether this is somebody whom the provider could name now, and sign in: who is of another issuer than it has, is not.
    pub fn names(&self, subject: &Subject) -> bool {
        !self.is_oidc() || subject.is_at(self.issuer())
    }

    pub(super) fn is_oidc(&self) -> bool {
        self.file.kind == Kind::Oidc
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.id)
    }
}
