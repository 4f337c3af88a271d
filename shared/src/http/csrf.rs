//! Cross-site request forgery: form tokens bound to the browser, and the Origin of what comes with a cookie
//! (OWASP Cross-Site Request Forgery Prevention: signed double-submit cookie, and verifying the origin).

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::cookies::Cookie;
use super::incoming::{BodyKind, Incoming};
use super::problem::Problem;
use crate::app::{App, Site};
use crate::config::Issuer;
use crate::oauth::Params;
use crate::oauth::lifetimes::{FORM, KNOWN_BROWSER};
use crate::seal::Sealable;

/// Which browser a form is for.
pub struct Browser {
    id: String,
    fresh: bool,
}

#[derive(Serialize, Deserialize)]
struct FormToken {}

impl Sealable for FormToken {
    const PURPOSE: &'static str = "form token";
}

impl Browser {
    /// The browser that asks; a new name for one that has none.
    pub fn of(app: &App, incoming: &Incoming) -> Self {
        let known = Cookie::Browser.read(incoming, &app.config.issuer).filter(|id| id.len() == 22);
        match known {
            Some(id) => Self { id, fresh: false },
            None => Self { id: BASE64URL_NOPAD.encode(&app.entropy.bytes::<16>()), fresh: true },
        }
    }

    /// The browser's name: what is sealed for it alone is sealed with this.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The token that each form on a page for this browser carries.
    pub fn form_token(&self, site: &Site) -> String {
        site.sealer.seal(&FormToken {}, FORM, self.id.as_bytes())
    }

    /// Names the browser, if it had no name.
    pub fn remember(&self, response: &mut Response, issuer: &Issuer) {
        if self.fresh {
            Cookie::Browser.set(response, issuer, &self.id, KNOWN_BROWSER);
        }
    }
}

/// Refuses a form that did not come from a page of ours in this browser.
///
/// # Errors
/// 403.
pub fn check_form(app: &App, site: &Site, incoming: &Incoming, params: &Params) -> Result<(), Problem> {
    check_origin(app, incoming)?;
    let expired = || Problem::new(StatusCode::FORBIDDEN, "the form has expired or came from elsewhere: open it again");
    let browser = Browser::of(app, incoming);
    let token = params.get("csrf").ok_or_else(expired)?;
    site.sealer.open::<FormToken>(token, browser.id.as_bytes()).map(drop).map_err(|_| expired())
}

/// Refuses an unsafe request with a cookie that a page of another site could have sent: a body must be JSON, which no
/// form and no simple request can be, and the origin must be ours where the browser tells it.
///
/// # Errors
/// 403 or 415.
pub fn check_json(app: &App, incoming: &Incoming) -> Result<(), Problem> {
    check_origin(app, incoming)?;
    match incoming.body_kind() {
        BodyKind::Json | BodyKind::Empty => Ok(()),
        BodyKind::Form | BodyKind::Other => {
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json"))
        }
    }
}

/// Refuses a request that the browser says another site's page made.
///
/// # Errors
/// 403.
pub fn check_origin(app: &App, incoming: &Incoming) -> Result<(), Problem> {
    let ours = match (incoming.headers.get(header::ORIGIN), incoming.header("sec-fetch-site")) {
        (Some(origin), _) => origin.as_bytes() == app.config.issuer.as_str().as_bytes(),
        // `none` is the user's own doing: a bookmark, or typed.
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(Problem::new(StatusCode::FORBIDDEN, "the request came from another site")) }
}
