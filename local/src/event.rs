//! An HTTP request as API Gateway's event, payload format 2.0.

use std::collections::BTreeMap;
use std::net::IpAddr;

use data_encoding::BASE64;
use http::request::Parts;
use http::{HeaderMap, header};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use shared::clock::Millis;

/// What a function is handed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: String,
    source_ip: String,
    user_agent: String,
}

/// What the gateway knows of a request beside the request.
pub(crate) struct Arrival<'a> {
    /// `GET /collections/{subject_id}`.
    pub(crate) route_key: &'a str,
    /// The path's `{…}`, as they stand in the path.
    pub(crate) path_parameters: Vec<(&'a str, &'a str)>,
    /// Who connected.
    pub(crate) source: IpAddr,
    /// The site's host name.
    pub(crate) domain: &'a str,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// The site's port.
    pub(crate) port: &'a str,
    /// Random.
    pub(crate) request_id: &'a str,
    /// When it came.
    pub(crate) at: Millis,
}

impl<'a> Event<'a> {
    pub(crate) fn new(request: &'a Parts, body: &[u8], arrival: &'a Arrival<'a>) -> Self {
        let path = request.uri.path();
        let query = request.uri.query().unwrap_or_default();
        let (body, is_base64_encoded) = encode_body(&request.headers, body);
        let user_agent = request.headers.get(header::USER_AGENT);
        Self {
            version: "2.0",
            route_key: arrival.route_key,
            raw_path: path,
            raw_query_string: query,
            cookies: cookies(&request.headers),
            headers: headers(&request.headers, arrival),
            query_string_parameters: joined(form_urlencoded::parse(query.as_bytes()).into_owned()),
            request_context: RequestContext {
                account_id: "123456789012",
                api_id: "local",
                domain_name: arrival.domain,
                domain_prefix: arrival.domain.split('.').next().unwrap_or_default(),
                http: Http {
                    method: request.method.as_str(),
                    path,
                    protocol: format!("{:?}", request.version),
                    source_ip: arrival.source.to_string(),
                    user_agent: user_agent.map(|value| text(value.as_bytes())).unwrap_or_default(),
                },
                request_id: arrival.request_id,
                route_key: arrival.route_key,
                stage: "$default",
                time: log_time(arrival.at),
                time_epoch: arrival.at.0,
            },
            path_parameters: arrival
                .path_parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned()))
                .collect(),
            body,
            is_base64_encoded,
        }
    }
}

/// One entry per cookie, however many headers they came in.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter().map(|value| text(value.as_bytes()));
    let cookies = values.flat_map(|value| value.split(';').map(|one| one.trim().to_owned()).collect::<Vec<_>>());
    cookies.filter(|cookie| !cookie.is_empty()).collect()
}

/// Lower-cased names, repeated headers joined by a comma. Cookies have a place of their own, and what concerns one
/// connection alone ends at the gateway.
fn headers<'a>(headers: &'a HeaderMap, arrival: &Arrival<'_>) -> BTreeMap<&'a str, String> {
    let hop_by_hop = [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TE, header::COOKIE];
    let kept = headers.iter().filter(|(name, _)| !hop_by_hop.contains(name));
    let mut joined: BTreeMap<&str, String> = joined(kept.map(|(name, value)| (name.as_str(), text(value.as_bytes()))));
    // The client's word on these is worth nothing; the hop that we are is added at the end, where AWS adds it.
    let source = arrival.source.to_string();
    let forwarded_for = joined.remove("x-forwarded-for").map_or(source.clone(), |before| format!("{before}, {source}"));
    joined.insert("x-forwarded-for", forwarded_for);
    joined.insert("x-forwarded-proto", arrival.scheme.to_owned());
    joined.insert("x-forwarded-port", arrival.port.to_owned());
    joined
}

/// Values of one name joined by commas, in the order in which they came.
fn joined<K: Ord>(pairs: impl Iterator<Item = (K, String)>) -> BTreeMap<K, String> {
    let mut map = BTreeMap::<K, String>::new();
    for (name, value) in pairs {
        map.entry(name)
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    map
}

/// API Gateway passes as text what declares itself to be text, and everything else, forms included, as base64.
fn encode_body(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = essence.starts_with("text/")
        || matches!(essence.as_str(), "application/json" | "application/xml" | "application/javascript");
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(BASE64.encode(body)), true),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `12/Mar/2020:19:03:58 +0000`, the common log format's.
fn log_time(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde_json::{Value, json};

    use super::*;

    fn event(request: http::request::Builder, body: &[u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let arrival = Arrival {
            route_key: "GET /users/{username}",
            path_parameters: vec![("username", "a%2Fb%20%E3%81%82")],
            source: IpAddr::from([127, 0, 0, 1]),
            domain: "localhost",
            scheme: "http",
            port: "3000",
            request_id: "JKJaXmPLvHcESHA=",
            at: Millis(1_583_348_638_390),
        };
        serde_json::to_value(Event::new(&parts, body, &arrival)).unwrap()
    }

    #[test]
    fn a_request_reads_as_api_gateway_writes_it() {
        let request = Request::get("/users/a%2Fb%20%E3%81%82?tag=x%26y&tag=z&empty=")
            .header("Host", "localhost:3000")
            .header("User-Agent", "curl/8")
            .header("X-Twice", "one")
            .header("X-Twice", "two")
            .header("Cookie", "a=1; b=2")
            .header("Cookie", "c=3")
            .header("X-Forwarded-For", "203.0.113.9")
            .header("X-Forwarded-Proto", "gopher");
        let expected = json!({
            "version": "2.0",
            "routeKey": "GET /users/{username}",
            "rawPath": "/users/a%2Fb%20%E3%81%82",
            "rawQueryString": "tag=x%26y&tag=z&empty=",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "host": "localhost:3000", "user-agent": "curl/8", "x-twice": "one,two",
                "x-forwarded-for": "203.0.113.9, 127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-port": "3000",
            },
            "queryStringParameters": { "tag": "x&y,z", "empty": "" },
            "requestContext": {
                "accountId": "123456789012", "apiId": "local", "domainName": "localhost", "domainPrefix": "localhost",
                "http": {
                    "method": "GET", "path": "/users/a%2Fb%20%E3%81%82", "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "curl/8",
                },
                "requestId": "JKJaXmPLvHcESHA=", "routeKey": "GET /users/{username}", "stage": "$default",
                "time": "04/Mar/2020:19:03:58 +0000", "timeEpoch": 1_583_348_638_390_i64,
            },
            "pathParameters": { "username": "a/b あ" },
            "isBase64Encoded": false,
        });
        assert_eq!(event(request, b""), expected);
    }

    #[test]
    fn forms_and_bytes_arrive_as_base64_and_texts_as_they_are() {
        for (content_type, body, expected, base64) in [
            ("application/json; charset=utf-8", &b"{}"[..], "{}", false),
            ("text/plain", b"hi", "hi", false),
            ("application/x-www-form-urlencoded", b"a=1", "YT0x", true),
            ("application/problem+json", b"{}", "e30=", true),
            ("text/plain", b"\xff", "/w==", true),
        ] {
            let event = event(Request::post("/").header("Content-Type", content_type), body);
            assert_eq!(
                (&event["body"], &event["isBase64Encoded"]),
                (&json!(expected), &json!(base64)),
                "{content_type}"
            );
        }
    }
}
