//! Signing out for an application.

use askama::Template;

use super::Layout;

/// Shown by `/oauth2/logout` where the user has to say so. The form posts `decision` (`sign_out` or `stay`), `request` and
/// `csrf` back to it.
#[derive(Debug, Template)]
#[template(path = "sign_out.html")]
pub struct SignOut<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The application that asks, if it says which.
    pub client_name: Option<&'a str>,
    /// The display name of whoever is signed in.
    pub user: &'a str,
    /// The request, sealed.
    pub request: &'a str,
}

/// Shown when it is done, and the application did not say where to go.
#[derive(Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The application that asked, if it said which.
    pub client_name: Option<&'a str>,
}
