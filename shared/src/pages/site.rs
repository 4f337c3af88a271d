//! The home page, and what is shown when a page can't be.

use askama::Template;

use super::Layout;

/// `GET /`: says what this is, or greets whoever is signed in ([`Layout::user`]).
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct Home<'a> {
    /// The frame.
    pub layout: Layout<'a>,
}

/// What went wrong, as a page.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The heading.
    pub title: &'a str,
    /// What to do about it.
    pub message: &'a str,
    /// A line for whoever looks into it, such as an OAuth error's code and description.
    pub detail: Option<&'a str>,
    /// The HTTP status.
    pub status: Option<u16>,
}

impl<'a> ErrorPage<'a> {
    /// The page of an HTTP status: 404 and 503 have words of their own (so do 429 and the other 5xx, which say
    /// the same as 503); the rest is a bad request.
    pub fn of_status(layout: Layout<'a>, status: u16, detail: Option<&'a str>) -> Self {
        let m = layout.m;
        let (title, message) = match status {
            404 => (m.not_found_title, m.not_found),
            429 | 500.. => (m.unavailable_title, m.unavailable),
            _ => (m.bad_request_title, m.bad_request),
        };
        Self { layout, title, message, detail, status: Some(status) }
    }
}
