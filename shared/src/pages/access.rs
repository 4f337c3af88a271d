//! What has access to an account: applications, and browsers in which its owner is signed in.

use askama::Template;

use super::Layout;

/// `GET /account/apps`. Each application's form posts `client_id` and `csrf` back to it.
#[derive(Debug, Template)]
#[template(path = "account_apps.html")]
pub struct Apps<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The applications of this page.
    pub apps: Vec<AppRow>,
    /// Where there are more.
    pub next_href: Option<&'a str>,
    /// What just succeeded, in words.
    pub notice: Option<&'a str>,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

/// An application that may use the account.
#[derive(Clone, Debug)]
pub struct AppRow {
    /// Its `client_id`.
    pub client_id: String,
    /// Its name, as it gave it.
    pub name: String,
    /// The host of its page, as it gave it.
    pub host: Option<String>,
    /// The host of the metadata that names it, in place of that.
    pub document_host: Option<String>,
    /// The names of what it may do.
    pub scopes: Vec<&'static str>,
    /// Since when: RFC 3339. The page shows the date.
    pub since: String,
}

impl Apps<'_> {
    /// What an application may do, in words.
    fn words(&self, scope: &&'static str) -> &'static str {
        self.layout.m.scope(scope).map_or(*scope, |(words, _)| words)
    }
}

impl AppRow {
    fn since_date(&self) -> &str {
        self.since.split('T').next().unwrap_or_default()
    }
}

/// `GET /account/sessions`. Each session's form posts `session_id` and `csrf` back to it, the one of all others `others`
/// instead; that of this browser is signed out at `/logout`.
#[derive(Debug, Template)]
#[template(path = "account_sessions.html")]
pub struct Sessions<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The sessions of this page.
    pub sessions: Vec<SessionRow>,
    /// Where there are more.
    pub next_href: Option<&'a str>,
    /// What just succeeded, in words.
    pub notice: Option<&'a str>,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its name in the table.
    pub session_id: String,
    /// The browser's name, if it told one.
    pub browser: Option<String>,
    /// Whether it is this browser.
    pub current: bool,
    /// When its user signed in: RFC 3339.
    pub signed_in_at: String,
    /// When it was last used, to the hour: RFC 3339.
    pub last_seen_at: String,
}

impl Sessions<'_> {
    /// Whether anybody else could be signed out.
    fn has_others(&self) -> bool {
        self.next_href.is_some() || self.sessions.iter().any(|session| !session.current)
    }

    /// A moment as people read it: `2026-11-21 15:00 UTC`.
    fn moment(&self, at: &str) -> String {
        let (date, time) = at.split_once('T').unwrap_or((at, ""));
        format!("{date} {} UTC", time.get(..5).unwrap_or_default())
    }
}
