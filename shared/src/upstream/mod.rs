//! Accounts elsewhere: providers as data, and the one client that runs them.
//!
//! A provider is a file (docs/providers.md) and what the site's settings say beside it. Here is decided where a browser is
//! sent, and who comes back; what becomes of that person is no matter of this module.
//!
//! Architecture invariant: no provider has code of its own, and nothing of what a provider answers is logged.

mod breaker;
mod file;
mod id;
mod json;
mod judge;
mod oidc;
mod providers;
mod reply;
mod run;
mod subject;
mod template;
#[cfg(test)]
mod tests;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::clock::Time;

pub(crate) use breaker::Breaker;
pub use id::{NotAProvider, ProviderId};
pub use providers::{Provider, ProviderError, Providers};
pub use subject::Subject;

/// A sign-in under way: what the request at the provider and the exchange of its code have in common.
#[derive(Clone, Debug)]
pub struct Attempting {
    /// Where the browser comes back to: [`Provider::redirect_uri`].
    pub redirect_uri: String,
    /// Comes back with the browser.
    pub state: String,
    /// From [`Provider::code_verifier`], if the provider has PKCE.
    pub code_verifier: Option<String>,
    /// From [`Provider::nonce`], if the provider has one.
    pub nonce: Option<String>,
}

/// Who somebody is at a provider.
#[derive(Clone, Debug)]
pub struct Identified {
    /// The identity, together with the provider.
    pub subject: Subject,
    /// What else the provider says.
    pub claims: Claims,
    /// The provider's tokens, where its file says how they are renewed: others are of no use.
    pub tokens: Option<Tokens>,
}

/// What a provider says about somebody: its own word, by which nobody is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name in the provider's addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// An e-mail address, verified or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A provider's tokens for somebody.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Opens the provider's API.
    pub access_token: SecretString,
    /// Gives the next ones.
    pub refresh_token: Option<SecretString>,
    /// When the access token ends, if the provider said so.
    pub expires_at: Option<Time>,
}

/// Why a provider gave nothing. What exactly it was is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The provider says that its user, or it, does not want this.
    #[error("the provider refused")]
    Denied,
    /// The code or refresh token is no good (any more). Of a refresh token, this alone means that it has to be bound again.
    #[error("the provider does not accept what it was shown")]
    InvalidGrant,
    /// It did not answer, or said that it can't now. Later it may.
    #[error("the provider does not answer")]
    Unavailable,
    /// It says that it is asked too much (429). Later it may answer; asking again at once makes it worse.
    #[error("the provider is asked too much")]
    Busy,
    /// It answered something that its file does not explain.
    #[error("the provider's answer is not understood")]
    Malformed,
}
