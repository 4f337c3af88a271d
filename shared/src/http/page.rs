//! Sending pages, with the headers that every one of them needs.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer;
use super::csrf::Browser;
use super::incoming::Incoming;
use crate::account::User;
use crate::app::{App, Site};
use crate::i18n::Lang;
use crate::pages::{CONTENT_SECURITY_POLICY, COVERS_SECURITY_POLICY, Layout, SCRIPT_SECURITY_POLICY, Template};

/// What a page for this browser needs around it.
pub struct Frame {
    lang: Lang,
    user: Option<String>,
    csrf: String,
    path: String,
    browser: Browser,
}

impl Frame {
    /// The frame of a page at `path` (with its query): what the language links return to.
    pub fn new(app: &App, site: &Site, incoming: &Incoming, user: Option<&User>, path: &str) -> Self {
        let browser = Browser::of(app, incoming);
        let csrf = browser.form_token(site);
        Self { lang: incoming.lang(), user: user.map(User::display_name), csrf, path: path.to_owned(), browser }
    }

    /// The same in the language that the application asks for, where nobody chose another.
    pub fn asked_in(self, incoming: &Incoming, ui_locales: Option<&str>) -> Self {
        let lang = if ui_locales.is_some() { incoming.lang_among(ui_locales) } else { self.lang };
        Self { lang, ..self }
    }

    /// What the template is given.
    pub fn layout(&self) -> Layout<'_> {
        Layout::new(self.lang, self.user.as_deref(), &self.csrf, &self.path)
    }

    /// Renders a page in this frame.
    pub fn render(&self, app: &App, status: StatusCode, page: &impl Template) -> Response {
        let mut response = render(status, page);
        self.browser.remember(&mut response, &app.config.issuer);
        response
    }

    /// The same with covers of works, which are Bangumi's.
    pub fn render_with_covers(&self, app: &App, status: StatusCode, page: &impl Template) -> Response {
        let mut response = self.render(app, status, page);
        let policy = HeaderValue::from_static(COVERS_SECURITY_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

/// Renders a page.
pub fn render(status: StatusCode, page: &impl Template) -> Response {
    let html = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page did not render");
        String::new()
    });
    let mut response = answer(status, "text/html; charset=utf-8", html);
    protect(response.headers_mut());
    response
}

/// Renders the page that has a script.
pub fn render_with_script(status: StatusCode, page: &impl Template) -> Response {
    let mut response = render(status, page);
    let policy = HeaderValue::from_static(SCRIPT_SECURITY_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Sends the browser on with GET. 303, never 307: a POST's credentials must not follow (RFC 9700 §4.12).
pub fn see_other(location: &str) -> Response {
    let mut response = super::empty(StatusCode::SEE_OTHER);
    // A location is an address that was checked or made here: what is no header value can't come.
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    protect(response.headers_mut());
    response
}

/// Where `continue` leads: back into the authorization request that it seals, to a page of ours, or home.
pub fn continuation(text: Option<&str>) -> String {
    match text {
        None => "/".to_owned(),
        Some(text) if text.starts_with('/') => local_path(text).unwrap_or("/").to_owned(),
        // The authorization endpoint opens and judges it.
        Some(sealed) => format!("/oauth2/authorize?resume={}", utf8_percent_encode(sealed, NON_ALPHANUMERIC)),
    }
}

/// The address of the page whose form this is, or was: what its language links return to.
pub fn form_path(incoming: &Incoming, go_on: Option<&str>) -> String {
    match go_on {
        Some(go_on) if incoming.query.is_empty() => {
            format!("{}?continue={}", incoming.path, utf8_percent_encode(go_on, NON_ALPHANUMERIC))
        }
        _ => incoming.path_and_query(),
    }
}

/// A path on this site, and nothing that a browser takes for another one: `//host`, `/\\host`, or with tabs and
/// newlines, which browsers drop.
pub fn local_path(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (plain && text.starts_with('/') && !text.starts_with("//")).then_some(text)
}

/// Nobody may store this answer (RFC 6749 §5.1).
pub fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Codes and sealed requests stand in addresses. `same-origin` rather than `no-referrer`, which would make
        // browsers send `Origin: null` with our own forms (Fetch §3.1).
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_continuation_leads_to_another_site() {
        for text in
            ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "/a\nb", "\\\\evil"]
        {
            let target = continuation(Some(text));
            assert!(target == "/" || target.starts_with("/oauth2/authorize?resume="), "{target}");
        }
        assert_eq!(continuation(Some("/account?x=1")), "/account?x=1");
    }
}
