//! Metadata as a client sends it: read, completed, refused.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use url::{Host, Url};

use super::{
    ApplicationType, AuthMethod, GrantType, Metadata, Profile, RequestObjectAlg, SigningAlg, SubjectType, Unsigned,
};
use crate::oauth::dialect::Dialect;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::response_type::ResponseType;
use crate::oauth::scope::Scope;

/// Metadata as a client sends it; see [`Metadata`] for each. What this server does not know is ignored (RFC 7591 §2), and
/// null is as good as nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[expect(missing_docs, reason = "each is documented where it is complete")]
pub struct Requested {
    pub client_name: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    pub token_endpoint_auth_method: Option<String>,
    pub token_endpoint_auth_signing_alg: Option<String>,
    pub grant_types: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
    pub scope: Option<String>,
    pub application_type: Option<String>,
    pub jwks: Option<Value>,
    pub jwks_uri: Option<String>,
    pub id_token_signed_response_alg: Option<String>,
    pub userinfo_signed_response_alg: Option<String>,
    pub request_object_signing_alg: Option<String>,
    pub request_uris: Option<Vec<String>>,
    pub require_signed_request_object: Option<bool>,
    pub require_pushed_authorization_requests: Option<bool>,
    pub dpop_bound_access_tokens: Option<bool>,
    pub subject_type: Option<String>,
    pub sector_identifier_uri: Option<String>,
    pub default_max_age: Option<i64>,
    pub default_acr_values: Option<Vec<String>>,
    pub require_auth_time: Option<bool>,
    pub require_pkce: Option<bool>,
    pub profile: Option<String>,
    pub post_logout_redirect_uris: Option<Vec<String>>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: Option<bool>,
    pub initiate_login_uri: Option<String>,
    pub dialects: Option<Vec<String>>,
    pub client_uri: Option<String>,
    pub logo_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub contacts: Option<Vec<String>>,
    pub software_id: Option<String>,
    pub software_version: Option<String>,
}

/// The most bytes of keys that a registration may hold: they are read with the client at every request.
const JWKS: usize = 8192;

fn refuse(description: impl Into<Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, description)
}

impl Requested {
    /// Completes the metadata with its defaults and checks that it makes sense. `privileges` are what an administrator has
    /// allowed this client beyond what anybody may have (see [`GrantType::is_privilege`]).
    ///
    /// # Errors
    /// `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2).
    pub fn complete(self, privileges: &[GrantType]) -> Result<Metadata, OAuthError> {
        let profile = one_of("profile", self.profile, &[("fapi2", Profile::Fapi2)])?;
        let fapi = profile.is_some();
        let auth_method = auth_method(self.token_endpoint_auth_method, fapi)?;
        let grant_types = grant_types(self.grant_types, auth_method, privileges)?;
        let response_types = response_types(self.response_types, &grant_types)?;
        let redirect_uris = redirect_uris(
            "redirect_uris",
            &self.redirect_uris.unwrap_or_default(),
            ErrorCode::InvalidRedirectUri,
            !response_types.is_empty(),
        )?;
        let (jwks, jwks_uri) = keys(self.jwks, self.jwks_uri, auth_method)?;
        let signed = |field, value, choice: &[SigningAlg]| signing_alg(field, value, choice, fapi);
        let scope = match self.scope.as_deref() {
            Some(text) => text.parse().unwrap_or_default(),
            None => Scope::all(),
        };
        if scope.is_empty() {
            return Err(refuse("scope names none that this server knows"));
        }
        if self.default_max_age.is_some_and(|seconds| seconds < 0) {
            return Err(refuse("default_max_age must not be negative"));
        }
        let client_name = self.client_name.unwrap_or_default().trim().to_owned();
        let metadata = Metadata {
            client_name: plain("client_name", client_name, 100)?,
            application_type: application_type(self.application_type, auth_method, &redirect_uris)?,
            redirect_uris,
            token_endpoint_auth_method: auth_method,
            token_endpoint_auth_signing_alg: signed(
                "token_endpoint_auth_signing_alg",
                self.token_endpoint_auth_signing_alg,
                &SigningAlg::ALL,
            )?,
            grant_types,
            response_types,
            scope,
            jwks,
            jwks_uri,
            id_token_signed_response_alg: signed(
                "id_token_signed_response_alg",
                self.id_token_signed_response_alg,
                &SigningAlg::OURS,
            )?
            .unwrap_or(if fapi { SigningAlg::Es256 } else { SigningAlg::Rs256 }),
            userinfo_signed_response_alg: signed(
                "userinfo_signed_response_alg",
                self.userinfo_signed_response_alg,
                &SigningAlg::OURS,
            )?,
            request_object_signing_alg: match self.request_object_signing_alg {
                Some(alg) if alg == "none" && !fapi => Some(RequestObjectAlg::Unsigned(Unsigned::None)),
                alg => signed("request_object_signing_alg", alg, &SigningAlg::ALL)?.map(RequestObjectAlg::Signed),
            },
            request_uris: request_uris(self.request_uris, fapi)?,
            require_signed_request_object: self.require_signed_request_object.unwrap_or_default(),
            require_pushed_authorization_requests: fapi
                || self.require_pushed_authorization_requests.unwrap_or_default(),
            dpop_bound_access_tokens: fapi || self.dpop_bound_access_tokens.unwrap_or_default(),
            subject_type: one_of(
                "subject_type",
                self.subject_type,
                &[("public", SubjectType::Public), ("pairwise", SubjectType::Pairwise)],
            )?
            .unwrap_or(SubjectType::Public),
            sector_identifier_uri: fetched("sector_identifier_uri", self.sector_identifier_uri)?,
            default_max_age: self.default_max_age,
            default_acr_values: few("default_acr_values", self.default_acr_values)?,
            require_auth_time: self.require_auth_time.unwrap_or_default(),
            require_pkce: fapi || self.require_pkce.unwrap_or_default(),
            profile,
            post_logout_redirect_uris: redirect_uris_of_logout(self.post_logout_redirect_uris)?,
            backchannel_logout_uri: fetched("backchannel_logout_uri", self.backchannel_logout_uri)?,
            backchannel_logout_session_required: self.backchannel_logout_session_required.unwrap_or_default(),
            initiate_login_uri: web_address("initiate_login_uri", self.initiate_login_uri)?,
            dialects: dialects(self.dialects, auth_method)?,
            client_uri: web_address("client_uri", self.client_uri)?,
            logo_uri: web_address("logo_uri", self.logo_uri)?,
            tos_uri: web_address("tos_uri", self.tos_uri)?,
            policy_uri: web_address("policy_uri", self.policy_uri)?,
            contacts: few("contacts", self.contacts)?,
            software_id: self.software_id.map(|text| plain("software_id", text, 200)).transpose()?,
            software_version: self.software_version.map(|text| plain("software_version", text, 200)).transpose()?,
        };
        check(&metadata)?;
        Ok(metadata)
    }
}

/// What only shows when all is put together.
fn check(metadata: &Metadata) -> Result<(), OAuthError> {
    let keyless = metadata.jwks.is_none() && metadata.jwks_uri.is_none();
    let signed_requests = matches!(metadata.request_object_signing_alg, Some(RequestObjectAlg::Signed(_)));
    if keyless && (signed_requests || metadata.require_signed_request_object) {
        return Err(refuse("signed request objects need jwks or jwks_uri"));
    }
    if metadata.is_fapi() && metadata.grant_types.iter().any(|grant| grant.is_privilege()) {
        return Err(refuse("profile fapi2 goes with none of the grants that an administrator gives"));
    }
    // OpenID Connect Core §8.1: without a common list, users would be different people at each of its hosts.
    let hosts = metadata.redirect_uris.iter().map(RedirectUri::destination).collect::<std::collections::BTreeSet<_>>();
    let pairwise = metadata.subject_type == SubjectType::Pairwise;
    if pairwise && metadata.sector_identifier_uri.is_none() && hosts.len() > 1 {
        return Err(refuse("subject_type pairwise with redirect URIs at several hosts needs sector_identifier_uri"));
    }
    Ok(())
}

fn auth_method(requested: Option<String>, fapi: bool) -> Result<AuthMethod, OAuthError> {
    let methods = [
        ("client_secret_basic", AuthMethod::ClientSecretBasic),
        ("client_secret_post", AuthMethod::ClientSecretPost),
        ("private_key_jwt", AuthMethod::PrivateKeyJwt),
        ("none", AuthMethod::None),
    ];
    let method = one_of("token_endpoint_auth_method", requested, &methods)?;
    match method {
        // FAPI 2.0 Security Profile §5.3.2.1: a key, and no secret.
        Some(AuthMethod::PrivateKeyJwt) | None if fapi => Ok(AuthMethod::PrivateKeyJwt),
        Some(_) if fapi => Err(refuse("profile fapi2 wants token_endpoint_auth_method private_key_jwt")),
        // RFC 7591 §2.
        method => Ok(method.unwrap_or(AuthMethod::ClientSecretBasic)),
    }
}

fn grant_types(
    requested: Option<Vec<String>>,
    auth_method: AuthMethod,
    privileges: &[GrantType],
) -> Result<Vec<GrantType>, OAuthError> {
    let Some(requested) = requested else { return Ok(vec![GrantType::AuthorizationCode]) };
    let mut grants = Vec::new();
    for name in requested {
        let grant = GrantType::parse(&name).filter(|grant| !grant.is_privilege() || privileges.contains(grant));
        let grant = grant.ok_or_else(|| {
            refuse(
                "grant_types may hold authorization_code, refresh_token, client_credentials and \
                 urn:ietf:params:oauth:grant-type:device_code; others are an administrator's to give",
            )
        })?;
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    if grants.is_empty() {
        return Err(refuse("grant_types is empty"));
    }
    // RFC 6749 §4.4, RFC 8693 §5: for who can prove itself alone.
    let confidential = [GrantType::ClientCredentials, GrantType::TokenExchange];
    if auth_method == AuthMethod::None && confidential.iter().any(|grant| grants.contains(grant)) {
        return Err(refuse("a public client can't use client_credentials or token exchange"));
    }
    Ok(grants)
}

/// Response types, which must fit the grants (RFC 7591 §2.1).
fn response_types(requested: Option<Vec<String>>, grants: &[GrantType]) -> Result<Vec<ResponseType>, OAuthError> {
    let (code, implicit) = (grants.contains(&GrantType::AuthorizationCode), grants.contains(&GrantType::Implicit));
    let Some(requested) = requested else {
        let legacy = ResponseType::LEGACY.into_iter().filter(|legacy| implicit && (code || !legacy.code));
        return Ok(code.then_some(ResponseType::CODE).into_iter().chain(legacy).collect());
    };
    let mut types = Vec::new();
    for text in requested {
        let parsed = text.parse::<ResponseType>().ok().filter(|parsed| implicit || !parsed.is_legacy());
        let parsed = parsed.ok_or_else(|| refuse("response_types may only hold code"))?;
        if parsed.code && !code {
            return Err(refuse("response_types and grant_types do not fit: code goes with authorization_code"));
        }
        if !types.contains(&parsed) {
            types.push(parsed);
        }
    }
    if code && !types.iter().any(|parsed| parsed.code) {
        return Err(refuse("response_types and grant_types do not fit: code goes with authorization_code"));
    }
    Ok(types)
}

fn application_type(
    requested: Option<String>,
    auth_method: AuthMethod,
    redirect_uris: &[RedirectUri],
) -> Result<ApplicationType, OAuthError> {
    let types = [("web", ApplicationType::Web), ("native", ApplicationType::Native)];
    let on_device = !redirect_uris.is_empty() && redirect_uris.iter().all(RedirectUri::is_on_device);
    // A public client with nothing but addresses on the device is a native app, whether it says so or not.
    let guess =
        if on_device && auth_method == AuthMethod::None { ApplicationType::Native } else { ApplicationType::Web };
    Ok(one_of("application_type", requested, &types)?.unwrap_or(guess))
}

fn redirect_uris(
    field: &'static str,
    requested: &[String],
    code: ErrorCode,
    needed: bool,
) -> Result<Vec<RedirectUri>, OAuthError> {
    let refuse = |description: String| OAuthError::new(code, description);
    if needed && requested.is_empty() {
        return Err(refuse(format!("{field} is needed for authorization_code")));
    }
    if requested.len() > 20 {
        return Err(refuse(format!("{field} may hold 20 at most")));
    }
    let parse = |text: &String| {
        RedirectUri::parse(text).ok_or_else(|| {
            refuse(format!(
                "{field}: a redirect URI must be https, or http at a loopback address, or an app's own scheme with a dot, \
                 and have no fragment"
            ))
        })
    };
    requested.iter().map(parse).collect()
}

fn redirect_uris_of_logout(requested: Option<Vec<String>>) -> Result<Vec<RedirectUri>, OAuthError> {
    let requested = requested.unwrap_or_default();
    redirect_uris("post_logout_redirect_uris", &requested, ErrorCode::InvalidClientMetadata, false)
}

/// The client's keys: public halves alone, in one of two places (RFC 7591 §2).
fn keys(
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    auth_method: AuthMethod,
) -> Result<(Option<Value>, Option<String>), OAuthError> {
    if jwks.is_some() && jwks_uri.is_some() {
        return Err(refuse("jwks and jwks_uri must not come together"));
    }
    if auth_method == AuthMethod::PrivateKeyJwt && jwks.is_none() && jwks_uri.is_none() {
        return Err(refuse("private_key_jwt needs jwks or jwks_uri"));
    }
    if let Some(jwks) = &jwks {
        let keys = jwks.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
        let keys = keys.ok_or_else(|| refuse("jwks must be an object with a list of keys"))?;
        // RFC 7518 §6: `d` is private, and `k` a secret. Who sends one has lost it.
        let public = |key: &Value| key.is_object() && ["d", "k"].iter().all(|name| key.get(name).is_none());
        if !keys.iter().all(public) {
            return Err(refuse("jwks must hold public keys alone: replace those whose private half was sent"));
        }
        if jwks.to_string().len() > JWKS {
            return Err(refuse(format!("jwks may have {JWKS} bytes at the most")));
        }
    }
    Ok((jwks, fetched("jwks_uri", jwks_uri)?))
}

/// Other systems' words. Their documents know neither PKCE nor keys: what they have is a secret.
fn dialects(requested: Option<Vec<String>>, auth_method: AuthMethod) -> Result<Vec<String>, OAuthError> {
    let mut names = Vec::new();
    for name in requested.unwrap_or_default() {
        if Dialect::named(&name).is_none() {
            let known: Vec<_> = Dialect::names().collect();
            return Err(refuse(format!("dialects may hold: {}", known.join(", "))));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if !names.is_empty() && !auth_method.has_secret() {
        return Err(refuse("dialects are for clients with a secret: client_secret_basic or client_secret_post"));
    }
    Ok(names)
}

fn request_uris(requested: Option<Vec<String>>, fapi: bool) -> Result<Vec<String>, OAuthError> {
    let requested = requested.unwrap_or_default();
    if requested.len() > 10 {
        return Err(refuse("request_uris may hold 10 at most"));
    }
    if fapi && !requested.is_empty() {
        return Err(refuse("profile fapi2 takes no request_uris: its requests are pushed"));
    }
    for uri in &requested {
        // OpenID Connect Registration §2: a fragment, the hash of the contents, may stand behind.
        fetched("request_uris", uri.split('#').next().map(str::to_owned))?;
    }
    Ok(requested)
}

fn signing_alg(
    field: &'static str,
    requested: Option<String>,
    choice: &[SigningAlg],
    fapi: bool,
) -> Result<Option<SigningAlg>, OAuthError> {
    let theirs = choice == SigningAlg::ALL;
    let choice: Vec<_> = choice.iter().copied().filter(|alg| !fapi || alg.is_fapi()).collect();
    // What this server signs with, it calls by one name: of that, the other is not to be had.
    let called = |name: &str| theirs.then(|| choice.iter().copied().find(|alg| alg.is_called(name))).flatten();
    if let Some(alg) = requested.as_deref().and_then(called) {
        return Ok(Some(alg));
    }
    one_of(field, requested, &choice.iter().map(|alg| (alg.as_str(), *alg)).collect::<Vec<_>>())
}

fn one_of<T: Copy>(field: &'static str, text: Option<String>, choice: &[(&str, T)]) -> Result<Option<T>, OAuthError> {
    let Some(text) = text else { return Ok(None) };
    let found = choice.iter().find(|(name, _)| *name == text).map(|(_, value)| Some(*value));
    found.ok_or_else(|| {
        let names: Vec<_> = choice.iter().map(|(name, _)| *name).collect();
        refuse(format!("{field} must be one of: {}", names.join(", ")))
    })
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

fn few(field: &'static str, texts: Option<Vec<String>>) -> Result<Vec<String>, OAuthError> {
    let texts = texts.unwrap_or_default();
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

/// An address that this server calls: https, or http at a loopback address, which only a site that is told so fetches.
fn fetched(field: &'static str, text: Option<String>) -> Result<Option<String>, OAuthError> {
    let Some(text) = text else { return Ok(None) };
    let fits = Url::parse(&text).is_ok_and(|url| {
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        plain && url.host().is_some() && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
    });
    if !fits || text.len() > 1000 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(refuse(format!("{field} must be an https address, without credentials and fragment")));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(json: &str) -> Result<Metadata, OAuthError> {
        serde_json::from_str::<Requested>(json).unwrap().complete(&[])
    }

    #[test]
    fn the_least_registration_is_a_confidential_web_client_with_the_code_flow() {
        let metadata = complete(r#"{"redirect_uris":["https://a.example/cb"]}"#).unwrap();
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(metadata.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(metadata.application_type, ApplicationType::Web);
        assert_eq!(metadata.response_types, [ResponseType::CODE]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for json in [
            r#"{}"#,
            r#"{"redirect_uris":["javascript:alert(1)"]}"#,
            r#"{"redirect_uris":["https://a/"],"grant_types":["password"]}"#,
            r#"{"redirect_uris":["https://a/"],"grant_types":["implicit"]}"#,
            r#"{"redirect_uris":["https://a/"],"grant_types":[]}"#,
            r#"{"redirect_uris":["https://a/"],"response_types":["token"]}"#,
            r#"{"redirect_uris":["https://a/"],"response_types":[]}"#,
            r#"{"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}"#,
            r#"{"redirect_uris":["https://a/"],"id_token_signed_response_alg":"none"}"#,
            r#"{"redirect_uris":["https://a/"],"id_token_signed_response_alg":"PS256"}"#,
            r#"{"redirect_uris":["https://a/"],"userinfo_signed_response_alg":"HS256"}"#,
            r#"{"redirect_uris":["https://a/"],"token_endpoint_auth_method":"private_key_jwt"}"#,
            r#"{"redirect_uris":["https://a/"],"token_endpoint_auth_method":"client_secret_jwt"}"#,
            r#"{"redirect_uris":["https://a/"],"jwks":{"keys":[]}}"#,
            r#"{"redirect_uris":["https://a/"],"jwks":{"keys":[{"kty":"EC","d":"x"}]}}"#,
            r#"{"redirect_uris":["https://a/"],"jwks":{"keys":[{"kty":"EC"}]},"jwks_uri":"https://a/k"}"#,
            r#"{"redirect_uris":["https://a/"],"jwks_uri":"http://a/keys"}"#,
            r#"{"redirect_uris":["https://a/"],"require_signed_request_object":true}"#,
            r#"{"redirect_uris":["https://a/"],"request_uris":["ftp://a/"]}"#,
            r#"{"redirect_uris":["https://a/"],"post_logout_redirect_uris":["javascript:alert(1)"]}"#,
            r#"{"redirect_uris":["https://a/"],"backchannel_logout_uri":"https://a/#x"}"#,
            r#"{"redirect_uris":["https://a/","https://b/"],"subject_type":"pairwise"}"#,
            r#"{"redirect_uris":["https://a/"],"profile":"fapi1"}"#,
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

    #[test]
    fn an_administrator_allows_what_nobody_can_register() {
        let json = r#"{"redirect_uris":["https://a/"],"grant_types":["authorization_code","implicit"]}"#;
        let requested: Requested = serde_json::from_str(json).unwrap();
        let metadata = requested.complete(&[GrantType::Implicit]).unwrap();
        assert_eq!(metadata.response_types.len(), 1 + ResponseType::LEGACY.len());
    }

    #[test]
    fn the_fapi_profile_sets_every_rule_that_it_stands_for() {
        let client = |more: &str| {
            complete(&format!(
                r#"{{"redirect_uris":["https://a/"],"profile":"fapi2","jwks":{{"keys":[{{"kty":"EC"}}]}}{more}}}"#
            ))
        };
        let metadata = client("").unwrap();
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::PrivateKeyJwt);
        assert_eq!(metadata.id_token_signed_response_alg, SigningAlg::Es256);
        assert!(metadata.require_pkce && metadata.require_pushed_authorization_requests);
        assert!(metadata.dpop_bound_access_tokens);
        for more in [
            r#","token_endpoint_auth_method":"client_secret_basic""#,
            r#","token_endpoint_auth_signing_alg":"RS256""#,
            r#","id_token_signed_response_alg":"RS256""#,
            r#","request_object_signing_alg":"none""#,
            r#","request_uris":["https://a/r"]"#,
        ] {
            assert!(client(more).is_err(), "{more}");
        }
    }
}
