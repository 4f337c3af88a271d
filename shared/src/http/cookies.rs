//! Our cookies: `HttpOnly`, `SameSite=Lax`, for the whole site; with an https issuer `Secure` and `__Host-`, which a
//! sibling domain can't set (RFC 6265bis §4.1.3).

use axum::response::Response;
use http::{HeaderValue, header};

use super::incoming::Incoming;
use crate::config::Issuer;

/// One of our cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Who is signed in.
    Session,
    /// Which browser it is: what form tokens are bound to.
    Browser,
    /// Whose browser it is known to be: it has a counter of failed sign-ins of its own.
    Known,
    /// The secret of an account elsewhere that waits for its owner's choice.
    Pending,
}

impl Cookie {
    fn name(self, issuer: &Issuer) -> String {
        let name = match self {
            Self::Session => "session",
            Self::Browser => "browser",
            Self::Known => "known",
            Self::Pending => "pending",
        };
        if issuer.is_https() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The cookie's value.
    pub fn read(self, incoming: &Incoming, issuer: &Issuer) -> Option<String> {
        incoming.cookie(&self.name(issuer)).map(str::to_owned)
    }

    /// Sets the cookie for `max_age` seconds.
    pub fn set(self, response: &mut Response, issuer: &Issuer, value: &str, max_age: i64) {
        let secure = if issuer.is_https() { "; Secure" } else { "" };
        let name = self.name(issuer);
        let cookie = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        // Our values are base64url.
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    /// Removes the cookie.
    pub fn clear(self, response: &mut Response, issuer: &Issuer) {
        self.set(response, issuer, "", 0);
    }
}
