//! Accounts elsewhere that are bound to an account.

use askama::Template;

use super::Layout;

/// `GET /connections`. Each bound account's form posts `provider` and `csrf` back to it; what binds one posts `csrf` to
/// `/connect/{provider}`.
#[derive(Debug, Template)]
#[template(path = "connections.html")]
pub struct Connections<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// What is bound.
    pub bound: Vec<ConnectionRow>,
    /// What could be: the provider's id, and its name.
    pub available: Vec<(&'a str, &'a str)>,
    /// What just succeeded, in words.
    pub notice: Option<&'a str>,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

/// An account elsewhere.
#[derive(Clone, Debug)]
pub struct ConnectionRow {
    /// The provider's id.
    pub provider: String,
    /// The provider's name.
    pub name: String,
    /// When it was bound: RFC 3339. The page shows the date.
    pub linked_at: String,
    /// Since when it has to be bound again: RFC 3339.
    pub broken_since: Option<String>,
    /// Whether it can be bound again here.
    pub can_bind_again: bool,
}

impl ConnectionRow {
    fn linked_date(&self) -> &str {
        date(&self.linked_at)
    }

    fn broken_date(&self) -> Option<&str> {
        self.broken_since.as_deref().map(date)
    }
}

fn date(at: &str) -> &str {
    at.split('T').next().unwrap_or_default()
}
