//! API Gateway on a laptop: finds the route, makes the event, calls the function, and has AWS's limits and answers.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use data_encoding::BASE64;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use shared::clock::Clock;
use shared::config::Issuer;
use shared::entropy::Entropy;
use url::Url;

use crate::answer::{self, Answer};
use crate::event::{Arrival, Event};
use crate::server::Respond;
use crate::template::Route;

/// Request line and headers, in bytes.
pub const MAX_HEAD: usize = 10_240;

/// A request's body, in bytes: what a function can be handed at once.
pub const MAX_BODY: usize = 6 * 1024 * 1024;

/// A body that is not wanted is read and thrown away up to this size, so that a client which sends before it listens
/// still hears the answer.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// The routes, and the functions behind them.
pub struct Gateway {
    routes: HashMap<Method, matchit::Router<Target>>,
    origin: Origin,
    clock: Clock,
    entropy: Entropy,
}

struct Target {
    route_key: String,
    function: String,
    router: Router,
}

/// The issuer, taken apart.
struct Origin {
    issuer: Issuer,
    host: String,
    port: String,
}

/// The template's routes can't be served.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// The template names a function that isn't there.
    #[error("template.yaml routes {0} to a function that is not in functions.rs")]
    NoFunction(String),
    /// Two routes get in each other's way.
    #[error("template.yaml's route {0}: {1}")]
    Conflict(String, matchit::InsertError),
}

impl Respond for Arc<Gateway> {
    async fn respond(&self, request: Request<Incoming>, source: IpAddr) -> io::Result<Answer> {
        Ok(self.serve(request, source).await)
    }
}

impl Gateway {
    /// A gateway for `routes` to `functions`.
    ///
    /// # Errors
    /// [`RouteError`].
    pub fn new(
        routes: &[Route],
        functions: &HashMap<&str, Router>,
        issuer: &Issuer,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, RouteError> {
        // A router per method: where the best path has no such method, API Gateway looks on.
        let mut routers = HashMap::<Method, matchit::Router<Target>>::new();
        for Route { method, path, function } in routes {
            let route_key = format!("{method} {path}");
            let router = functions.get(function.as_str()).ok_or_else(|| RouteError::NoFunction(route_key.clone()))?;
            for path in matchit_paths(path) {
                let (function, router) = (function.clone(), router.clone());
                let target = Target { route_key: route_key.clone(), function, router };
                let inserted = routers.entry(method.clone()).or_default().insert(path, target);
                inserted.map_err(|error| RouteError::Conflict(route_key.clone(), error))?;
            }
        }
        Ok(Self { routes: routers, origin: Origin::new(issuer), clock, entropy })
    }

    /// Answers one request, whatever it is.
    pub async fn serve<B>(&self, request: Request<B>, source: IpAddr) -> Answer
    where
        B: Body<Data = Bytes> + Send + Unpin,
    {
        let (parts, mut body) = request.into_parts();
        let request_id = BASE64.encode(&self.entropy.bytes::<11>());
        let mut answer = self.answer(&parts, &mut body, source, &request_id).await.unwrap_or_else(|answer| {
            // Not even the path: what leads nowhere may be anything.
            tracing::info!(status = answer.status().as_u16(), "no function was asked");
            answer
        });
        if let Ok(request_id) = request_id.parse() {
            answer.headers_mut().insert("apigw-requestid", request_id);
        }
        discard(&parts.headers, &mut body).await;
        answer
    }

    /// What a function answers; or else what the gateway does, which asked none.
    async fn answer<B>(&self, parts: &Parts, body: &mut B, source: IpAddr, request_id: &str) -> Result<Answer, Answer>
    where
        B: Body<Data = Bytes> + Send + Unpin,
    {
        if head_size(parts) > MAX_HEAD {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(answer::message(status, "Request Header Fields Too Large"));
        }
        if let Some(redirect) = self.origin.redirect(parts) {
            return Err(redirect);
        }
        if !is_host(&parts.headers) {
            return Err(answer::message(StatusCode::BAD_REQUEST, "Bad Request"));
        }
        let path = parts.uri.path();
        let Some(found) = self.routes.get(&parts.method).and_then(|router| router.at(path).ok()) else {
            return Err(answer::message(StatusCode::NOT_FOUND, "Not Found"));
        };
        let target = found.value;
        let body = read(&parts.headers, body).await?;
        let arrival = Arrival {
            route_key: &target.route_key,
            path_parameters: found.params.iter().collect(),
            source,
            domain: &self.origin.host,
            scheme: if self.origin.issuer.is_https() { "https" } else { "http" },
            port: &self.origin.port,
            request_id,
            at: self.clock.now_millis(),
        };
        let event = serde_json::to_vec(&Event::new(parts, &body, &arrival));
        Ok(target.invoke(event.unwrap_or_default()).await)
    }
}

impl Target {
    /// Calls the function through lambda_http's own door. In a task of its own: its panic is its own, and it runs to
    /// its end even if the client hangs up, as a Lambda does.
    async fn invoke(&self, event: Vec<u8>) -> Answer {
        let (function, router) = (self.function.clone(), self.router.clone());
        let payload = tokio::spawn(async move { shared::lambda::invoke(&function, &router, &event).await });
        let answer = match payload.await {
            Ok(Ok(payload)) => answer::from_payload(payload).ok_or_else(|| "it returned no HTTP answer".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(panic) => Err(panic.to_string()),
        };
        answer.unwrap_or_else(|error| {
            tracing::error!(function = self.function, error, "the function failed");
            answer::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        })
    }
}

impl Origin {
    fn new(issuer: &Issuer) -> Self {
        let url = Url::parse(issuer.as_str()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or("localhost").to_owned();
        let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or(80).to_string();
        Self { issuer: issuer.clone(), host, port }
    }

    /// A page that was asked for by the machine's address moves to `localhost`: elsewhere cookies, the issuer and
    /// redirect URIs would not be the same site.
    fn redirect(&self, request: &Parts) -> Option<Answer> {
        let host = header_text(&request.headers, header::HOST);
        let by_address = ["127.0.0.1", "[::1]"]
            .iter()
            .any(|address| host.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
        let is_page =
            request.method == Method::GET && header_text(&request.headers, header::ACCEPT).contains("text/html");
        if self.host != "localhost" || !by_address || !is_page {
            return None;
        }
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
        answer::redirect(&self.issuer.url(path))
    }
}

/// `{name+}`, which stands at the end, is `{*name}` there, and takes nothing as well, as at API Gateway.
fn matchit_paths(path: &str) -> Vec<String> {
    match path.strip_suffix("+}").and_then(|path| path.rsplit_once('{')) {
        Some((before, name)) => vec![before.to_owned(), format!("{before}{{*{name}}}")],
        None => vec![path.to_owned()],
    }
}

/// The request line and the headers, as they came over the wire.
fn head_size(request: &Parts) -> usize {
    let target = request.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let line = request.method.as_str().len() + 1 + target + " HTTP/1.1\r\n".len();
    let headers =
        request.headers.iter().map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + "\r\n".len());
    line + headers.sum::<usize>()
}

/// API Gateway knows its sites by name, so what is no name never reaches a function (and lambda_http relies on it).
fn is_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    more.is_none()
        && host.is_none_or(|host| {
            let url = host.to_str().ok().and_then(|host| Url::parse(&format!("http://{host}")).ok());
            url.is_some_and(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
        })
}

/// The whole body, or the answer to one that is too large. Never holds more than a body may have.
async fn read<B>(headers: &HeaderMap, body: &mut B) -> Result<Vec<u8>, Answer>
where
    B: Body<Data = Bytes> + Unpin,
{
    let too_large = || answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    let declared = header_text(headers, header::CONTENT_LENGTH).parse().unwrap_or(0);
    if declared > MAX_BODY {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(declared);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // The client is gone, or what it sends is not HTTP.
            return Err(answer::message(StatusCode::BAD_REQUEST, "Bad Request"));
        };
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > MAX_BODY {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Throws away what is left of a body after its answer is known.
async fn discard<B>(headers: &HeaderMap, body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
{
    // Who asked before sending a body of known size has not sent it, and now won't.
    if headers.contains_key(header::EXPECT) && headers.contains_key(header::CONTENT_LENGTH) {
        return;
    }
    let drained = async {
        let mut left = MAX_DISCARDED;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), drained).await;
}

fn header_text(headers: &HeaderMap, name: http::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
