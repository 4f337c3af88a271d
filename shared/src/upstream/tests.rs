//! Files and settings, right and wrong.

use std::collections::BTreeMap;

use super::{Provider, ProviderError, Providers};
use crate::config::{FetchPolicy, Issuer, ProviderSetting, ProviderSettings, provider_settings};

fn setting(addresses: &[(&str, &str)]) -> ProviderSetting {
    let addresses = addresses.iter().map(|(name, address)| ((*name).to_owned(), (*address).to_owned())).collect();
    ProviderSetting { client_id: "us".to_owned(), client_secret: "hush-hush".into(), addresses, name: None }
}

fn issuer() -> Issuer {
    Issuer::parse("https://id.example.org").unwrap()
}

fn load(text: &str) -> Result<Providers, ProviderError> {
    Providers::load([("dir/corp.toml", text)], &ProviderSettings::new(), &issuer(), &FetchPolicy::default())
}

/// Where and why a file is refused.
fn refused(text: &str) -> (usize, String) {
    match load(text).unwrap_err() {
        ProviderError::File { file, line, message } => {
            assert_eq!(file, "dir/corp.toml");
            (line, message)
        }
        other => panic!("{other}"),
    }
}

const GOOD: &str = r#"name = "Corp"
subject = ["token:/uid", "profile:/id"]
success = []

[addresses]
api = "https://corp.example"

[authorize]
url = "{api}/authorize"

[authorize.parameters]
client_id = "{client_id}"
state = "{state}"

[token]
url = "{api}/token"

[token.parameters]
client_secret = "{client_secret}"
code = "{code}"

[profile]
url = "{api}/me"
bearer = true
"#;

fn good() -> String {
    GOOD.replace("success = []\n", "\n")
}

const OIDC: &str = r#"name = "Corp"
kind = "oidc"
scopes = ["openid"]

[addresses]
issuer = "https://corp.example"
"#;

#[test]
fn every_built_in_file_is_good_and_is_embedded_as_it_is_written() {
    let mut settings = ProviderSettings::new();
    for (name, _) in Providers::files() {
        let id = name.strip_suffix(".toml").unwrap();
        let addresses: &[_] = if id == "oidc" { &[("issuer", "https://a.example/")] } else { &[] };
        settings.insert(id.to_owned(), setting(addresses));
    }
    let policy = FetchPolicy::default();
    let texts = Providers::load(Providers::files(), &settings, &issuer(), &policy).unwrap();
    let embedded = Providers::built_in(&settings, &issuer(), &policy).unwrap();
    let ids = |providers: &Providers| providers.list().map(|provider| provider.id().to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&texts), ["6park", "acwing", "bangumi", "github", "google", "lianluo", "oidc", "weibo"]);
    assert_eq!(ids(&embedded), ids(&texts));
    for (one, other) in texts.list().zip(embedded.list()) {
        assert_eq!(format!("{:?}", one.file), format!("{:?}", other.file), "{}", one.id());
    }
    let keeping: Vec<_> = texts.list().filter(|provider| provider.keeps_tokens()).map(Provider::name).collect();
    assert_eq!(keeping, ["Bangumi"], "others' tokens are of no use for longer than an hour");
    assert_eq!(texts.find("weibo").unwrap().redirect_uri(), "https://id.example.org/connect/weibo/callback");
}

#[test]
fn a_provider_that_the_settings_do_not_name_is_not_there() {
    let settings = BTreeMap::from([("weibo".to_owned(), setting(&[]))]);
    let providers = Providers::built_in(&settings, &issuer(), &FetchPolicy::default()).unwrap();
    assert_eq!(providers.list().count(), 1);
    for (id, there) in [("weibo", true), ("bangumi", false), ("Weibo", false), ("../weibo", false), ("", false)] {
        assert_eq!(providers.find(id).is_some(), there, "{id}");
    }
    let shown = format!("{providers:?}{:?}", settings["weibo"]);
    assert!(!shown.contains("hush-hush"), "{shown}");
}

#[test]
fn adding_a_provider_is_adding_a_file() {
    let settings = BTreeMap::from([("corp".to_owned(), setting(&[]))]);
    let (text, other) = (good(), good().replace("\"Corp\"", "\"Another\""));
    let name = |added: &[&str]| {
        let files = Providers::files().chain(added.iter().map(|text| ("corp.toml", *text)));
        let providers = Providers::load(files, &settings, &issuer(), &FetchPolicy::default()).unwrap();
        providers.find("corp").unwrap().name().to_owned()
    };
    assert_eq!(name(&[&text]), "Corp");
    assert_eq!(name(&[&text, &other]), "Another", "the later file counts");
}

#[test]
fn a_file_that_is_wrong_is_refused_with_its_line() {
    assert!(load(&good()).is_ok() && load(OIDC).is_ok());
    let line = |text: &str| refused(text).0;
    assert_eq!(refused(GOOD), (3, "unknown field `success`, expected one of `name`, `kind`, `addresses`, `scopes`, `pkce`, `nonce`, `authorize`, `token`, `refresh`, `profile`, `subject`, `claims`, `errors`".to_owned()));
    assert_eq!(
        line(
            "name = \"Corp\"
subject = [
"
        ),
        2,
        "it is no TOML"
    );
    let mut others = Vec::new();
    for (from, to, expected, word) in [
        ("name = \"Corp\"", "name = \" \"", 1, "1 to 64"),
        ("\"token:/uid\"", "\"uid\"", 2, "a place is"),
        ("\"token:/uid\"", "\"token:uid\"", 2, "slash"),
        ("\"token:/uid\"", "\"id_token:/sub\"", 2, "never gives"),
        ("[\"token:/uid\", \"profile:/id\"]", "[]", 2, "subject says nowhere"),
        ("\n\n[addresses]", "\nnonce = true\n[addresses]", 4, "oidc"),
        ("\n\n[addresses]", "\nscopes = [\"a b\"]\n[addresses]", 4, "no scope"),
        ("https://corp.example", "http://corp.example", 6, "https://"),
        ("https://corp.example", "https://me@corp.example", 6, "no user"),
        ("https://corp.example", "corp", 6, "no address"),
        ("{api}/authorize", "{web}/authorize", 9, "no `web`"),
        ("{api}/authorize", "https://corp.example/authorize", 9, "[addresses]"),
        ("url = \"{api}/authorize\"", "", 8, "url is missing"),
        ("state = \"{state}\"", "", 11, "{state}"),
        ("state = \"{state}\"", "state = \"{status}\"", 13, "{status}"),
        ("state = \"{state}\"", "state = \"{state}\"\nx = \"{client_secret}\"", 14, "not known here"),
        ("code = \"{code}\"", "", 18, "{code}"),
        ("code = \"{code}\"", "code = \"{code}{access_token}\"", 20, "not known here"),
        ("client_secret = \"{client_secret}\"", "", 15, "{client_secret}"),
        ("{api}/token\"", "{api}/token\"\nclient_authentication = \"basic\"", 19, "header already"),
        ("{api}/token\"", "{api}/token\"\nclient_authentication = \"digest\"", 17, "digest"),
        ("{api}/token\"", "{api}/token\"\nmethod = \"PUT\"", 17, "PUT"),
        ("{api}/token\"", "{api}/token\"\nmethod = \"GET\"\nbody = \"form\"", 18, "a GET has no body"),
        ("{api}/token\"", "{api}/token\"\nsuccess = [302]", 17, "302"),
        ("{api}/token\"", "{api}/token\"\nsuccess = []", 17, "ever succeed"),
        ("{api}/token\"", "{api}/token\"\nbearer = true", 17, "no token yet"),
        ("bearer = true", "", 22, "{access_token}"),
        ("bearer = true", "bearer = true\nclient_authentication = \"basic\"", 24, "one header"),
        ("bearer = true", "bearer = true\n[profile.parameters]\na = \"{state}\"", 26, "not known here"),
        ("bearer = true", "bearer = true\n[claims]\nname = \"id_token:/name\"", 26, "never gives"),
        ("bearer = true", "bearer = true\n[claims]\nage = \"profile:/age\"", 26, "unknown field"),
        ("bearer = true", "bearer = true\n[errors]\ncodes = [\"error\"]", 26, "slash"),
        (
            "bearer = true",
            "bearer = true\n[refresh]\nurl = \"{api}/token\"\n[refresh.parameters]\ns = \"{client_secret}\"",
            27,
            "{refresh_token}",
        ),
    ] {
        assert!(good().contains(from), "{from}");
        let (line, message) = refused(&good().replacen(from, to, 1));
        if line != expected || !message.contains(word) {
            others.push(format!("{to}: line {line}, not {expected}: {message}"));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
    let without_token = good().split("[token]").next().unwrap().replace(", \"profile:/id\"", "");
    assert!(refused(&without_token).1.contains("[token] is missing"));
    let error = load(GOOD).unwrap_err().to_string();
    assert!(error.starts_with("dir/corp.toml, line 3: "), "{error}");
}

#[test]
fn an_openid_connect_file_says_nothing_that_the_provider_says_itself() {
    for (from, to, expected, word) in [
        ("issuer = ", "api = ", 5, "`issuer`"),
        ("[\"openid\"]", "[\"email\"]", 3, "openid"),
        ("[addresses]", "subject = [\"token:/sub\"]\n[addresses]", 5, "ID token"),
        ("[addresses]", "[authorize]\nurl = \"{issuer}/a\"\n[addresses]", 6, "itself"),
        ("[addresses]", "[authorize.parameters]\na = \"{state}\"\n[addresses]", 6, "itself"),
        ("[addresses]", "[profile]\nbearer = true\n[addresses]", 5, "nothing else"),
        ("[addresses]", "[token]\nbody = \"json\"\n[addresses]", 5, "client_authentication"),
        (
            "[addresses]",
            "[token]\nclient_authentication = \"basic_unencoded\"\n[addresses]",
            5,
            "client_authentication",
        ),
    ] {
        let (line, message) = refused(&OIDC.replacen(from, to, 1));
        assert!(line == expected && message.contains(word), "{to}: line {line}, not {expected}: {message}");
    }
    assert!(load(&format!("{OIDC}[token]\nclient_authentication = \"parameters\"\n[refresh]\n")).is_ok());
}

#[test]
fn a_files_name_is_its_id() {
    let policy = FetchPolicy::default();
    for name in ["Corp.toml", "a b.toml", ".toml", "番.toml"] {
        let text = good();
        let error = Providers::load([(name, text.as_str())], &ProviderSettings::new(), &issuer(), &policy).unwrap_err();
        assert!(matches!(error, ProviderError::File { line: 1, .. }), "{error}");
    }
}

#[test]
fn settings_that_fit_no_file_are_refused() {
    let configured = |id: &str, setting: ProviderSetting, issuer: &str| {
        let settings = BTreeMap::from([(id.to_owned(), setting)]);
        let issuer = Issuer::parse(issuer).unwrap();
        Providers::built_in(&settings, &issuer, &FetchPolicy::default()).map(|_| ()).map_err(|error| error.to_string())
    };
    let here = "https://id.example.org";
    for (id, wrong, word) in [
        ("myspace", setting(&[]), "no such provider"),
        ("../weibo", setting(&[]), "no such provider"),
        ("weibo", setting(&[("oauth", "https://a.example")]), "no address `oauth`"),
        ("weibo", setting(&[("api", "http://a.example")]), "https://"),
        ("weibo", setting(&[("api", "http://localhost:1")]), "unless this site itself"),
        ("oidc", setting(&[]), "`issuer`"),
        ("weibo", ProviderSetting { client_id: String::new(), ..setting(&[]) }, "empty"),
        ("weibo", ProviderSetting { client_secret: "".into(), ..setting(&[]) }, "empty"),
    ] {
        let error = configured(id, wrong, here).unwrap_err();
        assert!(error.starts_with("PROVIDERS, ") && error.contains(word), "{error}");
        assert!(!error.contains("hush-hush"), "{error}");
    }
    let local = setting(&[("api", "http://localhost:4000/weibo")]);
    for (site, allowed) in [("http://localhost:3000", true), ("http://192.168.1.1:3000", false), (here, false)] {
        assert_eq!(configured("weibo", local.clone(), site).is_ok(), allowed, "{site}");
    }
}

#[test]
fn settings_are_read_from_json_and_never_repeated_in_an_error() {
    let text = r#"{"weibo": {"client_id": "a", "client_secret": "hush-hush", "name": "W", "addresses": {"api": "b"}}}"#;
    let settings = provider_settings(text).unwrap();
    assert_eq!((settings["weibo"].client_id.as_str(), settings["weibo"].name.as_deref()), ("a", Some("W")));
    assert!(provider_settings(" ").unwrap().is_empty());
    for wrong in [
        "hush-hush",
        "[]",
        r#"{"weibo": "hush-hush"}"#,
        r#"{"weibo": {"client_id": "a"}}"#,
        r#"{"weibo": {"client_id": "a", "client_secret": 1}}"#,
        r#"{"weibo": {"client_id": "a", "client_secret": "b", "hush-hush": 1}}"#,
    ] {
        let error = provider_settings(wrong).unwrap_err();
        assert!(error.starts_with("PROVIDERS ") && error.contains("line 1") && !error.contains("hush"), "{error}");
    }
}
