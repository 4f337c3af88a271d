//! Redirect URIs: parsed once at registration, then compared as text (RFC 9700 §2.1).

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A redirect URI that may be registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// Schemes that run something, or reach into the browser or its machine, instead of a client.
const FORBIDDEN: [&str; 9] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source", "ws"];

/// RFC 3986 §2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl RedirectUri {
    /// Accepts an absolute URI without a fragment: https; http at a loopback address; or an app's own scheme, which
    /// RFC 8252 §7.1 wants to hold a dot.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        // The text itself is compared and sent: what the parser would mend (white space, backslashes, control
        // characters) is refused instead.
        let printable = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if !printable
            || text.contains('#')
            || text.len() > 2000
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return None;
        }
        let allowed = match url.scheme() {
            // A parser also takes `https:host` and `HTTPS://host`; in a redirect the first of them is a relative path.
            "https" => text.starts_with("https://") && url.host().is_some(),
            "http" => text.starts_with("http://") && is_loopback(&url),
            scheme => scheme.contains('.') && !FORBIDDEN.contains(&scheme),
        };
        allowed.then(|| Self(text.to_owned()))
    }

    /// The URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host it leads to, with its port; of an app's own scheme, the scheme.
    pub fn destination(&self) -> String {
        let Ok(url) = Url::parse(&self.0) else { return String::new() };
        match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => url.scheme().to_owned(),
        }
    }

    /// Whether only a program on the user's own device can be meant: a loopback address or an app's own scheme.
    pub fn is_on_device(&self) -> bool {
        !self.0.starts_with("https:")
    }

    /// Whether `presented` is this one: byte for byte; a native client's loopback address at any port (RFC 8252 §7.3).
    pub fn matches(&self, presented: &str, native: bool) -> bool {
        if self.0 == presented {
            return true;
        }
        let without_port = |text| loopback_without_port(text);
        native && without_port(&self.0).is_some_and(|ours| without_port(presented) == Some(ours))
    }

    /// The URI with `pairs` added to its query; a query that it already has stays (RFC 6749 §3.1.2).
    pub fn with_query(presented: &str, pairs: &[(&str, &str)]) -> String {
        let query = encoded(pairs);
        let separator = match presented.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        format!("{presented}{separator}{query}")
    }

    /// The URI with `pairs` in its fragment: a registered one has none.
    pub fn with_fragment(presented: &str, pairs: &[(&str, &str)]) -> String {
        format!("{presented}#{}", encoded(pairs))
    }
}

/// %20 rather than +: both a form decoder and decodeURIComponent give the state back byte for byte.
fn encoded(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)));
    pairs.collect::<Vec<_>>().join("&")
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The two parts around the port of a loopback-IP address, as text: a parser would make different texts equal.
fn loopback_without_port(text: &str) -> Option<(&str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| text.starts_with(host))?;
    let rest = text.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (port, rest) = rest.split_at_checked(end)?;
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            rest
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dangerous_and_plain_http_addresses_are_refused() {
        for uri in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://example.org/cb",
            "https://a/cb#f",
            "https://a/cb#",
            "/cb",
            "cb",
            "",
            "https://",
            "https://user:pw@a/cb",
            "https://a/c b",
            "https:\\\\a",
            "https:a/cb",
            "HTTPS://a/cb",
            "http:localhost/cb",
            "myapp:/cb",
            "http://127.0.0.1.example.org/",
            "vbscript:x",
            "file:///etc/passwd",
            "https://a/\ncb",
        ] {
            assert!(RedirectUri::parse(uri).is_none(), "{uri}");
        }
    }

    #[test]
    fn https_loopback_and_reverse_domain_schemes_are_accepted() {
        for uri in [
            "https://a.example/cb?x=1",
            "http://127.0.0.1:5000/client/redirect",
            "http://localhost/cb",
            "http://[::1]:8080/cb",
            "org.example.app:/cb",
        ] {
            assert!(RedirectUri::parse(uri).is_some(), "{uri}");
        }
    }

    #[test]
    fn only_a_native_loopback_ip_may_change_its_port() {
        let uri = RedirectUri::parse("http://127.0.0.1:5000/cb").unwrap();
        assert!(uri.matches("http://127.0.0.1:61023/cb", true));
        assert!(uri.matches("http://127.0.0.1/cb", true));
        for other in [
            "http://127.0.0.1:61023/cb/",
            "http://127.0.0.1:61023/CB",
            "http://127.0.0.1:61023/cb?x",
            "http://localhost:1/cb",
            "http://[::1]:5000/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:1@evil.example/cb",
            "http://127.0.0.10/cb",
            "http://127.0.0.1:/cb",
            "https://127.0.0.1:5000/cb",
        ] {
            assert!(!uri.matches(other, true), "{other}");
        }
        assert!(!uri.matches("http://127.0.0.1:61023/cb", false));
    }

    #[test]
    fn a_query_that_is_there_stays() {
        let pairs = [("code", "a b"), ("state", "é")];
        assert_eq!(RedirectUri::with_query("https://a/cb?x=1", &pairs), "https://a/cb?x=1&code=a%20b&state=%C3%A9");
        assert_eq!(RedirectUri::with_query("https://a/cb", &pairs[..1]), "https://a/cb?code=a%20b");
        assert_eq!(RedirectUri::with_query("https://a/cb?", &pairs[..1]), "https://a/cb?code=a%20b");
    }

    proptest! {
        #[test]
        fn no_other_text_matches_a_registered_address(other in "https://[a-z./?=&%A-Z:@#-]{0,40}") {
            let uri = RedirectUri::parse("https://a.example/cb?x=1").unwrap();
            prop_assert_eq!(uri.matches(&other, true), other == "https://a.example/cb?x=1");
        }
    }
}
