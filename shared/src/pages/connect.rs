//! Accounts elsewhere, on the way between a provider and an account here.

use askama::Template;

use super::Layout;
use crate::account::FieldError;

/// A provider, as the pages for signing in link to it.
#[derive(Clone, Debug)]
pub struct ProviderLink<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where signing in with it begins.
    pub href: String,
}

/// Asks whether an account there is to be bound. The form posts `intent=bind`, `continue` and `csrf` to the same address.
#[derive(Debug, Template)]
#[template(path = "connect_bind.html")]
pub struct ConnectBind<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The provider's id.
    pub provider_id: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// The display name of whoever is asked.
    pub user: &'a str,
    /// Where to go afterwards.
    pub continue_to: Option<&'a str>,
}

/// Asks whose an account elsewhere is to be. Its forms post `action` (`create`, with what `/register` wants but a password,
/// `link` or `cancel`) and `csrf` to `/connect/{provider}/pending`. Of the account elsewhere the page knows nothing.
#[derive(Debug, Template)]
#[template(path = "connect_pending.html")]
pub struct ConnectPending<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The provider's id.
    pub provider_id: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// The display name of whoever has just signed in, to bind it to.
    pub link_to: Option<&'a str>,
    /// Where one signs in, and comes back.
    pub login_href: &'a str,
    /// What was typed.
    pub username: &'a str,
    /// What was typed.
    pub email: &'a str,
    /// What was typed.
    pub phone: &'a str,
    /// What was typed.
    pub nickname: &'a str,
    /// What is wrong with the fields.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole, in words.
    pub error: Option<&'a str>,
}

/// Why it did not work.
#[derive(Debug, Template)]
#[template(path = "connect_refused.html")]
pub struct ConnectRefused<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The provider's name.
    pub provider: &'a str,
    /// Why, in words.
    pub message: &'a str,
    /// Where to try again, if that may help. Empty: at the same address.
    pub again_href: Option<&'a str>,
    /// Where to go otherwise.
    pub other_href: &'a str,
    /// Whether it was to be bound; else it was to be signed in with.
    pub binding: bool,
}
