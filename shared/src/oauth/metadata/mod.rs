//! Client metadata (RFC 7591 §2; OpenID Connect Dynamic Client Registration §2).

mod requested;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use requested::Requested;

use super::redirect_uri::RedirectUri;
use super::response_type::ResponseType;
use super::scope::Scope;

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// HTTP Basic (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
    /// A JWT that the client signs (RFC 7523 §2.2; OpenID Connect Core §9).
    PrivateKeyJwt,
    /// A public client.
    None,
}

impl AuthMethod {
    /// Whether the client has a secret of ours.
    pub fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// What a client may ask the token endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 8628: for a device without a browser or a keyboard.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693. Only an administrator gives it.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 6749 §4.2, and the hybrid response types (OpenID Connect Core §3.3). Legacy: only an administrator gives it.
    Implicit,
    /// RFC 6749 §4.3. Legacy: only an administrator gives it.
    Password,
}

impl GrantType {
    /// The grant's name on the wire, if this server knows it.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(Value::from(text)).ok()
    }

    /// Whether only an administrator gives it (RFC 9700 §2.1.2, §2.4).
    pub fn is_privilege(self) -> bool {
        matches!(self, Self::TokenExchange | Self::Implicit | Self::Password)
    }
}

/// A signature's algorithm (RFC 7518 §3.1, RFC 8037 §3.1). None needs a secret that both sides can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlg {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA, P-256, SHA-256.
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlg {
    /// EdDSA's name where the curve is said along (RFC 9864 §2.2).
    const ED25519: &'static str = "Ed25519";
    /// What a client may sign with.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];
    /// What this server signs with, as a client chooses.
    pub const OURS: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// What a client may call it. RFC 9864 §2.2 gave EdDSA with this curve a name of its own, which libraries write
    /// today; it is the same signature.
    pub fn is_called(self, name: &str) -> bool {
        name == self.as_str() || (self == Self::EdDsa && name == Self::ED25519)
    }

    /// The names of what a client may sign with.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::as_str).chain([Self::ED25519])
    }

    /// Whether the FAPI 2.0 Security Profile has it (§5.4.1).
    pub fn is_fapi(self) -> bool {
        self != Self::Rs256
    }
}

/// What a client's request objects are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RequestObjectAlg {
    /// With this.
    Signed(SigningAlg),
    /// With nothing (RFC 9101 §10.2), because its registration says so.
    Unsigned(Unsigned),
}

/// `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unsigned {
    /// `none`.
    None,
}

/// Who a user is to a client (OpenID Connect Core §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same as to every other.
    Public,
    /// Somebody that other sectors' clients don't know.
    Pairwise,
}

/// Whether the client runs on a server or on the user's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server.
    Web,
    /// On the user's device.
    Native,
}

/// Many rules by one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// FAPI 2.0 Security Profile, with `private_key_jwt` and DPoP.
    Fapi2,
}

/// A client's metadata as registered, complete: it is echoed as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metadata {
    /// The application's name, as the consent page shows it.
    pub client_name: String,
    /// Where users may be sent back to.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself.
    pub token_endpoint_auth_method: AuthMethod,
    /// What its `private_key_jwt` must be signed with; one of [`SigningAlg::ALL`], if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<SigningAlg>,
    /// What it may ask for.
    pub grant_types: Vec<GrantType>,
    /// What it may ask the authorization endpoint for.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub response_types: Vec<ResponseType>,
    /// The scopes that it may be given.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub scope: Scope,
    /// Server or device.
    pub application_type: ApplicationType,
    /// Its public keys (RFC 7517 §5), here or …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// … there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// What its ID tokens are signed with.
    pub id_token_signed_response_alg: SigningAlg,
    /// What its userinfo is signed with; JSON that nobody signs, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    /// What its request objects must be signed with; one of [`SigningAlg::ALL`], if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<RequestObjectAlg>,
    /// Where its request objects may be fetched (OpenID Connect Core §6.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Whether its authorization requests must be signed (RFC 9101 §10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// Whether its authorization requests must be pushed (RFC 9126 §6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Whether its access tokens must be bound to a key (RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Who its users are to it.
    pub subject_type: SubjectType,
    /// Lists the redirect URIs of a sector's clients (OpenID Connect Core §8.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// `max_age` where the request has none, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// `acr_values` where the request has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Whether ID tokens carry `auth_time` (they always do).
    #[serde(default)]
    pub require_auth_time: bool,
    /// Whether its authorization requests must carry a code challenge. Not a registered name: what bangumoe adds.
    #[serde(default)]
    pub require_pkce: bool,
    /// Many rules at once. Not a registered name: what bangumoe adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Where users may be sent after they have signed out (OpenID Connect RP-Initiated Logout §3.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it is told that a user has signed out (OpenID Connect Back-Channel Logout §2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it must be told in which session.
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// Where somebody else may begin its sign-in (OpenID Connect Core §4). Kept for whoever reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Other systems' words that it may use: names of [`Dialect`](super::Dialect). Not a registered name: what bangumoe
    /// adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dialects: Vec<String>,
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

impl Metadata {
    /// Whether the FAPI 2.0 Security Profile holds for it.
    pub fn is_fapi(&self) -> bool {
        self.profile == Some(Profile::Fapi2)
    }
}
