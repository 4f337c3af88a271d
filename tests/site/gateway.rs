//! The gateway from outside: what is sent reaches functions as it was sent, and what no function answers is answered
//! as API Gateway does.

use reqwest::Method;
use tests::{PASSWORD, Reply, TestSite, Value, json};

/// Somebody who has one entry, by the token of their own sign-in.
async fn sakura(site: &TestSite) -> String {
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    site.put("/collections/1", Some(&token), json!({ "status": "on_hold" })).await;
    token
}

fn not_found(reply: &Reply) -> bool {
    reply.status == 404
        && reply.body == r#"{"message":"Not Found"}"#
        && reply.header("content-type") == "application/json"
}

#[tokio::test]
async fn a_path_is_decoded_once_for_its_parameters_and_not_for_its_route() {
    let site = TestSite::start().await;
    sakura(&site).await;
    for path in ["/users/sakura/collections", "/users/%73akur%61/collections"] {
        assert_eq!(site.get(path, None).await.status, 200, "{path}");
    }
    // The function says this: nobody has such a name, and an escaped slash or a second escape doesn't make another.
    for path in ["/users/%2573akura/collections", "/users/sakura%2Fx/collections", "/users/%E6%A1%9C/collections"] {
        let reply = site.get(path, None).await;
        assert_eq!((reply.status, reply.header("content-type")), (404, "application/problem+json"), "{path}");
    }
    for path in ["/users%2Fsakura/collections", "/users/sakura/x/collections", "/%75sers/sakura/collections"] {
        let reply = site.get(path, None).await;
        assert!(not_found(&reply), "{path}: {} {}", reply.status, reply.body);
    }
}

#[tokio::test]
async fn a_query_arrives_as_it_was_sent() {
    let site = TestSite::start().await;
    let token = sakura(&site).await;
    let status = |query: &'static str| {
        let site = &site;
        let token = token.clone();
        async move { site.get(&format!("/collections?{query}"), Some(&token)).await.status }
    };
    // `%5F` is `_`, `%6E` is `n`; an escaped `&` or `=` separates nothing; `+` is a space.
    assert_eq!(status("status=on%5Fhold&l%69mit=1").await, 200);
    assert_eq!(status("x=%26limit=0&y=a%3Db").await, 200);
    assert_eq!(status("status=on+hold").await, 400);
    assert_eq!(status("status=on%20hold").await, 400);
    // A parameter that comes twice is two, not one joined by a comma; and one of the other case is another.
    assert_eq!(status("limit=1&limit=1").await, 400);
    assert_eq!(status("LIMIT=0").await, 200);
    assert_eq!(status("status=%FF").await, 400);
    assert_eq!(status("").await, 200);
}

#[tokio::test]
async fn every_character_of_state_survives_the_way_to_the_application_and_back() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let state = "a+b c&d=e%2F桜🌸\"<>#?,;\\'~";
    let query = client.query_with(&[("scope", "openid"), ("state", state)]);
    assert_eq!(browser.authorize_fully(&query).await.parameter("state").as_deref(), Some(state));
}

#[tokio::test]
async fn headers_that_come_twice_are_one_list_and_their_names_have_no_case() {
    let site = TestSite::start().await;
    let token = sakura(&site).await;
    let etag = site.get("/collections/1", Some(&token)).await.header("etag").to_owned();
    let read = site.http.get(site.url("/collections/1")).header("IF-NONE-MATCH", "\"a\"").header("If-None-Match", etag);
    assert_eq!(site.send(read, Some(&token)).await.status, 304);
}

#[tokio::test]
async fn cookies_arrive_however_many_headers_they_came_in_and_several_are_set_at_once() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    let page = browser.open("/login").await;
    let signed_in = browser.fill_login(&page, &user).await;
    assert!(signed_in.headers.get_all("set-cookie").iter().count() > 1, "each in a header of its own");
    let session = signed_in.set_cookie("session").unwrap();
    let session = session.split(';').next().unwrap().to_owned();
    for cookies in [
        vec![session.clone()],
        vec![format!("a=1; {session}; b=\"2\"")],
        vec!["lang=ja".to_owned(), "a=b=c".to_owned(), session.clone()],
        vec!["; ;".to_owned(), session.clone()],
    ] {
        let mut request = site.http.get(site.url("/account"));
        for cookie in &cookies {
            request = request.header("cookie", cookie);
        }
        assert_eq!(site.send(request, None).await.status, 200, "{cookies:?}");
    }
    assert_eq!(site.send(site.http.get(site.url("/account")).header("cookie", "session=x"), None).await.status, 401);
}

#[tokio::test]
async fn forms_and_json_arrive_byte_for_byte_in_any_script() {
    let site = TestSite::start().await;
    let password = "正しい馬 +%26&=電池 🔋";
    let body = json!({ "username": "sakura", "password": password, "nickname": "さくら 🌸 \"\\\u{7f}" });
    let registered = site.post("/register", None, body.clone()).await;
    assert_eq!((registered.status, &registered.json()["nickname"]), (201, &body["nickname"]));
    // API Gateway hands a form over as base64.
    let browser = site.browser();
    let page = browser.open("/login").await;
    let csrf = page.input("csrf");
    let sent = browser.submit("/login", &[("csrf", &csrf), ("username", "sakura"), ("password", password)]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let account = site.send(browser.http.get(site.url("/account")), None).await;
    assert_eq!(account.json()["nickname"], body["nickname"]);
}

#[tokio::test]
async fn without_a_route_of_that_path_and_method_the_gateway_says_not_found() {
    let site = TestSite::start().await;
    for (method, path) in [
        ("GET", "/nowhere"),
        ("GET", "/login/"),
        ("GET", "//login"),
        ("GET", "/Login"),
        ("GET", "/oauth2/token"),
        ("GET", "/collections/"),
        ("GET", "/collections/1/2"),
        ("PUT", "/collections"),
        ("DELETE", "/login"),
        ("OPTIONS", "/login"),
        ("TRACE", "/login"),
        ("PROPFIND", "/login"),
    ] {
        let request = site.http.request(Method::from_bytes(method.as_bytes()).unwrap(), site.url(path));
        let reply = site.send(request, None).await;
        assert!(not_found(&reply), "{method} {path}: {} {}", reply.status, reply.body);
    }
    // HEAD is a method like the others, and of its answer only the head is sent.
    for path in ["/", "/login", "/health"] {
        let reply = site.send(site.http.head(site.url(path)), None).await;
        assert_eq!((reply.status, reply.body.as_str()), (404, ""), "{path}");
        assert_eq!(reply.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn e60_a_body_over_six_megabytes_is_413_and_one_below_it_is_the_functions_to_judge() {
    const MEGABYTES: usize = 1024 * 1024;
    let site = TestSite::start().await;
    let send = |length: usize| {
        let mut body = json!({ "username": "sakura", "password": PASSWORD }).to_string();
        body.push_str(&" ".repeat(length - body.len()));
        let request = site.http.post(site.url("/register")).header("content-type", "application/json");
        site.send(request.body(body), None)
    };
    let too_large = send(6 * MEGABYTES + 1).await;
    assert_eq!((too_large.status, too_large.body.as_str()), (413, r#"{"message":"Request Entity Too Large"}"#));
    let large = send(6 * MEGABYTES).await;
    assert_eq!((large.status, large.header("content-type")), (413, "application/problem+json"));
    assert_eq!(send(64 * 1024 + 1).await.status, 413);
    assert_eq!(send(64 * 1024).await.status, 201);
}

#[tokio::test]
async fn e60_request_line_and_headers_over_10240_bytes_are_431() {
    let site = TestSite::start().await;
    let header = |length| site.http.get(site.url("/health")).header("x-long", "a".repeat(length));
    assert_eq!(site.send(header(9_900), None).await.status, 200);
    for length in [10_240, 16 * 1024, 100_000] {
        assert_eq!(site.send(header(length), None).await.status, 431, "{length}");
    }
    let query = |length| site.http.get(site.url(&format!("/health?x={}", "a".repeat(length))));
    assert_eq!(site.send(query(9_900), None).await.status, 200);
    assert_eq!(site.send(query(10_240), None).await.status, 431);
    let reply = site.send(header(10_240), None).await;
    assert_eq!(reply.body, r#"{"message":"Request Header Fields Too Large"}"#);
}

#[tokio::test]
async fn pages_at_an_address_move_to_localhost_and_calls_are_answered_there() {
    let site = TestSite::start().await;
    let at = |path: &str| site.http.get(format!("http://127.0.0.1:{}{path}", site.site.port()));
    let page = site.send(at("/login?lang=ja&x=%26").header("accept", "text/html"), None).await;
    assert_eq!((page.status, page.location()), (307, site.url("/login?lang=ja&x=%26").as_str()));
    for accept in ["*/*", "application/json"] {
        assert_eq!(site.send(at("/health").header("accept", accept), None).await.status, 200);
    }
    let call = site.send(site.http.post(format!("http://127.0.0.1:{}/login", site.site.port())).json(&json!({})), None);
    assert!((400..500).contains(&call.await.status));
    let home = site.send(site.http.get(site.url("/")).header("accept", "text/html"), None).await;
    assert_eq!(home.status, 200);
}

#[tokio::test]
async fn the_issuer_is_never_taken_from_the_host_header() {
    let site = TestSite::start().await;
    let path = "/.well-known/openid-configuration";
    let named = site.http.get(site.url(path)).header("host", "evil.example").header("x-forwarded-host", "evil.example");
    let document: Value = site.send(named, None).await.json();
    assert_eq!(document["issuer"], site.issuer());
    assert!(!document.to_string().contains("evil"));
}
