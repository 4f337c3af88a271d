//! The site's static files, built into the binary.

/// `/static/site.css`.
pub const STYLESHEET: &str = include_str!("../../static/site.css");

/// `/static/favicon.svg`, which is also the mark in every page's head.
pub const FAVICON: &str = include_str!("../../static/favicon.svg");

/// `/static/form_post.js`: sends the form of [`super::FormPost`] by itself.
pub const FORM_POST: &str = include_str!("../../static/form_post.js");

/// The content type and text of `/static/<name>`.
pub fn asset(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "site.css" => Some(("text/css; charset=utf-8", STYLESHEET)),
        "form_post.js" => Some(("text/javascript; charset=utf-8", FORM_POST)),
        "favicon.svg" => Some(("image/svg+xml", FAVICON)),
        _ => None,
    }
}
