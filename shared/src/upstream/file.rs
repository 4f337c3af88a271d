//! A provider's file, as docs/providers.md has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::{Location, Template};

/// A provider, as its file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFile {
    pub(super) name: String,
    #[serde(default)]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) addresses: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    pub(super) pkce: Option<bool>,
    pub(super) nonce: Option<bool>,
    #[serde(default)]
    pub(super) authorize: Authorize,
    pub(super) token: Option<Request>,
    pub(super) refresh: Option<Request>,
    pub(super) profile: Option<Request>,
    #[serde(default)]
    pub(super) subject: Vec<Place>,
    #[serde(default)]
    pub(super) claims: ClaimPlaces,
    #[serde(default)]
    pub(super) errors: Errors,
}

/// How much of the work a standard does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// The file says everything.
    #[default]
    Oauth,
    /// OpenID Connect: the provider says where everything is, and signs who it is.
    Oidc,
}

/// Where the browser is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorize {
    pub(super) url: Option<Location>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Template>,
}

/// A request of ours.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) method: Option<Method>,
    pub(super) url: Option<Location>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Template>,
    pub(super) body: Option<Body>,
    pub(super) client_authentication: Option<ClientAuthentication>,
    #[serde(default)]
    pub(super) bearer: bool,
    #[serde(default = "ok")]
    pub(super) success: Vec<u16>,
}

fn ok() -> Vec<u16> {
    vec![200]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    Get,
    Post,
}

/// Where the parameters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Body {
    Form,
    Json,
    Query,
}

/// How this site shows which client it is (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClientAuthentication {
    /// HTTP Basic, id and secret encoded as in a form.
    Basic,
    /// HTTP Basic, id and secret as they are: many have it so.
    BasicUnencoded,
    /// Among the parameters.
    Parameters,
}

/// Where something stands in what the provider answers: `token:/uid`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Place {
    pub(super) source: Source,
    /// A JSON pointer (RFC 6901).
    pub(super) pointer: String,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Token,
    Profile,
    IdToken,
}

impl TryFrom<String> for Place {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (source, pointer) = text.split_once(':').unwrap_or_default();
        let source = match source {
            "token" => Source::Token,
            "profile" => Source::Profile,
            "id_token" => Source::IdToken,
            _ => return Err("a place is token:, profile: or id_token:, and a JSON pointer: token:/user/id".to_owned()),
        };
        if !pointer.starts_with('/') {
            return Err("a JSON pointer begins with a slash: token:/user/id".to_owned());
        }
        Ok(Self { source, pointer: pointer.to_owned() })
    }
}

/// Where what else is known of a person stands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimPlaces {
    pub(super) name: Option<Place>,
    pub(super) username: Option<Place>,
    pub(super) picture: Option<Place>,
    pub(super) email: Option<Place>,
}

impl ClaimPlaces {
    /// All of them, with their names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        let named =
            [("name", &self.name), ("username", &self.username), ("picture", &self.picture), ("email", &self.email)];
        named.into_iter().filter_map(|(name, place)| Some((name, place.as_ref()?)))
    }
}

/// How errors look, under any status.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Errors {
    /// JSON pointers to error codes.
    #[serde(default = "error")]
    pub(super) codes: Vec<String>,
    /// Which codes say that a code or refresh token is no good.
    #[serde(default = "invalid_grant")]
    pub(super) invalid_grant: Vec<String>,
    /// Which say that somebody does not want this.
    #[serde(default = "denied")]
    pub(super) denied: Vec<String>,
    /// Which say that it will work later.
    #[serde(default = "unavailable")]
    pub(super) unavailable: Vec<String>,
}

impl Default for Errors {
    /// RFC 6749 §5.2, and what of §4.1.2.1 turns up there as well.
    fn default() -> Self {
        Self { codes: error(), invalid_grant: invalid_grant(), denied: denied(), unavailable: unavailable() }
    }
}

fn error() -> Vec<String> {
    vec!["/error".to_owned()]
}

fn invalid_grant() -> Vec<String> {
    vec!["invalid_grant".to_owned()]
}

fn denied() -> Vec<String> {
    vec!["access_denied".to_owned()]
}

fn unavailable() -> Vec<String> {
    vec!["temporarily_unavailable".to_owned(), "server_error".to_owned()]
}
