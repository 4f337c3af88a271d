//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): a client that nobody registered says at
//! its `client_id` what it would have registered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{ErrorCode, OAuthError};
use super::lifetimes::REFRESH_ABSOLUTE;
use super::metadata::{AuthMethod, Metadata, Requested};
use crate::clock::Time;

/// The most bytes of a document that are read (§8.7).
pub const LIMIT: usize = 5 * 1024;
/// How long a document that does not say so is taken for current, in seconds.
const USUALLY_FRESH: i64 = 600;
/// The shortest and the longest time that one may say, in seconds (§5.2): its server is asked no more often than that,
/// and a key that it takes out is dead no later.
const FRESH: (i64, i64) = (300, 3600);
/// How long a document is good for what began with it, in seconds, while its server can't be reached.
const OUTAGE: i64 = 3 * 86_400;
/// How long what was fetched last is kept: longer than anything that it was given lives, in seconds.
pub const KEPT: i64 = REFRESH_ABSOLUTE + 20 * 86_400;
/// How long a server that could not be reached is then left in peace, in seconds.
const PAUSE: i64 = 60;

/// Where and when a client's metadata was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its address, which is the `client_id`.
    pub url: String,
    /// When it came.
    pub fetched_at: Time,
    /// Until when it is taken for current.
    pub fresh_until: Time,
    /// Until when its server is left in peace, since it could not be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreached_until: Option<Time>,
}

impl Document {
    /// One that came now, with this `Cache-Control`.
    pub fn fetched(url: &str, cache_control: &str, now: Time) -> Self {
        let (shortest, longest) = FRESH;
        let fresh_until = now + lifetime(cache_control).clamp(shortest, longest);
        Self { url: url.to_owned(), fetched_at: now, fresh_until, unreached_until: None }
    }

    /// One that never came: all that an operator knows of it is its address.
    pub fn unseen(url: &str) -> Self {
        Self { url: url.to_owned(), fetched_at: Time(0), fresh_until: Time(0), unreached_until: None }
    }

    /// Whether it need not be fetched.
    pub fn is_fresh(&self, now: Time) -> bool {
        now < self.fresh_until
    }

    /// Whether it will do for what began with it, if its server can't be reached.
    pub fn will_do(&self, now: Time) -> bool {
        now < self.fetched_at + OUTAGE
    }

    /// Whether its server was just found out of reach.
    pub fn is_out_of_reach(&self, now: Time) -> bool {
        self.unreached_until.is_some_and(|until| now < until)
    }

    /// The same, found out of reach now.
    #[must_use]
    pub fn out_of_reach(self, now: Time) -> Self {
        Self { unreached_until: Some(now + PAUSE), ..self }
    }
}

/// How long a document may be kept by what its server says (RFC 9111 §5.2.2), in seconds.
fn lifetime(cache_control: &str) -> i64 {
    let directives = || cache_control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    if directives().any(|directive| directive == "no-store" || directive == "no-cache") {
        return 0;
    }
    let age = directives().find_map(|directive| Some(directive.strip_prefix("max-age=")?.trim_matches('"').to_owned()));
    match age {
        // What is too long for a number is long.
        Some(age) if !age.is_empty() && age.bytes().all(|b| b.is_ascii_digit()) => age.parse().unwrap_or(i64::MAX),
        _ => USUALLY_FRESH,
    }
}

/// What is told to whoever brought the address. Nothing of what stood there.
pub fn refuse(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, description)
}

/// Reads what stood at `url`, and judges it as a registration.
///
/// # Errors
/// `invalid_client`; what a registration is refused with.
pub fn read(url: &str, content_type: &str, body: &[u8]) -> Result<Metadata, OAuthError> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/").unwrap_or_default();
    if subtype != "json" && !subtype.ends_with("+json") {
        return Err(refuse("the document at client_id must have the type application/json"));
    }
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    if !document.is_object() {
        return Err(refuse("what stands at client_id is not an object in JSON"));
    }
    // §4: compared as it is written.
    if document.get("client_id").and_then(Value::as_str) != Some(url) {
        return Err(refuse("client_id in the document must be the address of the document"));
    }
    // §4.1: everybody can read it.
    if ["client_secret", "client_secret_expires_at"].iter().any(|name| document.get(name).is_some()) {
        return Err(refuse("the document at client_id must not have a client_secret"));
    }
    let requested: Requested = serde_json::from_value(document)
        .map_err(|_| refuse("a member of the document at client_id has another type than RFC 7591 gives it"))?;
    // What a registration means that does not say how its client proves itself, no document can mean.
    let method = requested.token_endpoint_auth_method.clone();
    let method = method.or_else(|| requested.profile.is_none().then(|| "none".to_owned()));
    let requested = Requested { token_endpoint_auth_method: method, ..requested };
    let metadata = requested.complete(&[])?;
    match metadata.token_endpoint_auth_method {
        AuthMethod::None | AuthMethod::PrivateKeyJwt => Ok(metadata),
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => {
            Err(refuse("token_endpoint_auth_method in the document at client_id must be none or private_key_jwt"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://app.example/client";

    fn judge(change: Value) -> Result<Metadata, OAuthError> {
        let mut document = json!({ "client_id": URL, "redirect_uris": ["https://app.example/cb"] });
        if let (Some(document), Some(change)) = (document.as_object_mut(), change.as_object()) {
            document.extend(change.clone());
        }
        read(URL, "application/json", document.to_string().as_bytes())
    }

    #[test]
    fn v44_a_document_is_judged_as_a_registration_without_secrets() {
        assert_eq!(judge(json!({})).unwrap().token_endpoint_auth_method, AuthMethod::None);
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key] } });
        assert_eq!(judge(keyed).unwrap().token_endpoint_auth_method, AuthMethod::PrivateKeyJwt);
        let fapi = json!({ "profile": "fapi2", "jwks_uri": "https://app.example/keys" });
        assert_eq!(judge(fapi).unwrap().token_endpoint_auth_method, AuthMethod::PrivateKeyJwt);
        for wrong in [
            json!({ "client_id": "https://app.example/client/" }),
            json!({ "client_id": "https://APP.example/client" }),
            json!({ "client_id": null }),
            json!({ "client_id": [URL] }),
            json!({ "client_secret": "x" }),
            json!({ "client_secret": null }),
            json!({ "client_secret_expires_at": 0 }),
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "token_endpoint_auth_method": "client_secret_post" }),
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            json!({ "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "x", "d": "x" }] } }),
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "x" }] } }),
            json!({ "grant_types": ["password"] }),
            json!({ "dialects": ["acwing"] }),
            json!({ "redirect_uris": [] }),
            json!({ "redirect_uris": ["http://app.example/cb"] }),
            json!({ "redirect_uris": "https://app.example/cb" }),
            json!({ "jwks_uri": "http://169.254.169.254/" }),
        ] {
            assert!(judge(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn v44_a_document_is_json_and_says_so() {
        let body = json!({ "client_id": URL, "redirect_uris": ["https://app.example/cb"] }).to_string();
        for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/cimd+json"] {
            assert!(read(URL, content_type, body.as_bytes()).is_ok(), "{content_type}");
        }
        for content_type in
            ["", "text/html", "text/json", "application/jsonp", "application/+jsonx", "json", "a/b+json"]
        {
            assert!(read(URL, content_type, body.as_bytes()).is_err(), "{content_type}");
        }
        for body in ["", "null", "[]", "\"x\"", "{", "\u{feff}{}"] {
            assert!(read(URL, "application/json", body.as_bytes()).is_err(), "{body}");
        }
        let deep = "[".repeat(LIMIT);
        assert!(read(URL, "application/json", deep.as_bytes()).is_err());
    }

    #[test]
    fn a_document_is_kept_as_its_server_says_within_bounds() {
        for (cache_control, seconds) in [
            ("", 600),
            ("public", 600),
            ("max-age=1000", 1000),
            ("public, MAX-AGE=\"1000\"", 1000),
            ("max-age=1", 300),
            ("max-age=99999999999999999999999", 3600),
            ("max-age=-1", 600),
            ("max-age=", 600),
            ("no-store, max-age=1000", 300),
            ("No-Cache", 300),
        ] {
            let document = Document::fetched(URL, cache_control, Time(1000));
            assert_eq!(document.fresh_until, Time(1000) + seconds, "{cache_control}");
            assert!(document.is_fresh(Time(999) + seconds) && !document.is_fresh(Time(1000) + seconds));
        }
    }
}
