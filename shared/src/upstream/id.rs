//! Providers' ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A provider: 1 to 32 lower-case letters, digits and hyphens, which are its file's name and its place in addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderId(String);

/// The text was no provider's id.
#[derive(Debug, thiserror::Error)]
#[error("a provider's id is 1 to 32 lower-case letters, digits and hyphens")]
pub struct NotAProvider;

impl ProviderId {
    /// The provider whose collections are kept in step.
    pub fn bangumi() -> Self {
        Self("bangumi".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = NotAProvider;
    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for ProviderId {
    type Error = NotAProvider;
    fn try_from(text: String) -> Result<Self, NotAProvider> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=32).contains(&text.len()) && text.bytes().all(known);
        good.then_some(Self(text)).ok_or(NotAProvider)
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_an_address_and_a_file_can_be_called() {
        for good in ["bangumi", "6park", "a", "my-provider", &"a".repeat(32)] {
            assert_eq!(good.parse::<ProviderId>().unwrap().as_str(), good);
        }
        for bad in ["", "Bangumi", "a_b", "a/b", "..", "番", "a b", "a#b", &"a".repeat(33)] {
            assert!(bad.parse::<ProviderId>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<ProviderId>("\"A\"").is_err());
    }
}
