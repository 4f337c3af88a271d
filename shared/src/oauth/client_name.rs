//! What the protocol calls a client: its `client_id`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::id::{ClientId, NotAnId};

/// The longest address that is a name, as long as any other that a client supplies.
const LONGEST: usize = 1000;

/// A `client_id`: what this server gave out, or the address of a client ID metadata document
/// (draft-ietf-oauth-client-id-metadata-document §3). Names are compared byte for byte, so that a name and the id that it
/// leads to are the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName {
    id: ClientId,
    text: String,
}

impl ClientName {
    /// Where the table has the client.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// The `client_id` as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of its metadata, where it is named by that.
    pub fn document(&self) -> Option<&str> {
        matches!(self.id, ClientId::Document(_)).then_some(self.as_str())
    }
}

impl FromStr for ClientName {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if is_document(text) {
            return Ok(Self { id: ClientId::of_document(text), text: text.to_owned() });
        }
        match text.parse()? {
            id @ ClientId::Registered(_) => Ok(Self { id, text: text.to_owned() }),
            // What the table calls those is nobody's name.
            ClientId::Document(_) => Err(NotAnId),
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ClientName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a text is a Client Identifier URL (§3): https, with a path, without user info, dot segments and fragment.
///
/// An address that browsers would write otherwise is none either: `HTTPS:`, a host in capitals, `:443`, `%2e%2e`, a
/// backslash. Two names that lead to one place would be two clients that people can't tell apart.
fn is_document(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").filter(|_| text.len() <= LONGEST) else { return false };
    let Ok(url) = Url::parse(text) else { return false };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    // Written anew, `https://app.example` has a path, and `https://app.example/a/../b` has another.
    plain && url.host().is_some() && rest.contains('/') && url.as_str() == text
}

/// The host of an address, with its port where that is not the usual one: what people are shown.
pub fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_name(text: &str) -> bool {
        text.parse::<ClientName>().is_ok()
    }

    #[test]
    fn a01_an_address_is_a_name_by_the_drafts_rules() {
        for url in [
            "https://app.example/",
            "https://app.example/client",
            "https://app.example/a/b/client.json",
            "https://app.example:8443/client",
            "https://app.example/client?version=1",
            "https://app.example/a..b/...",
            "https://xn--r8jz45g.example/client",
            "https://app.example/%E3%81%82",
        ] {
            let name: ClientName = url.parse().unwrap();
            assert_eq!((name.document(), name.as_str(), name.to_string().as_str()), (Some(url), url, url));
        }
        for url in [
            "",
            "https:",
            "https://",
            "https:///client",
            "https:/app.example/client",
            "https:app.example/client",
            "http://app.example/client",
            "ftp://app.example/client",
            "javascript:alert(1)",
            // No path.
            "https://app.example",
            "https://app.example?x",
            // A fragment, also an empty one.
            "https://app.example/client#a",
            "https://app.example/client#",
            // User info, also an empty one.
            "https://me@app.example/client",
            "https://me:pw@app.example/client",
            "https://@app.example/client",
            "https://:@app.example/client",
            // Dot segments, also in disguise.
            "https://app.example/./client",
            "https://app.example/a/../client",
            "https://app.example/client/..",
            "https://app.example/client/.",
            "https://app.example/%2e%2e/client",
            "https://app.example/.%2E/client",
            "https://app.example/%2e/client",
            "https://app.example/a\\..\\client",
            // Written otherwise.
            "HTTPS://app.example/client",
            "https://APP.example/client",
            "https://app.example:443/client",
            "https://app.example:08443/client",
            "https://app.example:/client",
            "https://app.example/cli ent",
            "https://app.example/client ",
            " https://app.example/client",
            "https://app.example/cl\nient",
            "https://app.example/cl\tient",
            "https://あ.example/client",
            "https://app.example/あ",
            "https://0x7f.1/client",
            "https://127.1/client",
            "https://[0:0::1]/client",
        ] {
            assert!(!is_name(url), "{url:?}");
        }
        assert!(is_name(&format!("https://app.example/{}", "a".repeat(LONGEST - 20))));
        assert!(!is_name(&format!("https://app.example/{}", "a".repeat(LONGEST - 19))));
    }

    #[test]
    fn a01_what_the_table_calls_a_documents_client_is_no_name() {
        let id = ClientId::of_document("https://app.example/client");
        assert!(!is_name(&id.to_string()));
        let alias = ClientId::Registered(*id.bits()).to_string();
        assert_ne!(alias.parse::<ClientName>().unwrap().id(), id);
    }

    #[test]
    fn people_are_shown_a_host_and_an_unusual_port() {
        assert_eq!(host("https://app.example/client"), Some("app.example".to_owned()));
        assert_eq!(host("https://app.example:8443/client"), Some("app.example:8443".to_owned()));
        assert_eq!(host("nonsense"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Whatever is a name is what is fetched, byte for byte, and shows where that is.
        #[test]
        fn a01_a_name_is_an_address_as_it_is_fetched(
            text in r"(https://)?[a-cA-C0-9@:/?#%\\\[\]2eE \t.-]{0,24}|https://a\.example/\PC{0,20}|\PC{0,40}",
        ) {
            if let Some(url) = text.parse::<ClientName>().ok().as_ref().and_then(ClientName::document) {
                let parsed = Url::parse(url).unwrap();
                prop_assert_eq!(parsed.as_str(), text.as_str());
                prop_assert!(parsed.host_str().is_some() && parsed.fragment().is_none());
                let (authority, path) = text["https://".len()..].split_once('/').unwrap();
                prop_assert!(!authority.contains(['@', '\\', '?', '#']));
                prop_assert_eq!(host(url).unwrap(), authority);
                let path = path.split('?').next().unwrap().to_ascii_lowercase().replace("%2e", ".");
                prop_assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
            }
        }

        #[test]
        fn a01_two_addresses_are_two_clients(a in "[a-z]{1,8}", b in "[a-z]{1,8}") {
            let id = |path: &str| format!("https://app.example/{path}").parse::<ClientName>().unwrap().id();
            prop_assert_eq!(id(&a) == id(&b), a == b);
        }
    }
}
