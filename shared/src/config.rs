//! Settings. The only file that reads the environment, and it names everything that is missing at once.

mod providers;

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use url::{Host, Url};

pub use providers::{ProviderSetting, ProviderSettings, parse as provider_settings};

/// What a function is told by its surroundings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who we are, in every token and redirect. Never taken from the Host header.
    pub issuer: Issuer,
    /// The one table.
    pub table: String,
    /// The first seals; all open. Each of 32 characters or more.
    pub secret_keys: Vec<SecretString>,
    /// Who may register an OAuth client.
    pub registration: RegistrationPolicy,
    /// Which addresses that clients supply are called.
    pub fetch: FetchPolicy,
    /// Whether a client may be named by the address of its metadata, and need not register.
    pub client_id_documents: bool,
    /// Who writes letters, and how; nobody, if left out.
    pub mail: Option<MailSettings>,
    /// Where accounts from elsewhere may come from.
    pub providers: ProviderSettings,
}

/// Who writes letters, and how they are sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The sender's address, which SES must know as one of ours.
    pub from: String,
    /// The way to SES.
    pub aws: Aws,
}

/// Which addresses that clients supply this server calls: public ones with https, unless it is told otherwise.
#[derive(Clone, Debug, Default)]
pub struct FetchPolicy {
    /// Private ones as well, and plain http at loopback ones: for a laptop, never for a deployed site, where they are the
    /// way to what only it can reach.
    pub allow_private: bool,
    /// A PEM file of roots to trust beside the machine's, where private addresses are allowed.
    pub roots: Option<PathBuf>,
}

/// How a function reaches AWS: what Lambda itself puts into every environment. A site on a laptop has none of it.
#[derive(Clone, Debug)]
pub struct Aws {
    /// `ap-northeast-1`.
    pub region: String,
    /// The function's own credentials.
    pub access_key_id: String,
    /// They last longer than the process.
    pub secret_access_key: SecretString,
    /// Belongs to them.
    pub session_token: Option<SecretString>,
    /// Another DynamoDB (or SES) than the region's.
    pub endpoint: Option<Endpoint>,
}

/// A DynamoDB or SES that is not AWS's: a laptop's, a test's.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// A PEM file with the roots that its certificate leads to, instead of Amazon's.
    ///
    /// It hangs on the endpoint on purpose: who talks to AWS itself trusts Amazon's roots, and no variable changes that.
    pub ca_bundle: Option<PathBuf>,
}

/// The issuer's URL, without a slash at its end (RFC 8414 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

/// Who may register an OAuth client (RFC 7591 §3).
#[derive(Clone, Debug)]
pub enum RegistrationPolicy {
    /// Anybody.
    Open,
    /// Whoever presents this initial access token.
    Token(SecretString),
    /// A signed-in user, who owns the client.
    User,
}

/// Settings that are missing or wrong; each line names one and says what it should be.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.join("; "))
    }
}

/// What `RUST_LOG` says is to be logged.
pub fn log_filter() -> Option<String> {
    variable("RUST_LOG")
}

/// Where CloudWatch is to keep the metrics: `METRICS_NAMESPACE`, or `bangumoe`.
pub fn metrics_namespace() -> String {
    variable("METRICS_NAMESPACE").unwrap_or_else(|| "bangumoe".to_owned())
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    std::env::var(name).ok()
}

impl Config {
    /// Reads the environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `ISSUER` | the site's URL, `https://id.example.org` |
    /// | `TABLE_NAME` | the DynamoDB table |
    /// | `SECRET_KEY` | one or more secrets of 32 characters and up, comma-separated; the first seals |
    /// | `REGISTRATION` | `open`, `token` or `user` (the default) |
    /// | `REGISTRATION_TOKEN` | the initial access token, where `REGISTRATION` is `token` |
    /// | `ALLOW_PRIVATE_FETCH` | `true`: clients' addresses may be private ones. Never where the functions are deployed |
    /// | `CLIENT_ID_DOCUMENTS` | `true`: an address is a `client_id`, and its metadata stands there |
    /// | `PROVIDERS` | providers of accounts elsewhere, in JSON (docs/providers.md); none, if left out |
    /// | `FETCH_CA` | a PEM file of roots that are then trusted as well |
    /// | `MAIL_FROM` | the address that letters come from. Without it none is written |
    /// | `AWS_ENDPOINT_URL_SESV2` | another SES than the region's, where there is one; else [`Aws::from_env`]'s variables |
    ///
    /// # Errors
    /// [`ConfigError`], with every variable that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(variable)
    }

    /// The same, from any source of variables.
    ///
    /// # Errors
    /// [`ConfigError`], with every variable that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut wrong = Vec::new();
        let mut need = |name: &str, hint: &str| match lookup(name).filter(|value| !value.is_empty()) {
            Some(value) => value,
            None => {
                wrong.push(format!("{name} is not set: {hint}"));
                String::new()
            }
        };
        let issuer = need("ISSUER", "the site's URL, such as https://id.example.org");
        let table = need("TABLE_NAME", "the DynamoDB table's name");
        let secrets = need("SECRET_KEY", "a secret of 32 characters or more");
        let registration = match lookup("REGISTRATION").as_deref() {
            None | Some("" | "user") => RegistrationPolicy::User,
            Some("open") => RegistrationPolicy::Open,
            Some("token") => RegistrationPolicy::Token(need("REGISTRATION_TOKEN", "REGISTRATION is `token`").into()),
            Some(other) => {
                wrong.push(format!("REGISTRATION is `{other}`: it must be `open`, `token` or `user`"));
                RegistrationPolicy::User
            }
        };
        let mut is_on = |name: &str| match lookup(name).as_deref() {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(other) => {
                wrong.push(format!("{name} is `{other}`: it must be `true` or `false`"));
                false
            }
        };
        let allow_private = is_on("ALLOW_PRIVATE_FETCH");
        let client_id_documents = is_on("CLIENT_ID_DOCUMENTS");
        let roots = lookup("FETCH_CA").filter(|path| !path.is_empty()).map(PathBuf::from);
        let fetch = FetchPolicy { allow_private, roots };
        let mail = match lookup("MAIL_FROM").filter(|from| !from.is_empty()) {
            // One address and nothing else: what stands there becomes a header.
            Some(from) if !is_address(&from) => {
                wrong.push("MAIL_FROM must be an e-mail address, such as bangumoe@example.org".to_owned());
                None
            }
            Some(from) => match Aws::of(&lookup, "AWS_ENDPOINT_URL_SESV2") {
                Ok(aws) => Some(MailSettings { from, aws }),
                Err(ConfigError(missing)) => {
                    wrong.extend(missing);
                    None
                }
            },
            None => None,
        };
        let providers = provider_settings(&lookup("PROVIDERS").unwrap_or_default()).unwrap_or_else(|error| {
            wrong.push(error);
            ProviderSettings::new()
        });
        let parsed = if issuer.is_empty() { None } else { Issuer::parse(&issuer) };
        if parsed.is_none() && !issuer.is_empty() {
            wrong.push("ISSUER must be an http or https URL without path, query, fragment or final slash".to_owned());
        }
        let secret_keys = secret_keys(secrets.split(',')).unwrap_or_default();
        if secret_keys.is_empty() && !secrets.is_empty() {
            wrong.push(SHORT_SECRET.to_owned());
        }
        match parsed {
            Some(issuer) if wrong.is_empty() => {
                Ok(Self { issuer, table, secret_keys, registration, fetch, client_id_documents, mail, providers })
            }
            _ => Err(ConfigError(wrong)),
        }
    }
}

impl Aws {
    /// Reads the environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | set by Lambda |
    /// | `AWS_ENDPOINT_URL_DYNAMODB` | another DynamoDB than AWS's, where there is one |
    /// | `AWS_CA_BUNDLE` | a PEM file: what that one's certificate leads to. Without such an endpoint it is ignored |
    ///
    /// # Errors
    /// [`ConfigError`], with every variable that is missing. At an endpoint of plain http, which is never AWS, none is.
    pub fn from_env() -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// The same, from any source of variables.
    ///
    /// # Errors
    /// As [`Aws::from_env`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::of(lookup, "AWS_ENDPOINT_URL_DYNAMODB")
    }

    /// The way to the service whose endpoint the variable `endpoint` names.
    fn of(lookup: impl Fn(&str) -> Option<String>, endpoint: &str) -> Result<Self, ConfigError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let endpoint =
            lookup(endpoint).map(|url| Endpoint { url, ca_bundle: lookup("AWS_CA_BUNDLE").map(PathBuf::from) });
        if let Some(Endpoint { url, .. }) = endpoint.as_ref().filter(|endpoint| endpoint.is_plain()) {
            return Ok(Self::local(url));
        }
        let mut wrong = Vec::new();
        let mut need = |name: &str| {
            lookup(name).unwrap_or_else(|| {
                wrong.push(format!("{name} is not set: Lambda sets it"));
                String::new()
            })
        };
        let aws = Self {
            region: need("AWS_REGION"),
            access_key_id: need("AWS_ACCESS_KEY_ID"),
            secret_access_key: need("AWS_SECRET_ACCESS_KEY").into(),
            session_token: lookup("AWS_SESSION_TOKEN").map(SecretString::from),
            endpoint,
        };
        if wrong.is_empty() { Ok(aws) } else { Err(ConfigError(wrong)) }
    }

    /// A DynamoDB or SES of plain http at `url`, with credentials that are made up: nobody checks them.
    pub fn local(url: &str) -> Self {
        Self {
            region: "us-east-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".into(),
            session_token: None,
            endpoint: Some(Endpoint { url: url.to_owned(), ca_bundle: None }),
        }
    }
}

impl Endpoint {
    /// Whether it is spoken to without TLS.
    pub fn is_plain(&self) -> bool {
        self.url.starts_with("http://")
    }
}

/// Whether a text is one e-mail address, and nothing that would make a header of two.
fn is_address(text: &str) -> bool {
    text.parse::<email_address::EmailAddress>()
        .is_ok_and(|address| address.as_str() == text && !text.contains(['<', '"']))
}

const SHORT_SECRET: &str = "SECRET_KEY must be of 32 characters or more";

/// Reads one secret key or several. `None` where there is none, or one of less than 32 characters.
pub fn secret_keys<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Vec<SecretString>> {
    let keys: Vec<_> = texts.map(str::trim).filter(|key| !key.is_empty()).collect();
    let good = !keys.is_empty() && keys.iter().all(|key| key.len() >= 32);
    good.then(|| keys.into_iter().map(SecretString::from).collect())
}

/// `SECRET_KEY` alone: for an operator's command, which is no function.
///
/// # Errors
/// [`ConfigError`].
pub fn secret_keys_from_env() -> Result<Vec<SecretString>, ConfigError> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    let text = std::env::var("SECRET_KEY").unwrap_or_default();
    secret_keys(text.split(',')).ok_or_else(|| ConfigError(vec![SHORT_SECRET.to_owned()]))
}

impl Issuer {
    /// Parses an origin: scheme, host and port only.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let origin = url.origin().ascii_serialization();
        (matches!(url.scheme(), "http" | "https") && origin == text).then_some(Self(origin))
    }

    /// The URL, which is also the browser's origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether this is plain http on this machine: a laptop's site.
    pub fn is_plain_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url))
    }

    /// Whether cookies are `Secure` and carry the `__Host-` prefix.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

/// Whether an address is this machine's own.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let error = Config::from_lookup(|_| None).unwrap_err().to_string();
        for name in ["ISSUER", "TABLE_NAME", "SECRET_KEY"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_short_secret_or_an_issuer_with_a_path_is_refused() {
        let lookup = |name: &str| match name {
            "ISSUER" => Some("https://id.example.org/".to_owned()),
            "TABLE_NAME" => Some("bangumoe".to_owned()),
            "SECRET_KEY" => Some("short".to_owned()),
            _ => None,
        };
        let error = Config::from_lookup(lookup).unwrap_err().to_string();
        assert!(error.contains("ISSUER") && error.contains("32 characters"), "{error}");
        assert!(!error.contains("short"), "the secret's value stays out of the message");
    }

    #[test]
    fn what_is_off_is_on_only_where_the_settings_say_true() {
        let parse = |switch: &'static str, value: Option<&'static str>| {
            let lookup = |name: &str| match name {
                "ISSUER" => Some("https://id.example.org"),
                "TABLE_NAME" => Some("bangumoe"),
                "SECRET_KEY" => Some("a secret key of thirty-two characters"),
                name if name == switch => value,
                _ => None,
            };
            let config = Config::from_lookup(|name| lookup(name).map(str::to_owned));
            config.map(|config| [config.fetch.allow_private, config.client_id_documents])
        };
        for (n, switch) in ["ALLOW_PRIVATE_FETCH", "CLIENT_ID_DOCUMENTS"].into_iter().enumerate() {
            let values = [None, Some(""), Some("false"), Some("true")];
            assert_eq!(values.map(|value| parse(switch, value).unwrap()[n]), [false, false, false, true], "{switch}");
            assert!(!parse(switch, Some("true")).unwrap()[1 - n], "{switch} is one thing");
            assert!(parse(switch, Some("yes")).unwrap_err().to_string().contains(switch));
        }
    }

    #[test]
    fn letters_are_written_by_one_address_and_only_where_it_is_set() {
        let mail = |more: &[(&str, &str)]| {
            let mut known = vec![
                ("ISSUER", "https://id.example.org"),
                ("TABLE_NAME", "bangumoe"),
                ("SECRET_KEY", "a secret key of thirty-two characters"),
            ];
            known.extend(more);
            let find = |name: &str| known.iter().find(|(known, _)| *known == name);
            Config::from_lookup(|name| find(name).map(|(_, value)| (*value).to_owned())).map(|config| config.mail)
        };
        assert!(mail(&[]).unwrap().is_none() && mail(&[("MAIL_FROM", "")]).unwrap().is_none());
        let from = ("MAIL_FROM", "bangumoe@example.org");
        let missing = mail(&[from]).unwrap_err().to_string();
        assert!(missing.contains("AWS_REGION"), "{missing}");
        let found = mail(&[&LAMBDA[..], &[from]].concat()).unwrap().unwrap();
        assert_eq!((found.from.as_str(), found.aws.region.as_str()), ("bangumoe@example.org", "ap-northeast-1"));
        assert!(found.aws.endpoint.is_none());
        let endpoint = ("AWS_ENDPOINT_URL_SESV2", "http://localhost:4000/ses");
        assert_eq!(mail(&[from, endpoint]).unwrap().unwrap().aws.endpoint.unwrap().url, endpoint.1);
        for bad in ["nobody", "a@b.example, c@d.example", "Moe <moe@example.org>", "a@b.example\r\nBcc: c@d.example"] {
            let refused = mail(&[&LAMBDA[..], &[("MAIL_FROM", bad)]].concat()).unwrap_err().to_string();
            assert!(refused.contains("MAIL_FROM") && !refused.contains(bad), "{bad}");
        }
    }

    const LAMBDA: [(&str, &str); 4] = [
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "ASIA"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ];

    fn aws(variables: &[(&str, &str)]) -> Result<Aws, ConfigError> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Aws::from_lookup(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn what_lambda_should_have_set_is_named_at_once() {
        let error = aws(&[("AWS_ENDPOINT_URL_DYNAMODB", "")]).unwrap_err().to_string();
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert!(error.contains(name), "{error}");
        }
        let aws = aws(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")]).unwrap();
        assert_eq!(aws.access_key_id, "local", "nobody checks them");
    }

    #[test]
    fn roots_of_ones_own_count_at_an_endpoint_of_ones_own_alone() {
        let bundle = ("AWS_CA_BUNDLE", "/tmp/ca.pem");
        assert!(aws(&[&LAMBDA[..], &[bundle]].concat()).unwrap().endpoint.is_none());
        let endpoint = ("AWS_ENDPOINT_URL_DYNAMODB", "https://localhost:8000");
        let aws = aws(&[&LAMBDA[..], &[bundle, endpoint]].concat()).unwrap();
        assert_eq!(aws.endpoint.unwrap().ca_bundle.unwrap(), std::path::Path::new("/tmp/ca.pem"));
        assert_eq!((aws.region.as_str(), aws.access_key_id.as_str()), ("ap-northeast-1", "ASIA"));
        assert!(aws.session_token.is_some());
    }

    #[test]
    fn of_several_secret_keys_every_one_is_long_enough() {
        let long = "0123456789abcdef0123456789abcdef";
        for (text, count) in [(long.to_owned(), Some(1)), (format!(" {long} ,{long},\n"), Some(2))] {
            assert_eq!(secret_keys(text.split(',')).map(|keys| keys.len()), count);
        }
        for text in ["", ",", " , ", "short", &format!("{long},short")] {
            assert!(secret_keys(text.split(',')).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_whole_configuration_defaults_to_registration_by_users() {
        let lookup = |name: &str| match name {
            "ISSUER" => Some("https://id.example.org".to_owned()),
            "TABLE_NAME" => Some("bangumoe".to_owned()),
            "SECRET_KEY" => Some("0123456789abcdef0123456789abcdef, fedcba9876543210fedcba9876543210".to_owned()),
            _ => None,
        };
        let config = Config::from_lookup(lookup).unwrap();
        assert!(matches!(config.registration, RegistrationPolicy::User));
        assert_eq!(config.secret_keys.len(), 2);
        assert!(config.issuer.is_https());
    }
    #[test]
    fn settings_of_providers_are_read_and_what_is_wrong_with_them_told() {
        let providers = |text: &'static str| {
            let lookup = |name: &str| match name {
                "ISSUER" => Some("https://id.example.org"),
                "TABLE_NAME" => Some("bangumoe"),
                "SECRET_KEY" => Some("a secret key of thirty-two characters"),
                "PROVIDERS" => Some(text),
                _ => None,
            };
            Config::from_lookup(|name| lookup(name).map(str::to_owned)).map(|config| config.providers.len())
        };
        assert_eq!(providers("").unwrap(), 0);
        assert_eq!(providers(r#"{"weibo": {"client_id": "a", "client_secret": "b"}}"#).unwrap(), 1);
        assert!(providers("weibo").unwrap_err().to_string().contains("PROVIDERS"));
    }

    #[test]
    fn a_laptops_site_is_plain_http_on_this_machine() {
        for (issuer, expected) in [
            ("http://localhost:3000", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:3000", true),
            ("https://localhost:3000", false),
            ("http://192.168.1.1", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(Issuer::parse(issuer).unwrap().is_plain_loopback(), expected, "{issuer}");
        }
    }
}
