//! `state`: what goes to a provider with a browser, and must come back with it (RFC 6749 §10.12, RFC 9700 §4.7.1).

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::machine::Intent;
use crate::app::{App, Site};
use crate::http::csrf::Browser;
use crate::oauth::lifetimes::UPSTREAM_STATE;
use crate::seal::Sealable;
use crate::store::once::Once;
use crate::upstream::{Attempting, Provider, ProviderId};

/// A sign-in elsewhere that is under way. It is sealed for one browser, and works once, for ten minutes; the secrets in it
/// (RFC 7636's verifier, OpenID Connect's nonce) are read by nobody else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// 128 random bits: what is used up.
    id: String,
    /// Which provider answers. Each has a redirect URI of its own, so that one's answer is not taken for another's
    /// (RFC 9700 §4.4.2.2).
    provider: ProviderId,
    /// What for.
    pub(super) intent: Intent,
    /// What comes after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) continue_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code_verifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
}

impl Sealable for State {
    const PURPOSE: &'static str = "upstream state";
}

impl State {
    /// A new one.
    pub(super) fn new(app: &App, provider: &Provider, intent: Intent, continue_to: Option<&str>) -> Self {
        Self {
            id: BASE64URL_NOPAD.encode(&app.entropy.bytes::<16>()),
            provider: provider.id().clone(),
            intent,
            continue_to: continue_to.map(str::to_owned),
            code_verifier: provider.code_verifier(&app.entropy),
            nonce: provider.nonce(&app.entropy),
        }
    }

    /// Sealed for a browser.
    pub(super) fn seal(&self, site: &Site, browser: &Browser) -> String {
        site.sealer.seal(self, UPSTREAM_STATE, browser.id().as_bytes())
    }

    /// What was sealed for this browser and provider, and is not over.
    pub(super) fn open(site: &Site, browser: &Browser, provider: &Provider, text: &str) -> Option<Self> {
        let state = site.sealer.open::<Self>(text, browser.id().as_bytes()).ok()?;
        (state.provider == *provider.id()).then_some(state)
    }

    /// What the provider's client is told; `sealed` is the text that travels.
    pub(super) fn attempting(&self, provider: &Provider, sealed: String) -> Attempting {
        Attempting {
            redirect_uri: provider.redirect_uri().to_owned(),
            state: sealed,
            code_verifier: self.code_verifier.clone(),
            nonce: self.nonce.clone(),
        }
    }

    /// The mark of its use.
    pub(super) fn once(&self, app: &App) -> Once {
        // Whatever it was sealed with is over by then.
        Once::new(State::PURPOSE, &self.id, app.clock.now() + UPSTREAM_STATE)
    }
}
