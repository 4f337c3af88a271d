//! Requests and answers, as far as the stand-ins read and write them.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

use crate::answer::Answer;

/// A request, read whole.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// Below the stand-in's own path: `/oauth/authorize`.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the body says that it is of this type.
    pub(super) fn is(&self, media_type: &str) -> bool {
        let said = self.header(header::CONTENT_TYPE).unwrap_or_default();
        said.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case(media_type))
    }

    /// A value of the form that the body is, and says that it is.
    pub(super) fn form(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.body.as_bytes());
        let form = self.is("application/x-www-form-urlencoded");
        pairs.find(|(known, _)| form && known == name).map(|(_, value)| value.into_owned())
    }

    /// A text of the JSON object that the body is, and says that it is.
    pub(super) fn json(&self, name: &str) -> Option<String> {
        let value: Value = serde_json::from_str(&self.body).ok().filter(|_| self.is("application/json"))?;
        value.get(name)?.as_str().map(str::to_owned)
    }

    /// A bearer token (RFC 6750 §2.1).
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header(header::AUTHORIZATION)?.strip_prefix("Bearer ")
    }

    /// Name and password (RFC 7617).
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header(header::AUTHORIZATION)?.strip_prefix("Basic ")?;
        let text = String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok()?;
        text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
    }

    pub(super) fn wants_html(&self) -> bool {
        self.header(header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
    }
}

/// An answer with a body of some type.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// JSON.
pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
    answer(status, "application/json", body.to_string())
}

/// A page.
pub(super) fn html(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    answer(status, "text/html; charset=utf-8", body)
}

/// On to another address.
pub(super) fn redirect(to: &str) -> Answer {
    let mut answer = answer(StatusCode::FOUND, "text/plain", "");
    // A header holds no more than what a URL holds.
    if let Ok(to) = HeaderValue::from_str(to) {
        answer.headers_mut().insert(header::LOCATION, to);
    }
    answer
}

/// Text for a page.
pub(super) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
