//! The site's two static files, built into the binary.

/// `/static/site.css`.
pub const STYLESHEET: &str = include_str!("../../static/site.css");

/// `/static/favicon.svg`, which is also the mark in every page's head.
pub const FAVICON: &str = include_str!("../../static/favicon.svg");

/// The content type and text of `/static/<name>`.
pub fn asset(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "site.css" => Some(("text/css; charset=utf-8", STYLESHEET)),
        "favicon.svg" => Some(("image/svg+xml", FAVICON)),
        _ => None,
    }
}
