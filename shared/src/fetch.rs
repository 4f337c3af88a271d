//! The one way to addresses that clients supply (their keys, their requests, their ears), and to providers of accounts
//! elsewhere.
//!
//! Whoever registers a client chooses where this server calls, so that it must not be led to what only it can reach
//! (OWASP Server-Side Request Forgery Prevention Cheat Sheet). A name is resolved once, every address that it has must be
//! a public one, and one of those is connected to. No redirect is followed, no proxy used, no cookie kept; an answer has
//! a size, and all together takes [`PATIENCE`] at the most.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Request, Response, retry};
use url::{Host, Url};

use crate::config::{FetchPolicy, Issuer, is_loopback};

/// How long an answer is waited for, from the name's resolution to the last byte. A request object and then the key that
/// signed it are two answers, and a function has ten seconds.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// How long an answer usually may be, in bytes.
pub const USUAL_LIMIT: usize = 64 * 1024;

const USER_AGENT: &str = concat!("bangumoe/", env!("CARGO_PKG_VERSION"));

/// Why nothing was fetched. It says nothing of what stood there, so that a client may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum FetchError {
    /// It is no https address, or leads where only this server could get to.
    Forbidden,
    /// Nobody answered in time, or not in HTTP, or with a certificate that nobody vouches for.
    Unreachable,
    /// The answer is longer than the limit.
    TooLarge,
    /// The answer was another than 200.
    Status(u16),
}

impl FetchError {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "the address is not a public one with https",
            Self::Unreachable => "the address did not answer in time, or its certificate is not trusted",
            Self::TooLarge => "the address answered with more than it may",
            Self::Status(_) => "the address answered with another status than 200",
        }
    }
}

/// What was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What it says it is, or nothing.
    pub content_type: String,
    /// How long it may be kept, as it says, or nothing.
    pub cache_control: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A request to a provider.
#[derive(Debug)]
pub struct Outgoing {
    /// GET, POST, …
    pub method: Method,
    /// Where to.
    pub url: String,
    /// What is said beside it.
    pub headers: HeaderMap,
    /// The body, where there is one.
    pub body: Option<String>,
}

/// What was answered, under whatever status.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// Where it says to look instead. Nobody looks there by itself.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Fetches. Made when the first address is fetched: a cold start that fetches nothing pays nothing.
pub struct Fetcher {
    reach: Reach,
    roots: Option<PathBuf>,
    user_agent: String,
    client: OnceLock<Option<Client>>,
}

/// Which addresses are called, beside public ones with https.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// None.
    Public,
    /// This machine's own.
    Loopback,
    /// Any, and plain http at this machine's own.
    Private,
}

impl Reach {
    fn includes(self, ip: IpAddr) -> bool {
        match self {
            Self::Public => is_public(ip),
            Self::Loopback => is_public(ip) || ip.is_loopback(),
            Self::Private => true,
        }
    }
}

impl Fetcher {
    /// A fetcher under this policy, for what clients supply.
    pub fn new(policy: FetchPolicy) -> Self {
        let reach = if policy.allow_private { Reach::Private } else { Reach::Public };
        Self { reach, roots: policy.roots, user_agent: USER_AGENT.to_owned(), client: OnceLock::new() }
    }

    /// A fetcher for providers of accounts elsewhere. Of a site that is itself plain http on this machine they may be that,
    /// too. It says who asks, in the form that Bangumi wants: owner/application/version (homepage).
    pub fn for_providers(issuer: &Issuer, policy: &FetchPolicy) -> Self {
        let mut fetcher = Self::new(policy.clone());
        if fetcher.reach == Reach::Public && issuer.is_plain_loopback() {
            fetcher.reach = Reach::Loopback;
        }
        fetcher.user_agent = format!("bangumoe/{USER_AGENT} ({issuer})");
        fetcher
    }

    /// Asks a provider, and tells what was answered: `limit` bytes at the most.
    ///
    /// # Errors
    /// [`FetchError`], never [`FetchError::Status`].
    pub async fn exchange(&self, outgoing: Outgoing, limit: usize) -> Result<Answered, FetchError> {
        let mut request = Request::new(outgoing.method, self.check(&outgoing.url)?);
        *request.headers_mut() = outgoing.headers;
        *request.body_mut() = outgoing.body.map(Into::into);
        let exchange = async {
            let response = self.send(request).await?;
            let status = response.status();
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
            Ok(Answered { status, location, body: read(response, limit).await?.body })
        };
        in_time(exchange).await
    }

    /// Whether an address may be called, as far as that can be told before its name is resolved.
    pub fn permits(&self, url: &str) -> bool {
        self.check(url).is_ok()
    }

    /// Fetches what stands at `url`: `limit` bytes at the most.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn get(&self, url: &str, limit: usize) -> Result<Fetched, FetchError> {
        let request = Request::new(http::Method::GET, self.check(url)?);
        let fetch = async {
            let response = self.send(request).await?;
            if response.status() != StatusCode::OK {
                return Err(FetchError::Status(response.status().as_u16()));
            }
            read(response, limit).await
        };
        in_time(fetch).await
    }

    /// Posts a form to `url`, and tells which status that was answered with. What else was answered is not read.
    ///
    /// # Errors
    /// [`FetchError::Forbidden`], [`FetchError::Unreachable`].
    pub async fn post_form(&self, url: &str, pairs: &[(&str, &str)]) -> Result<StatusCode, FetchError> {
        let mut request = Request::new(http::Method::POST, self.check(url)?);
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        *request.body_mut() = Some(form.into());
        in_time(async { Ok(self.send(request).await?.status()) }).await
    }

    /// What of an address can be judged before its name is resolved. An address without a name is never resolved.
    fn check(&self, url: &str) -> Result<Url, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Forbidden)?;
        let literal = match url.host().ok_or(FetchError::Forbidden)? {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        };
        let plain = url.scheme() == "http" && is_loopback(&url) && self.reach != Reach::Public;
        let secure = url.scheme() == "https" || plain;
        let within = literal.is_none_or(|ip| self.reach.includes(ip));
        let nameless = url.username().is_empty() && url.password().is_none();
        if secure && within && nameless { Ok(url) } else { Err(FetchError::Forbidden) }
    }

    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let client = self.client.get_or_init(|| self.client()).as_ref().ok_or(FetchError::Unreachable)?;
        client.execute(request).await.map_err(|error| {
            let mut causes = std::iter::successors(error.source(), |&error| error.source());
            match causes.any(|cause| cause.is::<NotPublic>()) {
                true => FetchError::Forbidden,
                false => FetchError::Unreachable,
            }
        })
    }

    /// `None` where the machine has no roots to trust, or the file of others has none.
    fn client(&self) -> Option<Client> {
        let mut builder = Client::builder()
            .user_agent(&self.user_agent)
            .redirect(Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            // A function that sleeps between two requests wakes up with a connection that is long closed.
            .pool_max_idle_per_host(0)
            .dns_resolver(Resolver { reach: self.reach });
        if let Some(path) = self.roots.as_ref().filter(|_| self.reach == Reach::Private) {
            let roots = std::fs::read(path).ok().and_then(|pem| Certificate::from_pem_bundle(&pem).ok());
            builder = builder.tls_certs_merge(roots.filter(|roots| !roots.is_empty()).or_else(|| {
                tracing::error!("the file of additional roots can't be read, or has none");
                None
            })?);
        }
        builder.build().inspect_err(|error| tracing::error!(%error, "the HTTP client can't be made")).ok()
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fetcher({:?})", self.reach)
    }
}

async fn in_time<T>(fetch: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
    tokio::time::timeout(PATIENCE, fetch).await.unwrap_or(Err(FetchError::Unreachable))
}

async fn read(mut response: Response, limit: usize) -> Result<Fetched, FetchError> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (content_type, cache_control) = (header(CONTENT_TYPE).to_owned(), header(CACHE_CONTROL).to_owned());
    if header(CONTENT_LENGTH).parse().is_ok_and(|length: usize| length > limit) {
        return Err(FetchError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { content_type, cache_control, body })
}

/// A name leads to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
struct NotPublic;

/// Resolves names, to public addresses alone. What it gives out is what is connected to: nobody asks again, so that a
/// name can't lead elsewhere the second time.
struct Resolver {
    reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !found.iter().all(|address| reach.includes(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether everybody could reach an address, so that this server's reaching it tells nobody anything.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// The IANA IPv4 Special-Purpose Address Registry, and multicast.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Global unicast, 2000::/3, but for what the IANA IPv6 Special-Purpose Address Registry takes out of it. Outside lie
/// loopback, unique-local, link-local and multicast addresses, and those with an IPv4 address in them (mapped, NAT64).
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let special = match a {
        // Protocol assignments, among them Teredo; documentation.
        0x2001 => b < 0x0200 || b == 0x0db8,
        // 6to4.
        0x2002 => true,
        // Documentation.
        0x3fff => b < 0x1000,
        _ => false,
    };
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v46_only_public_addresses_are_public() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2400:cb00::1",
            "3ffe::1",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn v46_an_address_is_judged_as_it_will_be_understood() {
        let check = |allow_private, url| Fetcher::new(FetchPolicy { allow_private, roots: None }).check(url).is_ok();
        for url in [
            "http://a.example/",
            "ftp://a.example/",
            "file:///etc/passwd",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest",
            "https://10.0.0.1:8443/",
            "https://me@a.example/",
            "https://me:pw@a.example/",
            "https://１２７.0.0.1/",
            "https:///",
            "a.example",
            "",
        ] {
            assert!(!check(false, url), "{url}");
        }
        for url in ["https://a.example/keys", "https://a.example:8443/keys?x=1", "https://8.8.8.8/"] {
            assert!(check(false, url) && check(true, url), "{url}");
        }
        for url in ["http://localhost:1/", "http://127.0.0.1:1/", "http://[::1]:1/", "https://192.168.1.1/"] {
            assert!(check(true, url) && !check(false, url), "{url}");
        }
        for url in ["http://192.168.1.1/", "http://a.example/", "http://localhost.example/"] {
            assert!(!check(true, url), "{url}");
        }
    }
    #[test]
    fn v46_a_provider_may_be_on_this_machine_where_the_site_is_itself_and_nowhere_else_that_is_private() {
        let permits = |issuer, allow_private, url| {
            let policy = FetchPolicy { allow_private, roots: None };
            Fetcher::for_providers(&Issuer::parse(issuer).unwrap(), &policy).permits(url)
        };
        let (laptop, deployed) = ("http://localhost:3000", "https://id.example.org");
        for url in ["http://localhost:1/", "http://127.0.0.1:1/", "http://[::1]:1/", "https://127.0.0.1/"] {
            assert!(permits(laptop, false, url) && !permits(deployed, false, url), "{url}");
        }
        for url in ["https://10.0.0.1/", "https://169.254.169.254/", "https://[fd00:ec2::254]/"] {
            assert!(!permits(laptop, false, url) && !permits(deployed, false, url), "{url}");
            assert!(permits(deployed, true, url), "an operator can say so");
        }
        assert!(!permits("http://192.168.1.1:3000", false, "http://localhost:1/"));
        assert!(!permits(laptop, true, "http://a.example/") && permits(deployed, false, "https://bgm.tv/oauth"));
    }
}
