//! `PROVIDERS`: which accounts from elsewhere may be used here, and as which client this site is known there.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// The settings of each provider, by its id. One that is not among them is not configured.
pub type ProviderSettings = BTreeMap<String, ProviderSetting>;

/// What a provider's file leaves open.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSetting {
    /// As which client the provider knows this site.
    pub client_id: String,
    /// The client's secret.
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    /// Other addresses than the file has, by their names there.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// Another name to show than the file has.
    pub name: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Reads `PROVIDERS`; nothing is none. What is wrong with it is told without a word of what it says: it has secrets.
pub fn parse(text: &str) -> Result<ProviderSettings, String> {
    if text.trim().is_empty() {
        return Ok(ProviderSettings::new());
    }
    let settings: ProviderSettings = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("PROVIDERS is not an object of providers, as docs/providers.md has it: line {line}, column {column}")
    })?;
    Ok(settings)
}
