//! Letting a device in (RFC 8628 §3.3).

use askama::Template;

use super::Layout;

/// `GET /device`. The form posts `user_code` and `csrf` back to it.
#[derive(Debug, Template)]
#[template(path = "device.html")]
pub struct Device<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// What was typed, or stood in the address.
    pub user_code: &'a str,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

/// Asks whether the device may go on. The form posts `decision` (`allow` or `deny`), `request` and `csrf` to `/device`.
#[derive(Debug, Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirm<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The application's name, as it gave it.
    pub client_name: &'a str,
    /// The host of its page, as it gave it.
    pub client_host: Option<&'a str>,
    /// The host of the metadata that names it, in place of that: this it could not make up.
    pub document_host: Option<&'a str>,
    /// The code, as the device shows it.
    pub user_code: &'a str,
    /// The names of what it asks for.
    pub scopes: Vec<&'static str>,
    /// How long access lasts, where it does not last until it is withdrawn.
    pub minutes: Option<i64>,
    /// The display name of whoever is asked.
    pub user: &'a str,
    /// What is decided, sealed.
    pub request: &'a str,
}

impl DeviceConfirm<'_> {
    /// A scope in words, and what that covers.
    fn words(&self, scope: &&'static str) -> (&'static str, &'static str) {
        self.layout.m.scope(scope).unwrap_or((*scope, ""))
    }
}

/// What became of it.
#[derive(Debug, Template)]
#[template(path = "device_done.html")]
pub struct DeviceDone<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// Whether the device may go on.
    pub allowed: bool,
}
