//! Hostile input: never a 5xx.

mod bodies;
mod heads;
mod sweep;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use local::template::Template;
use tests::{Client, TestSite, Tokens, User};

/// An answer as it came over the wire.
#[derive(Debug)]
struct Raw {
    status: u16,
    text: String,
}

/// Sends a request line and headers (with all but the usual headers) that no HTTP library would send, and a body.
async fn raw(site: &TestSite, head: impl Into<Vec<u8>>, body: impl Into<Vec<u8>>) -> Raw {
    let (head, body) = (head.into(), body.into());
    let host = format!("Host: localhost:{}\r\nConnection: close\r\n", site.site.port());
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    exchange(site, vec![[head, host.into_bytes(), length.into_bytes()].concat(), body]).await
}

/// Sends bytes, and reads all that comes back. Status 0: nothing came.
async fn exchange(site: &TestSite, parts: Vec<Vec<u8>>) -> Raw {
    let port = site.site.port();
    let exchange = move || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        // What hangs is a failure, not a test that never ends.
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        for part in parts {
            // A server may refuse before it has read everything.
            let _ = stream.write_all(&part);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Ok(answer)
    };
    let answer = tokio::task::spawn_blocking(exchange).await.ok().and_then(Result::ok).unwrap_or_default();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Raw { status, text }
}

/// Fails unless the answer is clear, and tells nothing of the inside.
fn assert_clear(reply: &Raw, what: &str) {
    assert!((200..500).contains(&reply.status), "{what}: {} {}", reply.status, reply.text);
    for inside in ["panicked", "RUST_BACKTRACE", ".rs:", "DynamoDB", "sdk_dynamodb"] {
        assert!(!reply.text.contains(inside), "{what}: {}", reply.text);
    }
}

/// Fails unless it is a refusal in words.
fn assert_refused(reply: &Raw, what: &str) {
    assert_clear(reply, what);
    assert!((400..500).contains(&reply.status), "{what}: {} {}", reply.status, reply.text);
    let body = reply.text.split("\r\n\r\n").nth(1).unwrap_or_default();
    assert!(body.len() > 10, "{what} is refused without a word: {}", reply.text);
}

/// Every method and path of the template, with something in each `{…}`.
fn routes() -> Vec<(String, String)> {
    let routes = Template::embedded().map(|template| template.routes).unwrap_or_default();
    let fill = |path: &str| {
        path.replace("{client_id}", "client_a")
            .replace("{session_id}", "a")
            .replace("{subject_id}", "12")
            .replace("{episode_id}", "1")
            .replace("{username}", "sakura")
            .replace("{file}", "site.css")
            .replace("{provider}", "weibo")
            .replace("{more+}", "")
    };
    let routes: Vec<_> = routes.iter().map(|route| (route.method.to_string(), fill(&route.path))).collect();
    assert!(routes.len() > 40, "the template was not read: {routes:?}");
    assert!(routes.iter().all(|(_, path)| !path.contains('{')), "something new in a path: {routes:?}");
    routes
}

/// The routes that take a body.
fn writes() -> Vec<(String, String)> {
    routes().into_iter().filter(|(method, _)| !matches!(method.as_str(), "GET" | "OPTIONS" | "HEAD")).collect()
}

/// A site with somebody on it, an application, and tokens of both.
struct Lived {
    user: User,
    client: Client,
    own: String,
    tokens: Tokens,
}

impl Lived {
    async fn in_site(site: &TestSite) -> Self {
        let (user, client) = (site.register("sakura").await, site.client().await);
        let own = site.sign_in(&user).await;
        let put = site.put("/collections/12", Some(&own), tests::json!({ "status": "wish" })).await;
        assert_eq!(put.status, 201);
        let browser = site.browser();
        browser.sign_in(&user).await;
        let scope = "openid profile offline_access collections:read collections:write";
        let tokens = browser.authorize_and_redeem(&client, scope).await;
        Self { user, client, own, tokens }
    }
}

/// Fails if anything but counters of attempts, what Bangumi said of works and a collection's numbers was written since the record was begun.
fn assert_nothing_written(site: &TestSite, what: &str) {
    let calls = site.proxy.calls();
    let written = calls.iter().filter(|call| !call.is_read()).filter(|call| {
        let key = ["/Key/PK/S", "/Item/PK/S"].iter().find_map(|place| call.request.pointer(place)?.as_str());
        let numbers = call.request.pointer("/Item/SK/S").is_some_and(|sort| sort == "STATS");
        !(numbers || key.is_some_and(|key| key.starts_with("RATE#") || key.starts_with("SUBJECT#")))
    });
    let written: Vec<_> = written.collect();
    assert!(written.is_empty(), "{what}: {written:?}");
    let failed = calls.iter().find(|call| !matches!(call.status, 200 | 400));
    assert!(failed.is_none(), "{what}: {failed:?}");
}
