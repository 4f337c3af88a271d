//! Clients' public keys, and what is signed with them: client assertions (RFC 7523) and request objects (RFC 9101).

use std::collections::HashMap;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::app::App;
use crate::clock::Time;
use crate::fetch::{FetchError, Fetcher, USUAL_LIMIT};
use crate::oauth::Client;
use crate::oauth::metadata::SigningAlg;

/// How long keys that were fetched are used, in seconds.
const KEPT: i64 = 300;
/// A client's server is asked no more often than once in this time, in seconds, however many made-up keys are named.
const PAUSE: i64 = 10;
/// How many clients' keys are kept in memory.
const CLIENTS: usize = 500;
/// How many keys of a client one signature is tried with, where it does not say which it was made with.
const TRIED: usize = 10;
/// RFC 7518 §3.3.
const RSA_BITS: usize = 2048;

/// Why a JWT is not taken for its client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum BadJwt {
    /// It is no signed JWT in the compact form.
    Malformed,
    /// It has header parameters that must be understood (RFC 7515 §4.1.11).
    Critical,
    /// Its algorithm is not one that the client may sign with.
    Algorithm,
    /// The client has registered no keys.
    NoKeys,
    /// None of the client's keys has its name and algorithm.
    UnknownKey,
    /// The keys at the client's `jwks_uri` can't be had.
    Unfetched(FetchError),
    /// The signature is wrong.
    Signature,
}

impl BadJwt {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "it is not a signed JWT",
            Self::Critical => "its header has crit",
            Self::Algorithm => "its alg is not one that the client may use",
            Self::NoKeys => "the client has neither jwks nor jwks_uri",
            Self::UnknownKey => "no key of the client has its kid and alg",
            Self::Unfetched(FetchError::Forbidden) => "jwks_uri is not a public https address",
            Self::Unfetched(FetchError::Unreachable) => "jwks_uri did not answer in time",
            Self::Unfetched(FetchError::TooLarge) => "jwks_uri answered with more than 64 KiB",
            Self::Unfetched(FetchError::Status(_)) => "jwks_uri did not answer with status 200 and a list of keys",
            Self::Signature => "its signature is wrong",
        }
    }
}

/// A JWT taken apart. What it says is only its client's word once [`verify`] has returned it.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// `typ`, if there is one.
    pub typ: Option<String>,
    /// `alg`, as written.
    pub alg: String,
    /// The claims.
    pub claims: Map<String, Value>,
    kid: Option<String>,
}

impl Jwt {
    /// Takes a JWT apart. Nothing about it is verified.
    ///
    /// # Errors
    /// [`BadJwt::Malformed`], [`BadJwt::Critical`].
    pub fn read(text: &str) -> Result<Self, BadJwt> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
            kid: Option<String>,
            typ: Option<String>,
            crit: Option<Value>,
        }
        fn part<T: for<'de> Deserialize<'de>>(text: Option<&str>) -> Result<T, BadJwt> {
            let bytes = BASE64URL_NOPAD.decode(text.unwrap_or_default().as_bytes()).map_err(|_| BadJwt::Malformed)?;
            serde_json::from_slice(&bytes).map_err(|_| BadJwt::Malformed)
        }
        let mut parts = text.split('.');
        let header: Header = part(parts.next())?;
        let claims = part(parts.next())?;
        if parts.next().is_none() || parts.next().is_some() {
            return Err(BadJwt::Malformed);
        }
        if header.crit.is_some() {
            return Err(BadJwt::Critical);
        }
        Ok(Self { typ: header.typ, alg: header.alg, kid: header.kid, claims })
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A claim that is a time (RFC 7519 §2, NumericDate); whether it came, and is none, as well.
    pub fn time(&self, name: &str) -> Result<Option<Time>, BadJwt> {
        let seconds = |value: &Value| value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
        match self.claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            // Beyond the year 9999 nothing is a time.
            Some(value) => match seconds(value).filter(|seconds| (0..253_402_300_800).contains(seconds)) {
                Some(seconds) => Ok(Some(Time(seconds))),
                None => Err(BadJwt::Malformed),
            },
        }
    }

    /// Whom it is for: one, or several.
    pub fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Verifies that `client` signed `text`, with one of `algs`.
///
/// # Errors
/// [`BadJwt`].
pub async fn verify(app: &App, client: &Client, text: &str, algs: &[SigningAlg]) -> Result<Jwt, BadJwt> {
    verify_by(&Keys::Client(app, client), text, algs).await
}

/// Verifies that whoever publishes keys at `uri` signed `text`, with one of `algs`. The keys are kept in `known`.
///
/// # Errors
/// [`BadJwt`].
pub async fn verify_at(
    known: &ClientKeys,
    fetcher: &Fetcher,
    now: Time,
    uri: &str,
    text: &str,
    algs: &[SigningAlg],
) -> Result<Jwt, BadJwt> {
    verify_by(&Keys::At { known, fetcher, now, uri }, text, algs).await
}

async fn verify_by(source: &Keys<'_>, text: &str, algs: &[SigningAlg]) -> Result<Jwt, BadJwt> {
    let jwt = Jwt::read(text)?;
    let alg = algs.iter().copied().find(|alg| alg.as_str() == jwt.alg).ok_or(BadJwt::Algorithm)?;
    let (message, signature) = text.rsplit_once('.').ok_or(BadJwt::Malformed)?;
    // The key decides which algorithms it is good for (RFC 8725 §3.1); the header only which of those it was.
    let fits = |key: &&ClientKey| key.algs.contains(&alg) && (jwt.kid.is_none() || key.kid == jwt.kid);
    let mut keys = source.find(false).await?;
    if !keys.iter().any(|key| fits(&key)) {
        keys = source.find(true).await?;
    }
    let mut fitting = keys.iter().filter(fits).take(TRIED).peekable();
    if fitting.peek().is_none() {
        return Err(BadJwt::UnknownKey);
    }
    let alg = Algorithm::from(alg);
    let right = |key: &ClientKey| crypto::verify(signature, message.as_bytes(), &key.public, alg).unwrap_or(false);
    if fitting.any(right) { Ok(jwt) } else { Err(BadJwt::Signature) }
}

/// Where keys are.
enum Keys<'a> {
    /// Those that a client registered, or those at its address.
    Client(&'a App, &'a Client),
    /// At an address.
    At { known: &'a ClientKeys, fetcher: &'a Fetcher, now: Time, uri: &'a str },
}

impl Keys<'_> {
    /// The keys; `anew` if what is in memory lacks one.
    async fn find(&self, anew: bool) -> Result<Arc<[ClientKey]>, BadJwt> {
        let (known, fetcher, now, uri) = match self {
            Self::At { known, fetcher, now, uri } => (*known, *fetcher, *now, *uri),
            Self::Client(app, client) => match (&client.metadata.jwks, &client.metadata.jwks_uri) {
                (Some(jwks), _) => return Ok(parse(jwks).into()),
                (None, Some(uri)) => (&*app.client_keys, &*app.fetcher, app.clock.now(), uri.as_str()),
                (None, None) => return Err(BadJwt::NoKeys),
            },
        };
        known.find(fetcher, now, uri, anew).await.map_err(BadJwt::Unfetched)
    }
}

/// A key that verifies signatures.
struct ClientKey {
    kid: Option<String>,
    algs: Vec<SigningAlg>,
    public: DecodingKey,
}

/// The keys of a set that verify signatures of ours. Others (RFC 7517 §5) are passed over.
fn parse(jwks: &Value) -> Vec<ClientKey> {
    let keys = jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    keys.iter().filter_map(ClientKey::parse).collect()
}

impl ClientKey {
    fn parse(jwk: &Value) -> Option<Self> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        // RFC 7517 §4.2 and §4.3.
        let to_verify = match jwk.get("key_ops").and_then(Value::as_array) {
            Some(operations) => operations.iter().any(|operation| operation == "verify"),
            None => jwk.get("key_ops").is_none(),
        };
        if member("use").is_some_and(|purpose| purpose != "sig") || !to_verify {
            return None;
        }
        let (mut algs, public) = match (member("kty")?, member("crv")) {
            ("RSA", _) => {
                let modulus = BASE64URL_NOPAD.decode(member("n")?.as_bytes()).ok()?;
                let bits = modulus.iter().skip_while(|byte| **byte == 0).count() * 8;
                let key = DecodingKey::from_rsa_components(member("n")?, member("e")?).ok()?;
                (vec![SigningAlg::Rs256, SigningAlg::Ps256], Some(key).filter(|_| bits >= RSA_BITS)?)
            }
            ("EC", Some("P-256")) => {
                (vec![SigningAlg::Es256], DecodingKey::from_ec_components(member("x")?, member("y")?).ok()?)
            }
            ("OKP", Some("Ed25519")) => (vec![SigningAlg::EdDsa], DecodingKey::from_ed_components(member("x")?).ok()?),
            _ => return None,
        };
        // RFC 7517 §4.4.
        if let Some(alg) = jwk.get("alg") {
            algs.retain(|known| alg == known.as_str());
        }
        Some(Self { kid: member("kid").map(str::to_owned), algs, public })
    }
}

/// Keys from clients' addresses, kept in memory for five minutes.
#[derive(Default)]
pub struct ClientKeys(Mutex<HashMap<String, Arc<Mutex<Remembered>>>>);

/// What is remembered of an address.
struct Remembered {
    keys: Result<Arc<[ClientKey]>, FetchError>,
    /// When the keys came.
    fetched_at: Option<Time>,
    /// When they were last asked for.
    asked_at: Option<Time>,
}

impl ClientKeys {
    async fn find(&self, fetcher: &Fetcher, now: Time, uri: &str, anew: bool) -> Result<Arc<[ClientKey]>, FetchError> {
        let place = self.place(uri).await;
        // Who comes while they are fetched waits, and fetches nothing.
        let mut remembered = place.lock().await;
        let within = |since: Option<Time>, seconds| since.is_some_and(|since| now - since < seconds);
        let fresh = within(remembered.fetched_at, KEPT);
        if (!fresh || anew) && !within(remembered.asked_at, PAUSE) {
            remembered.asked_at = Some(now);
            match fetch(fetcher, uri).await {
                Ok(keys) => *remembered = Remembered { keys: Ok(keys), fetched_at: Some(now), asked_at: Some(now) },
                Err(error) if !fresh => {
                    *remembered = Remembered { keys: Err(error), fetched_at: None, asked_at: Some(now) };
                }
                // For as long as they would have been used anyhow, they still are.
                Err(_) => {}
            }
        }
        remembered.keys.clone()
    }

    async fn place(&self, uri: &str) -> Arc<Mutex<Remembered>> {
        let mut places = self.0.lock().await;
        if places.len() >= CLIENTS && !places.contains_key(uri) {
            places.clear();
        }
        let nothing = Remembered { keys: Err(FetchError::Unreachable), fetched_at: None, asked_at: None };
        Arc::clone(places.entry(uri.to_owned()).or_insert_with(|| Arc::new(Mutex::new(nothing))))
    }
}

async fn fetch(fetcher: &Fetcher, uri: &str) -> Result<Arc<[ClientKey]>, FetchError> {
    let fetched = fetcher.get(uri, USUAL_LIMIT).await?;
    let jwks: Value = serde_json::from_slice(&fetched.body).map_err(|_| FetchError::Status(200))?;
    // What is no list of keys is told like another status: it is not what should stand there.
    if !jwks.get("keys").is_some_and(Value::is_array) {
        return Err(FetchError::Status(200));
    }
    Ok(parse(&jwks).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515 appendix A.3, RFC 8037 appendix A.2.
    const EC: (&str, &str) =
        ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn algs(jwk: Value) -> Option<Vec<SigningAlg>> {
        ClientKey::parse(&jwk).map(|key| key.algs)
    }

    #[test]
    fn a_key_says_what_it_is_good_for() {
        let n = |bytes: usize| BASE64URL_NOPAD.encode(&vec![0xc1; bytes]);
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": EC.0, "y": EC.1 });
        assert_eq!(algs(ec.clone()), Some(vec![SigningAlg::Es256]));
        assert_eq!(algs(json!({ "kty": "OKP", "crv": "Ed25519", "x": ED })), Some(vec![SigningAlg::EdDsa]));
        let rsa = json!({ "kty": "RSA", "n": n(256), "e": "AQAB" });
        assert_eq!(algs(rsa.clone()), Some(vec![SigningAlg::Rs256, SigningAlg::Ps256]));
        let with = |key: &Value, name: &str, value: Value| {
            let mut key = key.clone();
            key[name] = value;
            algs(key)
        };
        assert_eq!(with(&rsa, "alg", json!("PS256")), Some(vec![SigningAlg::Ps256]));
        assert_eq!(with(&rsa, "alg", json!("RS512")), Some(vec![]));
        assert_eq!(with(&rsa, "n", json!(n(255))), None, "shorter than 2048 bits");
        assert_eq!(with(&rsa, "n", json!(BASE64URL_NOPAD.encode(&[vec![0; 8], vec![0xc1; 248]].concat()))), None);
        assert_eq!(with(&ec, "use", json!("enc")), None);
        assert_eq!(with(&ec, "key_ops", json!(["sign"])), None);
        assert_eq!(with(&ec, "key_ops", json!("verify")), None);
        assert!(with(&ec, "use", json!("sig")).is_some() && with(&ec, "key_ops", json!(["verify"])).is_some());
        assert_eq!(with(&ec, "crv", json!("P-384")), None);
        assert_eq!(algs(json!({ "kty": "oct", "k": "AAAA" })), None);
    }

    #[test]
    fn what_is_no_jwt_is_told_so() {
        let part = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
        let good = format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(r#"{"exp":1.5,"aud":["a",1],"iat":"x"}"#));
        let jwt = Jwt::read(&good).unwrap();
        assert_eq!((jwt.time("exp"), jwt.time("nbf"), jwt.audiences()), (Ok(Some(Time(1))), Ok(None), vec!["a"]));
        assert!(jwt.time("iat").is_err());
        for text in ["", "..", "a.b.c", &good[1..], &format!("{good}.AA"), &good.replace(".AA", ""), "あ.あ.あ"] {
            assert_eq!(Jwt::read(text).unwrap_err(), BadJwt::Malformed, "{text}");
        }
        let critical = format!("{}.{}.AA", part(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#), part("{}"));
        assert_eq!(Jwt::read(&critical).unwrap_err(), BadJwt::Critical);
        for exp in ["-1", "1e300", "\"1\"", "[]"] {
            let text = format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(&format!(r#"{{"exp":{exp}}}"#)));
            assert!(Jwt::read(&text).unwrap().time("exp").is_err(), "{exp}");
        }
    }
}
