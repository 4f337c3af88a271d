//! Addresses, queries, cookies and headers that no browser sends.

use data_encoding::BASE64;
use tests::{TestSite, json};

use super::{Lived, assert_clear, assert_nothing_written, assert_refused, raw, routes};

/// Queries as bytes: some that the server must refuse, none that may break it.
fn queries() -> Vec<Vec<u8>> {
    let long = format!("state={}", "a".repeat(8000)).into_bytes();
    let many = "a=1&".repeat(1000).into_bytes();
    let texts = [
        "",
        "?",
        "&",
        "=",
        "&&=&",
        "a",
        "a=b=c",
        "%",
        "%%",
        "%zz",
        "%f",
        "%ff",
        "a=%ff%fe",
        "a=%C0%80",
        "%00=%00",
        "a=%0d%0aSet-Cookie:x=y",
        "a=+%20+",
        "a[]=1&a[b]=2",
        "a;b",
        "[]{}|^`\\\"<>'",
        "a=#b",
        "a=//..//",
        "client_id=%00",
        "client_id=&client_id=",
        "redirect_uri=javascript:alert(1)",
        "resume=x",
        "resume=%ff",
        "continue=//evil.example",
        "continue=%0d%0a",
        "cursor=x",
        "limit=-1",
        "limit=99999999999999999999",
        "limit=%00",
        "status=%ff",
        "sort=;",
        "lang=x",
        "lang=en&return_to=//evil.example",
        "ui_locales=%ff",
        "ui_locales=zh-CN%20en%20%00",
        "decision=allow",
        "prompt=none%20login&max_age=-1",
        "request=x&request_uri=y",
    ];
    let bytes: [&[u8]; 3] = [b"\xff\xfe", b"a=\xe3\x81", "名前=値".as_bytes()];
    let texts = texts.iter().map(|text| text.as_bytes().to_vec());
    texts.chain(bytes.iter().map(|bytes| bytes.to_vec())).chain([long, many]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_no_query_breaks_a_page_or_changes_anything() {
    let site = TestSite::start().await;
    let Lived { own, .. } = Lived::in_site(&site).await;
    site.proxy.forget();
    for (method, path) in routes().into_iter().filter(|(method, _)| method == "GET") {
        for query in queries() {
            let of_users = ["/account", "/collections", "/oauth2/userinfo"].iter().any(|start| path.starts_with(start));
            let extra =
                if of_users { format!("Authorization: Bearer {own}\r\n") } else { "Accept: text/html\r\n".into() };
            let head = [method.as_bytes(), b" ", path.as_bytes(), b"?", &query, b" HTTP/1.1\r\n", extra.as_bytes()];
            let reply = raw(&site, head.concat(), "").await;
            assert_clear(&reply, &format!("{path}?{}", String::from_utf8_lossy(&query)));
            assert!(!reply.text.contains("\r\nSet-Cookie:x"), "{}", reply.text);
            assert!(!reply.text.to_lowercase().contains("\r\nlocation: //"), "{}", reply.text);
        }
    }
    assert_nothing_written(&site, "odd queries");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_no_query_breaks_a_write_either() {
    let site = TestSite::start().await;
    Lived::in_site(&site).await;
    site.proxy.forget();
    for (method, path) in super::writes() {
        for query in queries() {
            let head = [method.as_bytes(), b" ", path.as_bytes(), b"?", &query, b" HTTP/1.1\r\n"].concat();
            assert_clear(&raw(&site, head, "").await, &format!("{method} {path}?{}", String::from_utf8_lossy(&query)));
        }
    }
    assert_nothing_written(&site, "odd queries");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_odd_paths_are_not_found_or_refused() {
    let site = TestSite::start().await;
    let Lived { own, .. } = Lived::in_site(&site).await;
    let before = site.get("/collections", Some(&own)).await.body;
    let long = "9".repeat(5000);
    let names: [&[u8]; 24] = [
        b"..",
        b".",
        b"%2e%2e",
        b"%2e",
        b".%2E",
        b"%00",
        b"%ff",
        b"%",
        b"%zz",
        b"%2f",
        b"..%2f..%2fetc",
        b"a\\b",
        b"\\",
        b"-1",
        b"0",
        b"012",
        b"+12",
        b"12.0",
        b"1e3",
        b"4294967296",
        b"\xff",
        "あ".as_bytes(),
        b"{subject_id}",
        long.as_bytes(),
    ];
    for name in names {
        for (method, before, after) in [
            ("GET", "/collections/", ""),
            ("PUT", "/collections/", ""),
            ("PATCH", "/collections/", ""),
            ("DELETE", "/collections/", ""),
            ("GET", "/users/", "/collections"),
            ("GET", "/static/", ""),
            ("OPTIONS", "/collections/", ""),
        ] {
            let bearer = format!(" HTTP/1.1\r\nAuthorization: Bearer {own}\r\nContent-Type: application/json\r\n");
            let head = [method.as_bytes(), b" ", before.as_bytes(), name, after.as_bytes(), bearer.as_bytes()].concat();
            let what = format!("{method} {before}{}{after}", String::from_utf8_lossy(name));
            assert_clear(&raw(&site, head, if method == "GET" { "" } else { "{\"status\":\"wish\"}" }).await, &what);
        }
    }
    for path in
        ["/", "//", "/nonsense", "/oauth2", "/oauth2/", "/oauth2/token/", "/OAUTH2/TOKEN", "/oauth2/token%00", "*"]
    {
        for method in ["POST", "PUT", "BREW", "TRACE", "CONNECT", "PROPFIND"] {
            let reply = raw(&site, format!("{method} {path} HTTP/1.1\r\n"), "").await;
            assert!((400..500).contains(&reply.status), "{method} {path}: {} {}", reply.status, reply.text);
        }
    }
    assert_eq!(site.get("/collections", Some(&own)).await.body, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_no_cookie_breaks_a_page() {
    let site = TestSite::start().await;
    let Lived { own, tokens, .. } = Lived::in_site(&site).await;
    site.proxy.forget();
    let long = "a".repeat(7000);
    let values: [&[u8]; 14] = [
        b"",
        b"=",
        b"x",
        b"a b",
        b"\"quoted\"",
        b"%00",
        b"\xff\xfe",
        "名".as_bytes(),
        b"AAAAAAAAAAAAAAAAAAAAAA",
        b";;;",
        b"=;=",
        own.as_bytes(),
        tokens.refresh_token.as_bytes(),
        long.as_bytes(),
    ];
    for (method, path) in routes().into_iter().filter(|(method, _)| method == "GET") {
        for value in values {
            let mut head = format!("{method} {path} HTTP/1.1\r\nAccept: text/html\r\nCookie: ").into_bytes();
            for name in ["session", "browser", "known", "lang", "__Host-session"] {
                if value.len() < 2000 || name == "session" {
                    head.extend([name.as_bytes(), b"=", value, b"; "].concat());
                }
            }
            head.extend(b"\r\n");
            assert_clear(&raw(&site, head, "").await, &format!("{path} with {}", String::from_utf8_lossy(value)));
        }
    }
    assert_nothing_written(&site, "odd cookies");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_no_authorization_header_breaks_an_endpoint() {
    let site = TestSite::start().await;
    let Lived { client, .. } = Lived::in_site(&site).await;
    site.proxy.forget();
    let basic = |bytes: &[u8]| format!("Basic {}", BASE64.encode(bytes)).into_bytes();
    let mut values: Vec<Vec<u8>> = [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic ====",
        "Basic a",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer ..",
        "Negotiate x",
        "DPoP x",
        ",",
        "Basic Basic Basic",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    values.extend([
        basic(b"\xff\xfe:\xff"),
        basic(b":"),
        basic(b"no colon"),
        basic(b"%zz:%ff"),
        basic(b"\0:\0"),
        basic("名:前".as_bytes()),
        basic(format!("{}:%ff%fe", client.id).as_bytes()),
        basic(&vec![b'a'; 5000]),
        b"Bearer \xff\xfe".to_vec(),
        format!("Bearer {}", "a".repeat(7000)).into_bytes(),
        format!("Bearer {}", "a.".repeat(3000)).into_bytes(),
    ]);
    for (method, path) in routes().into_iter().filter(|(_, path)| path != "/logout") {
        for value in &values {
            let head =
                format!("{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: ").into_bytes();
            let head = [head, value.clone(), b"\r\n".to_vec()].concat();
            let body = if method == "GET" { "" } else { "{\"grant_type\":\"client_credentials\"}" };
            let what = format!("{method} {path} with {}", String::from_utf8_lossy(value));
            assert_clear(&raw(&site, head, body).await, &what);
        }
    }
    assert_eq!(site.userinfo("x").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_a_header_of_16_kb_is_431_everywhere() {
    let site = TestSite::start().await;
    site.proxy.forget();
    let big = "a".repeat(16 * 1024);
    for (method, path) in routes() {
        for name in ["X-Header", "Cookie", "Authorization", "Accept-Language"] {
            let reply = raw(&site, format!("{method} {path} HTTP/1.1\r\n{name}: {big}\r\n"), "").await;
            assert_refused(&reply, &format!("{method} {path} with a {name} of 16 KB"));
            assert_eq!(reply.status, 431, "{method} {path}");
        }
    }
    let reply = raw(&site, format!("GET /login?continue={big} HTTP/1.1\r\n"), "").await;
    assert!((400..500).contains(&reply.status), "{}", reply.text);
    assert_eq!(site.proxy.calls().len(), 0, "the gateway alone answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_other_headers_break_nothing() {
    let site = TestSite::start().await;
    let Lived { own, .. } = Lived::in_site(&site).await;
    let odd: [&[u8]; 10] =
        [b"", b",", b"*", b";q=", b"\xff\xfe", b"\"", b"W/\"", "名".as_bytes(), b"text/html;q=nan", b"-1"];
    for name in [
        "Accept",
        "Accept-Language",
        "If-Match",
        "If-None-Match",
        "Origin",
        "Sec-Fetch-Site",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "User-Agent",
        "Expect",
        "Content-Encoding",
        "Range",
    ] {
        for value in odd {
            for (method, path, body) in [
                ("GET", "/login", ""),
                ("GET", "/", ""),
                ("GET", "/collections/12", ""),
                ("PATCH", "/collections/12", "{\"rating\":7}"),
                ("POST", "/login", "{}"),
                ("POST", "/oauth2/token", "{}"),
            ] {
                let bearer = format!(
                    "{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {own}\r\n{name}: "
                );
                let reply = raw(&site, [bearer.as_bytes(), value, b"\r\n"].concat(), body).await;
                assert_clear(&reply, &format!("{method} {path} with {name}: {}", String::from_utf8_lossy(value)));
            }
        }
    }
    assert_eq!(site.get("/collections/12", Some(&own)).await.json()["status"], json!("wish"));
}
