//! Client metadata (RFC 7591 §2; OpenID Connect Dynamic Client Registration §2): read, completed, refused.

use serde::{Deserialize, Serialize};
use url::Url;

use super::error::{ErrorCode, OAuthError};
use super::redirect_uri::RedirectUri;
use super::scope::Scope;

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// HTTP Basic (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
    /// A public client.
    None,
}

/// What a client may ask the token endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.3. Legacy: only an administrator gives it.
    Password,
}

impl GrantType {
    /// The grant's name on the wire, if this server knows it.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(text)).ok()
    }
}

/// Whether the client runs on a server or on the user's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server.
    Web,
    /// On the user's device.
    Native,
}

/// A client's metadata as registered, complete: it is echoed as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The application's name, as the consent page shows it.
    pub client_name: String,
    /// Where users may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself.
    pub token_endpoint_auth_method: AuthMethod,
    /// What it may ask for.
    pub grant_types: Vec<GrantType>,
    /// `code`, or nothing where no grant redirects.
    pub response_types: Vec<String>,
    /// The scopes that it may be given.
    pub scope: Scope,
    /// Server or device.
    pub application_type: ApplicationType,
    /// `RS256`.
    pub id_token_signed_response_alg: String,
    /// `public`.
    pub subject_type: String,
    /// `max_age` where the request has none, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// Whether ID tokens carry `auth_time` (they always do).
    #[serde(default)]
    pub require_auth_time: bool,
    /// Whether its authorization requests must carry a code challenge. Not a registered name: what bangumoe adds.
    #[serde(default)]
    pub require_pkce: bool,
    /// The application's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The application's picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// How to reach its people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// RFC 7591 §2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// RFC 7591 §2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
}

/// Metadata as a client sends it. What this server does not know is ignored (RFC 7591 §2).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Requested {
    /// See [`Metadata`].
    pub client_name: Option<String>,
    /// See [`Metadata`].
    pub redirect_uris: Option<Vec<String>>,
    /// See [`Metadata`].
    pub token_endpoint_auth_method: Option<String>,
    /// See [`Metadata`].
    pub grant_types: Option<Vec<String>>,
    /// See [`Metadata`].
    pub response_types: Option<Vec<String>>,
    /// See [`Metadata`].
    pub scope: Option<String>,
    /// See [`Metadata`].
    pub application_type: Option<String>,
    /// See [`Metadata`].
    pub id_token_signed_response_alg: Option<String>,
    /// See [`Metadata`].
    pub subject_type: Option<String>,
    /// See [`Metadata`].
    pub default_max_age: Option<i64>,
    /// See [`Metadata`].
    pub require_auth_time: Option<bool>,
    /// See [`Metadata`].
    pub require_pkce: Option<bool>,
    /// See [`Metadata`].
    pub client_uri: Option<String>,
    /// See [`Metadata`].
    pub logo_uri: Option<String>,
    /// See [`Metadata`].
    pub tos_uri: Option<String>,
    /// See [`Metadata`].
    pub policy_uri: Option<String>,
    /// See [`Metadata`].
    pub contacts: Option<Vec<String>>,
    /// See [`Metadata`].
    pub software_id: Option<String>,
    /// See [`Metadata`].
    pub software_version: Option<String>,
}

fn refuse(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, description)
}

impl Requested {
    /// Completes the metadata with its defaults and checks that it makes sense.
    ///
    /// # Errors
    /// `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2).
    pub fn complete(self) -> Result<Metadata, OAuthError> {
        let auth_method = match self.token_endpoint_auth_method.as_deref() {
            None | Some("client_secret_basic") => AuthMethod::ClientSecretBasic,
            Some("client_secret_post") => AuthMethod::ClientSecretPost,
            Some("none") => AuthMethod::None,
            Some(_) => {
                let hint = "token_endpoint_auth_method must be client_secret_basic, client_secret_post or none";
                return Err(refuse(hint));
            }
        };
        let grant_types = grant_types(self.grant_types, auth_method)?;
        let redirects = grant_types.contains(&GrantType::AuthorizationCode);
        let redirect_uris = redirect_uris(&self.redirect_uris.unwrap_or_default(), redirects)?;
        let response_types = self.response_types.unwrap_or_else(|| default_response_types(redirects));
        if response_types.iter().any(|response_type| response_type != "code") {
            return Err(refuse("response_types may only hold code"));
        }
        if redirects == response_types.is_empty() {
            return Err(refuse("response_types and grant_types do not fit: code goes with authorization_code"));
        }
        let on_device = !redirect_uris.is_empty() && redirect_uris.iter().all(RedirectUri::is_on_device);
        let application_type = match self.application_type.as_deref() {
            Some("web") => ApplicationType::Web,
            Some("native") => ApplicationType::Native,
            // A public client with nothing but addresses on the device is a native app, whether it says so or not.
            None if on_device && auth_method == AuthMethod::None => ApplicationType::Native,
            None => ApplicationType::Web,
            Some(_) => return Err(refuse("application_type must be web or native")),
        };
        let only = |value: Option<String>, supported: &'static str, refusal: &'static str| match value {
            Some(value) if value != supported => Err(refuse(refusal)),
            _ => Ok(supported.to_owned()),
        };
        if self.default_max_age.is_some_and(|seconds| seconds < 0) {
            return Err(refuse("default_max_age must not be negative"));
        }
        let scope = match self.scope.as_deref() {
            Some(text) => text.parse().unwrap_or_default(),
            None => Scope::all(),
        };
        if scope.is_empty() {
            return Err(refuse("scope names none that this server knows"));
        }
        let client_name = self.client_name.unwrap_or_default().trim().to_owned();
        Ok(Metadata {
            client_name: plain("client_name", client_name, 100)?,
            redirect_uris,
            token_endpoint_auth_method: auth_method,
            grant_types,
            response_types,
            scope,
            application_type,
            id_token_signed_response_alg: only(
                self.id_token_signed_response_alg,
                "RS256",
                "id_token_signed_response_alg must be RS256",
            )?,
            subject_type: only(self.subject_type, "public", "subject_type must be public")?,
            default_max_age: self.default_max_age,
            require_auth_time: self.require_auth_time.unwrap_or_default(),
            require_pkce: self.require_pkce.unwrap_or_default(),
            client_uri: web_address("client_uri", self.client_uri)?,
            logo_uri: web_address("logo_uri", self.logo_uri)?,
            tos_uri: web_address("tos_uri", self.tos_uri)?,
            policy_uri: web_address("policy_uri", self.policy_uri)?,
            contacts: few("contacts", self.contacts.unwrap_or_default())?,
            software_id: self.software_id.map(|text| plain("software_id", text, 200)).transpose()?,
            software_version: self.software_version.map(|text| plain("software_version", text, 200)).transpose()?,
        })
    }
}

fn grant_types(requested: Option<Vec<String>>, auth_method: AuthMethod) -> Result<Vec<GrantType>, OAuthError> {
    let Some(requested) = requested else { return Ok(vec![GrantType::AuthorizationCode]) };
    let mut grants = Vec::new();
    for name in requested {
        let grant = match GrantType::parse(&name) {
            // RFC 9700 §2.4: the password grant is not for new clients.
            None | Some(GrantType::Password) => {
                let hint = "grant_types may hold authorization_code, refresh_token and client_credentials";
                return Err(refuse(hint));
            }
            Some(grant) => grant,
        };
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    if grants.is_empty() {
        return Err(refuse("grant_types is empty"));
    }
    // RFC 6749 §4.4: client credentials are for confidential clients alone.
    if auth_method == AuthMethod::None && grants.contains(&GrantType::ClientCredentials) {
        return Err(refuse("a public client can't use client_credentials"));
    }
    Ok(grants)
}

fn default_response_types(redirects: bool) -> Vec<String> {
    if redirects { vec!["code".to_owned()] } else { Vec::new() }
}

fn redirect_uris(requested: &[String], needed: bool) -> Result<Vec<RedirectUri>, OAuthError> {
    let refuse = |description: &'static str| OAuthError::new(ErrorCode::InvalidRedirectUri, description);
    if needed && requested.is_empty() {
        return Err(refuse("redirect_uris is needed for authorization_code"));
    }
    if requested.len() > 20 {
        return Err(refuse("redirect_uris may hold 20 at most"));
    }
    let parse = |text: &String| {
        let hint = "a redirect URI must be https, or http at a loopback address, or an app's own scheme with a dot, \
                    and have no fragment";
        RedirectUri::parse(text).ok_or_else(|| refuse(hint))
    };
    requested.iter().map(parse).collect()
}

/// A short text that is shown to people: no control characters, which could dress one name up as another.
fn plain(field: &'static str, text: String, most: usize) -> Result<String, OAuthError> {
    let invisible =
        |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
    if text.chars().count() > most || text.chars().any(invisible) {
        return Err(refuse(format!("{field} must be at most {most} characters of plain text")));
    }
    Ok(text)
}

fn few(field: &'static str, texts: Vec<String>) -> Result<Vec<String>, OAuthError> {
    if texts.len() > 10 {
        return Err(refuse(format!("{field} may hold 10 at most")));
    }
    texts.into_iter().map(|text| plain(field, text, 200)).collect()
}

fn web_address(field: &'static str, text: Option<String>) -> Result<Option<String>, OAuthError> {
    let Some(text) = text else { return Ok(None) };
    let http = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    if !http || text.len() > 1000 {
        return Err(refuse(format!("{field} must be a web address")));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(json: &str) -> Result<Metadata, OAuthError> {
        serde_json::from_str::<Requested>(json).unwrap().complete()
    }

    #[test]
    fn the_least_registration_is_a_confidential_web_client_with_the_code_flow() {
        let metadata = complete(r#"{"redirect_uris":["https://a.example/cb"]}"#).unwrap();
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(metadata.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(metadata.application_type, ApplicationType::Web);
        assert_eq!(metadata.response_types, ["code"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for json in [
            r#"{}"#,
            r#"{"redirect_uris":["javascript:alert(1)"]}"#,
            r#"{"redirect_uris":["https://a/"],"grant_types":["password"]}"#,
            r#"{"redirect_uris":["https://a/"],"grant_types":[]}"#,
            r#"{"redirect_uris":["https://a/"],"response_types":["token"]}"#,
            r#"{"redirect_uris":["https://a/"],"response_types":[]}"#,
            r#"{"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}"#,
            r#"{"redirect_uris":["https://a/"],"id_token_signed_response_alg":"none"}"#,
            r#"{"redirect_uris":["https://a/"],"scope":"account"}"#,
            r#"{"redirect_uris":["https://a/"],"logo_uri":"javascript:alert(1)"}"#,
            "{\"redirect_uris\":[\"https://a/\"],\"client_name\":\"a\\u202eb\"}",
        ] {
            assert!(complete(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_service_client_needs_no_redirect() {
        let metadata = complete(r#"{"grant_types":["client_credentials"]}"#).unwrap();
        assert!(metadata.redirect_uris.is_empty() && metadata.response_types.is_empty());
    }
}
