//! The question whether an application may have what it asks for.

use askama::Template;

use super::Layout;

/// Shown by `/oauth2/authorize`. The form posts `decision` (`allow` or `deny`), `request` and `csrf` back to it.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub struct Consent<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The application's name, as it gave it.
    pub client_name: &'a str,
    /// The host of its `client_uri`, as it gave it.
    pub client_host: Option<&'a str>,
    /// The host of the metadata that names it, in place of that: this it could not make up.
    pub document_host: Option<&'a str>,
    /// Where the user goes afterwards: the redirect URI's host with its port, or its scheme for an installed
    /// application.
    pub redirect_host: &'a str,
    /// What it asks for.
    pub scopes: Vec<ConsentScope<'a>>,
    /// How long access lasts without `offline_access`.
    pub minutes: u32,
    /// The display name of whoever is asked.
    pub user: &'a str,
    /// The authorization request, sealed.
    pub request: &'a str,
    /// Signs in with another account and comes back.
    pub switch_href: &'a str,
}

/// One scope that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentScope<'a> {
    /// Its name: `collections:read`.
    pub name: &'a str,
    /// Whether an earlier consent has it.
    pub granted: bool,
}

impl Consent<'_> {
    /// A scope in words. One without words shows its name: better odd than hidden.
    fn words<'s>(&self, scope: &ConsentScope<'s>) -> (&'s str, &'s str) {
        self.layout.m.scope(scope.name).unwrap_or((scope.name, ""))
    }

    /// Whether some scopes were given earlier and some weren't, so that it helps to tell them apart.
    fn widens(&self) -> bool {
        self.scopes.iter().any(|scope| scope.granted) && self.scopes.iter().any(|scope| !scope.granted)
    }

    fn offline(&self) -> bool {
        self.scopes.iter().any(|scope| scope.name == "offline_access")
    }
}
