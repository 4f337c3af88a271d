//! Bodies that are not what they say, at every route that takes one.

use tests::{TestSite, json};

use super::{Lived, Raw, assert_nothing_written, assert_refused, exchange, raw, writes};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Content types and bodies of which no endpoint can make anything.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let deep = |open: &str, close: &str, times: usize| text(&format!("{}{}", open.repeat(times), close.repeat(times)));
    vec![
        (JSON, text("{")),
        (JSON, text("}")),
        (JSON, text("[]")),
        (JSON, text("null")),
        (JSON, text("\"text\"")),
        (JSON, text("{\"username\":}")),
        (JSON, text("{\"username\":\"sakura\"} trailing")),
        (JSON, text("{'username':'sakura'}")),
        (JSON, text("{\"username\":\"\\ud800\"}")),
        (JSON, text("{\"username\":\"a\u{0}b\"}")),
        (JSON, text("\u{feff}{}x")),
        (JSON, text("{\"n\":1e999999999}")),
        (JSON, text("grant_type=client_credentials")),
        (JSON, b"{\"username\":\"\xff\xfe\"}".to_vec()),
        (JSON, b"\xff\xfe{\x00}\x00".to_vec()),
        (JSON, vec![0; 1000]),
        (JSON, deep("[", "]", 30_000)),
        (JSON, deep("{\"a\":", "}", 10_000)),
        (JSON, deep("[", "", 60_000)),
        ("application/json; charset=utf-8", text("{\"a\"")),
        ("APPLICATION/JSON", text("{\"a\"")),
        (FORM, b"username=\xff\xfe".to_vec()),
        (FORM, text("username=%ff%fe")),
        (FORM, text("%ff=%fe")),
        (FORM, text("username=%C0%80&csrf=%ED%A0%80")),
        (FORM, text("a=1&a=2&%00=%00")),
        (FORM, text("%")),
        (FORM, text("&&&===&%zz=%&")),
        (FORM, text("{\"username\":\"sakura\"}")),
        (FORM, vec![b'&'; 60_000]),
        (FORM, format!("csrf={}", "A".repeat(60_000)).into_bytes()),
        (FORM, (0..8000).flat_map(|n| format!("p{n}=&").into_bytes()).collect()),
        ("text/plain", text("{}")),
        (
            "application/xml",
            text("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"),
        ),
        (
            "multipart/form-data; boundary=x",
            text("--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--x--"),
        ),
        ("multipart/form-data", text("--")),
        ("application/octet-stream", vec![0xff; 4096]),
        ("nonsense", text("x")),
        (";;;", text("x")),
        ("", text("x")),
    ]
}

async fn send(site: &TestSite, (method, path): &(String, String), extra: &str, kind: &str, body: &[u8]) -> Raw {
    let head = format!("{method} {path} HTTP/1.1\r\nContent-Type: {kind}\r\n{extra}");
    raw(site, head, body).await
}

/// What is answered without a look at the body. Signing out without a session is done; the deletion of an entry or of sessions
/// has no body to read.
fn ignores_its_body(method: &str, path: &str) -> bool {
    path == "/logout"
        // What means nothing there is as good as nothing, and nobody is signed in.
        || (method == "POST" && path == "/oauth2/logout")
        || (method == "DELETE" && path == "/account/sessions")
        || (method == "DELETE" && path == "/collections/12")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_a_malformed_body_is_a_clear_4xx_at_every_route_and_changes_nothing() {
    let site = TestSite::start().await;
    Lived::in_site(&site).await;
    site.proxy.forget();
    for route in writes() {
        for (kind, body) in malformed() {
            let what = format!(
                "{} {} with {kind} {:?}",
                route.0,
                route.1,
                String::from_utf8_lossy(&body[..body.len().min(40)])
            );
            let reply = send(&site, &route, "", kind, &body).await;
            if ignores_its_body(&route.0, &route.1) {
                super::assert_clear(&reply, &what);
            } else {
                assert_refused(&reply, &what);
            }
        }
    }
    assert_nothing_written(&site, "malformed bodies");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_a_malformed_body_of_somebody_signed_in_changes_nothing_either() {
    let site = TestSite::start().await;
    let Lived { own, tokens, .. } = Lived::in_site(&site).await;
    let account = site.get("/account", Some(&own)).await.body;
    let list = site.get("/collections", Some(&own)).await.body;
    site.proxy.forget();
    // Elsewhere a bearer token changes nothing.
    let of_users = ["/account", "/collections", "/oauth2/register", "/oauth2/userinfo", "/oauth2.0/sign"];
    let own_routes = writes().into_iter().filter(|(_, path)| of_users.iter().any(|start| path.starts_with(start)));
    let own_routes = own_routes.map(|route| (&own, route));
    let third_party = ["/collections/12", "/oauth2/userinfo"];
    let third_party = writes().into_iter().filter(|(_, path)| third_party.contains(&path.as_str()));
    for (token, route) in own_routes.chain(third_party.map(|route| (&tokens.access_token, route))) {
        let bearer = format!("Authorization: Bearer {token}\r\n");
        for (kind, body) in malformed() {
            let what = format!("{} {} with {kind}", route.0, route.1);
            if ignores_its_body(&route.0, &route.1) {
                continue;
            }
            let reply = send(&site, &route, &bearer, kind, &body).await;
            if route.1 == "/oauth2/userinfo" && kind == FORM {
                // The token is in the header, and a form may hold anything beside it.
                super::assert_clear(&reply, &what);
            } else {
                assert_refused(&reply, &what);
            }
        }
    }
    assert_nothing_written(&site, "malformed bodies");
    assert_eq!(site.get("/account", Some(&own)).await.body, account);
    assert_eq!(site.get("/collections", Some(&own)).await.body, list);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_an_empty_body_is_no_5xx_whatever_it_says_it_is() {
    let site = TestSite::start().await;
    let Lived { own, .. } = Lived::in_site(&site).await;
    for (method, path) in writes().into_iter().filter(|(_, path)| path != "/logout") {
        for kind in [JSON, FORM, "", "text/plain"] {
            for extra in [String::new(), format!("Authorization: Bearer {own}\r\n")] {
                let reply = send(&site, &(method.clone(), path.clone()), &extra, kind, b"").await;
                super::assert_clear(&reply, &format!("{method} {path} with an empty {kind}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_a_body_beyond_its_limit_is_413_at_every_route() {
    let site = TestSite::start().await;
    let Lived { own, .. } = Lived::in_site(&site).await;
    let account = site.get("/account", Some(&own)).await.body;
    site.proxy.forget();
    let bearer = format!("Authorization: Bearer {own}\r\n");
    let too_much = vec![b'['; 64 * 1024 + 1];
    for (route, kind) in writes().into_iter().zip([JSON, FORM].into_iter().cycle()) {
        let what = format!("{} {} with 64 KiB and a byte of {kind}", route.0, route.1);
        let reply = send(&site, &route, &bearer, kind, &too_much).await;
        assert_refused(&reply, &what);
        assert_eq!(reply.status, 413, "{what}");
    }
    // A million levels deep, and what a function can be handed at the most.
    let millions = vec![b'['; 1_000_000];
    let six = vec![b'a'; 6 * 1024 * 1024];
    for (method, path, kind, body) in [
        ("POST", "/oauth2/token", JSON, &millions),
        ("POST", "/oauth2/token", FORM, &six),
        ("PUT", "/collections/12", JSON, &six),
    ] {
        let reply = send(&site, &(method.to_owned(), path.to_owned()), &bearer, kind, body).await;
        assert_eq!(reply.status, 413, "{method} {path}: {}", reply.text);
    }
    assert_nothing_written(&site, "enormous bodies");
    assert_eq!(site.get("/account", Some(&own)).await.body, account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_more_than_6_mb_end_at_the_gateway_at_every_route() {
    let site = TestSite::start().await;
    let length = 6 * 1024 * 1024 + 1;
    for (method, path) in writes() {
        // Announced, and not sent: nobody waits for it.
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nExpect: 100-continue\r\n\
             Content-Length: {length}\r\n\r\n",
            site.site.port()
        );
        let reply = exchange(&site, vec![head.into_bytes()]).await;
        assert_eq!(reply.status, 413, "{method} {path}: {}", reply.text);
    }
    let reply =
        raw(&site, "POST /oauth2/token HTTP/1.1\r\nContent-Type: application/json\r\n", vec![b'a'; length]).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_values_of_the_wrong_kind_or_size_are_a_clear_4xx() {
    let site = TestSite::start().await;
    let Lived { own, client, user, .. } = Lived::in_site(&site).await;
    let account = site.get("/account", Some(&own)).await.body;
    let list = site.get("/collections", Some(&own)).await.body;
    let enormous = "あ".repeat(15_000);
    let values = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(true),
        json!([]),
        json!([[1]]),
        json!({}),
        json!({ "a": {} }),
        json!("\u{0}"),
        json!("\u{202e}"),
        json!(enormous),
        json!("' OR 1=1 --"),
        json!("{{7*7}}"),
    ];
    let fields: [(&str, &str, &[&str]); 7] = [
        ("POST", "/register", &["username", "email", "phone"]),
        ("POST", "/login", &["username", "password"]),
        ("POST", "/account/password", &["old_password", "new_password"]),
        ("DELETE", "/account", &["password"]),
        ("PUT", "/collections/12", &["status", "rating", "comment", "tags", "started_at", "rewatch_count"]),
        ("POST", "/oauth2/token", &["grant_type", "client_id", "code", "refresh_token"]),
        ("POST", "/oauth2/register", &["redirect_uris", "grant_types", "scope", "token_endpoint_auth_method"]),
    ];
    for (method, path, fields) in fields {
        for field in fields {
            for value in &values {
                let mut body = json!({
                    "username": "tomoyo", "password": "correct horse", "status": "nonsense", "redirect_uris": [],
                });
                body[field] = value.clone();
                let request = site.http.request(method.parse().unwrap(), site.url(path)).json(&body);
                let reply = site.send(request, Some(&own)).await;
                let shown: String = value.to_string().chars().take(30).collect();
                assert!(reply.status < 500, "{method} {path} {field}={shown}: {} {}", reply.status, reply.body);
                // Where the value is the one thing that is wrong, so is the whole.
                let harmless = path == "/register" || (path == "/login" && *field == "password");
                assert!(harmless || reply.status >= 400, "{method} {path} {field}={shown}: {}", reply.status);
            }
        }
    }
    assert_eq!(site.get("/account", Some(&own)).await.body, account);
    assert_eq!(site.get("/collections", Some(&own)).await.body, list);
    assert_eq!(site.token(&client, &[("grant_type", "client_credentials")]).await.status, 200);
    // So many failures count, but the owner's address is not shut out for good.
    site.clock.advance(3600);
    site.sign_in(&user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_an_enormous_authorization_request_makes_no_enormous_redirect() {
    let site = TestSite::start().await;
    let Lived { client, .. } = Lived::in_site(&site).await;
    for length in [3000, 4000, 5000, 7000, 8000, 9000, 60_000] {
        let state = "x".repeat(length);
        let body = client.query_with(&[("scope", "openid"), ("state", &state)]);
        let head = format!("POST /oauth2/authorize HTTP/1.1\r\nContent-Type: {FORM}\r\n");
        let reply = raw(&site, head, body).await;
        super::assert_clear(&reply, "a long state");
        // What API Gateway lets a function answer, and a browser ask next.
        let headers = reply.text.split("\r\n\r\n").next().unwrap_or_default();
        assert!(headers.len() < local::gateway::MAX_HEAD, "{length}: headers of {} bytes", headers.len());
        // Where the user may still sign in, the address that waits for that is one that the gateway lets in.
        let location = headers.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
        if location.starts_with("/login") {
            assert_eq!(site.get(location, None).await.status, 200, "{length}");
        }
    }
}
