//! A request, read whole: functions are handed one that way anyhow.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::i18n::{Lang, negotiate};
use crate::oauth::{OAuthError, Params};

/// No request of ours needs more than this many bytes of body.
const BODY: usize = 64 * 1024;

/// A request.
#[derive(Debug)]
pub struct Incoming {
    /// `GET`, …
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The query as sent, or empty.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
    /// The caller's address, as API Gateway saw it.
    pub source_ip: String,
}

/// What a body says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Nothing at all.
    Empty,
    /// Something else.
    Other,
}

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => {
                let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body may have 64 KiB at the most");
                return Err(problem.into_response());
            }
        };
        let source_ip = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
            _ => String::new(),
        };
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
            source_ip,
        })
    }
}

/// The one parameter of a route's path; or several, in a tuple.
#[derive(Clone, Debug)]
pub struct Segment<T = String>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // axum would say it in plain text.
        let wrong = |_| Problem::new(StatusCode::BAD_REQUEST, "the path is not percent-encoded UTF-8");
        Path::from_request_parts(parts, state).await.map(|Path(parameters)| Self(parameters)).map_err(wrong)
    }
}

impl Incoming {
    /// A header's value, if it is text.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the caller reads pages: only who names `text/html`.
    pub fn wants_html(&self) -> bool {
        self.header(header::ACCEPT).is_some_and(|accept| accept.to_ascii_lowercase().contains("text/html"))
    }

    /// The language to answer in.
    pub fn lang(&self) -> Lang {
        let locales = Params::from_urlencoded(&self.query).ok();
        self.lang_among(locales.as_ref().and_then(|params| params.get("ui_locales")))
    }

    /// The language to answer in where an application asks for one of `ui_locales`.
    pub fn lang_among(&self, ui_locales: Option<&str>) -> Lang {
        negotiate(self.cookie("lang"), ui_locales, self.header(header::ACCEPT_LANGUAGE))
    }

    /// A cookie's value by its full name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = headers.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(n, _)| *n == name).map(|(_, value)| value).next()
    }

    /// Path and query.
    pub fn path_and_query(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// What the body says it is.
    pub fn body_kind(&self) -> BodyKind {
        let content_type = self.header(header::CONTENT_TYPE).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => BodyKind::Json,
            "application/x-www-form-urlencoded" => BodyKind::Form,
            "" if self.body.is_empty() => BodyKind::Empty,
            _ => BodyKind::Other,
        }
    }

    /// The query's parameters.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn query_params(&self) -> Result<Params, OAuthError> {
        Params::from_urlencoded(&self.query)
    }

    /// The body's parameters: a form or a JSON object.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn body_params(&self) -> Result<Params, OAuthError> {
        match self.body_kind() {
            BodyKind::Form => {
                let text = std::str::from_utf8(&self.body);
                Params::from_urlencoded(text.map_err(|_| OAuthError::invalid_request("the form is not valid UTF-8"))?)
            }
            BodyKind::Json => Params::from_json(&self.body),
            BodyKind::Empty => Ok(Params::default()),
            BodyKind::Other => {
                let description = "Content-Type must be application/x-www-form-urlencoded or application/json";
                Err(OAuthError::invalid_request(description))
            }
        }
    }

    /// The parameters: of a GET, the query's; else the body's.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn params(&self) -> Result<Params, OAuthError> {
        if self.method.is_safe() { self.query_params() } else { self.body_params() }
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// 415 where it is not said to be JSON, 400 where it is not a JSON object.
    pub fn json_object(&self) -> Result<Map<String, Value>, Problem> {
        if self.body_kind() != BodyKind::Json {
            let hint = "Content-Type must be application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, hint));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the body is not a JSON object: {error}")))
    }

    /// The body's parameters as an object of strings: a page's form, read like its JSON.
    ///
    /// # Errors
    /// 400.
    pub fn form_object(&self) -> Result<Map<String, Value>, Problem> {
        let params = self.body_params()?;
        Ok(params.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
    }

    /// The caller's address for counting: of IPv6, the network, since everybody has 2^64 addresses there.
    pub fn client_network(&self) -> String {
        match self.source_ip.parse() {
            Ok(std::net::IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            _ => self.source_ip.clone(),
        }
    }
}
