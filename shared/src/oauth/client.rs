//! A registered client.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::client_document::Document;
use super::client_name;
use super::dialect::Dialect;
use super::lifetimes::{ACCESS_TOKEN, LONGEST_TOKEN, REFRESH_ABSOLUTE, REFRESH_IDLE};
use super::metadata::{ApplicationType, AuthMethod, GrantType, Metadata};
use super::response_type::ResponseType;
use crate::clock::Time;
use crate::config::Issuer;
use crate::entropy::Entropy;
use crate::id::{ClientId, UserId};

/// A client as registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Its name in the table; see [`Client::name`].
    pub client_id: ClientId,
    /// Where its metadata was fetched; none where it registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Raised by every change.
    pub version: u64,
    /// The user who registered it; none where the operator did or anybody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<UserId>,
    /// When it was registered.
    pub created_at: Time,
    /// Ends everything of it at once.
    pub disabled: bool,
    /// What its secret is checked against; a public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<HashedSecret>,
    /// What the token is checked against that its registration can be read and changed with (RFC 7592 §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_token: Option<HashedSecret>,
    /// Whether refresh tokens rotate. A public client's always do (RFC 9700 §2.2.2).
    pub rotate_refresh_tokens: bool,
    /// What an administrator decides.
    #[serde(default)]
    pub policies: Policies,
    /// What it registered.
    #[serde(flatten)]
    pub metadata: Metadata,
}

/// What only an administrator decides about a client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// Grants that nobody can register for by themselves (see [`GrantType::is_privilege`]).
    pub privileges: Vec<GrantType>,
    /// It is the site's own: its users are not asked for consent.
    pub first_party: bool,
    /// How long its access tokens live, in seconds, where no dialect says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// How long a refresh token lives that nobody uses, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_idle_lifetime: Option<i64>,
    /// How long refresh tokens live, however much they are used, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<i64>,
    /// Resource servers, beside this one, that it may ask tokens for: URIs (RFC 8707) and client ids (RFC 8693 §2.1).
    pub resources: Vec<String>,
    /// Resource servers that it is, beside the one of its client id: it may ask about tokens that are for them (RFC 7662),
    /// and trade those for others (RFC 8693).
    pub audiences: Vec<String>,
}

/// What is kept of a client's secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashedSecret {
    /// Hexadecimal SHA-256 of 256 random bits: nothing that could be guessed, so nothing that needs a slow hash.
    Sha256(String),
    /// Argon2id of a secret that its client chose itself. The `/oauth2.0/` dialect alone accepts it.
    Argon2(String),
}

impl HashedSecret {
    /// A fresh random secret (43 characters) and what to keep of it.
    pub fn generate(entropy: &Entropy) -> (SecretString, Self) {
        let secret = BASE64URL_NOPAD.encode(&entropy.bytes::<32>());
        let hash = sha256_hex(&secret);
        (secret.into(), Self::Sha256(hash))
    }

    /// Whether `presented` is a generated secret that this is the hash of. Never for a chosen one.
    pub fn verifies_generated(&self, presented: &SecretString) -> bool {
        match self {
            Self::Sha256(hash) => sha256_hex(presented.expose_secret()).as_bytes().ct_eq(hash.as_bytes()).into(),
            Self::Argon2(_) => false,
        }
    }
}

/// Hexadecimal SHA-256.
pub fn sha256_hex(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

impl Client {
    /// A new client with the usual policies.
    pub fn new(
        client_id: ClientId,
        metadata: Metadata,
        secret: Option<HashedSecret>,
        owner_id: Option<UserId>,
        created_at: Time,
    ) -> Self {
        Self {
            client_id,
            document: None,
            version: 1,
            owner_id,
            created_at,
            disabled: false,
            secret,
            registration_token: None,
            // FAPI 2.0 Security Profile §5.3.2.1: its clients prove themselves by a key, and rotation could only lock them out.
            rotate_refresh_tokens: !metadata.is_fapi(),
            policies: Policies::default(),
            metadata,
        }
    }

    /// A client whose metadata stands at an address.
    pub fn of_document(document: Document, metadata: Metadata, created_at: Time) -> Self {
        let client_id = ClientId::of_document(&document.url);
        Self { document: Some(document), ..Self::new(client_id, metadata, None, None, created_at) }
    }

    /// The same client, of which a document says something else by now. What an administrator decided stays.
    #[must_use]
    pub fn renewed(self, document: Document, metadata: Metadata) -> Self {
        let rotate_refresh_tokens = self.rotate_refresh_tokens && !metadata.is_fapi();
        Self { document: Some(document), metadata, rotate_refresh_tokens, ..self }
    }

    /// Its name in the protocol: the `client_id`.
    pub fn name(&self) -> String {
        self.document.as_ref().map_or_else(|| self.client_id.to_string(), |document| document.url.clone())
    }

    /// Whether it can't keep a secret.
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether it runs on the user's device.
    pub fn is_native(&self) -> bool {
        self.metadata.application_type == ApplicationType::Native
    }

    /// Whether it may use `grant`.
    pub fn allows(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant)
    }

    /// Lets it use one more grant, as an administrator does.
    pub fn allow(&mut self, grant: GrantType) {
        fn add<T: PartialEq>(list: &mut Vec<T>, value: T) {
            if !list.contains(&value) {
                list.push(value);
            }
        }
        let Self { metadata, policies, .. } = self;
        add(&mut metadata.grant_types, grant);
        if grant.is_privilege() {
            add(&mut policies.privileges, grant);
        }
        if grant == GrantType::Implicit {
            let code = metadata.grant_types.contains(&GrantType::AuthorizationCode);
            for response_type in ResponseType::LEGACY.into_iter().filter(|legacy| code || !legacy.code) {
                add(&mut metadata.response_types, response_type);
            }
        }
    }

    /// Takes a grant from it again.
    pub fn disallow(&mut self, grant: GrantType) {
        let Self { metadata, policies, .. } = self;
        metadata.grant_types.retain(|other| *other != grant);
        policies.privileges.retain(|other| *other != grant);
        match grant {
            GrantType::Implicit => metadata.response_types.retain(|response_type| !response_type.is_legacy()),
            GrantType::AuthorizationCode => metadata.response_types.retain(|response_type| !response_type.code),
            _ => {}
        }
    }

    /// Whether its refresh tokens change with every use.
    pub fn rotates(&self) -> bool {
        self.rotate_refresh_tokens || self.is_public()
    }

    /// Whether its authorization requests must carry a code challenge: a public client's always (RFC 9700 §2.1.1), and one's
    /// that may be public when the code is redeemed.
    pub fn needs_pkce(&self) -> bool {
        self.metadata.require_pkce || self.is_public() || self.document.is_some()
    }

    /// The clients that know the same people under the same pairwise names: those of one host (OpenID Connect Core §8.1).
    pub fn sector(&self) -> String {
        let host = |address: &str| Some(url::Url::parse(address).ok()?.host_str()?.to_owned());
        let registered = self.metadata.sector_identifier_uri.as_deref().and_then(host);
        let own = || self.metadata.redirect_uris.first().and_then(|uri| host(uri.as_str()));
        registered.or_else(own).unwrap_or_else(|| self.name())
    }

    /// How long its access tokens live, in seconds, where no dialect says otherwise.
    pub fn access_token_lifetime(&self) -> i64 {
        self.policies.access_token_lifetime.unwrap_or(ACCESS_TOKEN).min(LONGEST_TOKEN)
    }

    /// How long its access tokens live in a dialect, or else the standard, in seconds.
    pub fn access_token_lifetime_in(&self, dialect: Option<&Dialect>) -> i64 {
        dialect.and_then(|dialect| dialect.access_token).unwrap_or_else(|| self.access_token_lifetime())
    }

    /// How long a refresh token of it lives that nobody uses, in seconds.
    pub fn refresh_token_idle_lifetime(&self) -> i64 {
        self.policies.refresh_token_idle_lifetime.unwrap_or(REFRESH_IDLE).min(REFRESH_ABSOLUTE)
    }

    /// How long its refresh tokens live, however much they are used, in seconds.
    pub fn refresh_token_lifetime(&self) -> i64 {
        self.policies.refresh_token_lifetime.unwrap_or(REFRESH_ABSOLUTE).min(REFRESH_ABSOLUTE)
    }

    /// Whether a token for `audience` is meant for it.
    pub fn is_audience(&self, audience: &str) -> bool {
        self.name() == audience || self.policies.audiences.iter().any(|own| own == audience)
    }

    /// The host of the document that names it: nothing that it could make up.
    pub fn document_host(&self) -> Option<String> {
        client_name::host(&self.document.as_ref()?.url)
    }

    /// The host of its page, as it gave it.
    pub fn host(&self) -> Option<String> {
        let (_, rest) = self.metadata.client_uri.as_deref()?.split_once("://")?;
        rest.split(['/', '?', '#']).next().map(str::to_owned)
    }

    /// What to call it where people read.
    pub fn display_name(&self) -> String {
        if self.metadata.client_name.is_empty() { self.name() } else { self.metadata.client_name.clone() }
    }

    /// The registration as RFC 7591 §3.2.1 answers it: everything echoed; a fresh secret is shown this once.
    pub fn registration<'a>(&'a self, secret: Option<&'a SecretString>) -> Registration<'a> {
        Registration {
            client_id: self.name(),
            client_id_issued_at: self.created_at,
            client_secret: secret.map(SecretString::expose_secret),
            client_secret_expires_at: secret.map(|_| 0),
            registration_client_uri: None,
            registration_access_token: None,
            metadata: &self.metadata,
        }
    }
}

/// The answer to a registration (RFC 7591 §3.2.1).
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registration<'a> {
    client_id: String,
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    client_id_issued_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// 0: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<&'a str>,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

impl<'a> Registration<'a> {
    /// With the address where it can be read, changed and deleted, and the token for that (RFC 7592 §3).
    #[must_use]
    pub fn managed_at(self, issuer: &Issuer, token: Option<&'a SecretString>) -> Self {
        Self {
            registration_client_uri: Some(issuer.url(&format!("/oauth2/register/{}", self.client_id))),
            registration_access_token: token.map(SecretString::expose_secret),
            ..self
        }
    }
}
