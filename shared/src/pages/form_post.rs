//! On the way back to an application, by a form.

use askama::Template;

use super::Layout;

/// Posts an answer to the application: by itself where scripts run, by its button where not (OAuth 2.0 Form Post
/// Response Mode §2).
#[derive(Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPost<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The redirect URI.
    pub action: &'a str,
    /// Its host.
    pub destination: &'a str,
    /// The answer's parameters.
    pub fields: Vec<(&'a str, &'a str)>,
}
