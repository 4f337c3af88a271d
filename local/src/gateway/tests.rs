//! The gateway with functions that tell what reached them.

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, RawQuery};
use axum::http::Uri;
use axum::response::AppendHeaders;
use axum::routing::{any, delete, get, post};
use http_body_util::Full;
use serde_json::{Value, json};

use super::*;

async fn seen(uri: Uri, RawQuery(query): RawQuery) -> Json<Value> {
    Json(json!({ "path": uri.path(), "query": query }))
}

fn gateway() -> Gateway {
    let echo = Router::new()
        .route("/echo/{name}", get(|Path(name): Path<String>| async move { name }))
        .route("/echo/exact", get(|| async { "exact" }))
        .route("/files/", get(seen))
        .route("/files/{*rest}", get(seen))
        .route("/body", post(|body: Bytes| async move { body }))
        .route(
            "/cookies",
            get(|headers: HeaderMap| async move {
                let sent =
                    headers.get_all(header::COOKIE).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
                (AppendHeaders([(header::SET_COOKIE, "a=1"), (header::SET_COOKIE, "b=2")]), sent.join("|"))
            }),
        );
    let broken = Router::new().route("/panic", any(|| async { panic!("on purpose") as () }));
    let delete = Router::new().route("/echo/{name}", delete(|| async { "deleted" }));
    let route = |method: Method, path: &str, function: &str| Route {
        method,
        path: path.to_owned(),
        function: function.to_owned(),
    };
    let routes = [
        route(Method::GET, "/echo/{name}", "echo"),
        route(Method::DELETE, "/echo/{name}", "delete"),
        route(Method::GET, "/echo/exact", "echo"),
        route(Method::GET, "/files/{rest+}", "echo"),
        route(Method::POST, "/body", "echo"),
        route(Method::GET, "/cookies", "echo"),
        route(Method::GET, "/panic", "broken"),
    ];
    let functions =
        HashMap::from([("echo", echo.layer(DefaultBodyLimit::disable())), ("delete", delete), ("broken", broken)]);
    let issuer = Issuer::parse("http://localhost:3000").unwrap();
    Gateway::new(&routes, &functions, &issuer, Clock::system(), Entropy::seeded(1)).unwrap()
}

async fn send(request: http::request::Builder, body: impl Into<Bytes>) -> (StatusCode, HeaderMap, String) {
    let request = request.body(Full::new(body.into())).unwrap();
    let (parts, body) = gateway().serve(request, IpAddr::from([127, 0, 0, 1])).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

async fn get_text(path: &str) -> String {
    send(Request::get(path), "").await.2
}

#[tokio::test]
async fn an_exact_path_goes_before_a_parameter_unless_it_lacks_the_method() {
    assert_eq!(get_text("/echo/exact").await, "exact");
    assert_eq!(get_text("/echo/other").await, "other");
    assert_eq!(send(Request::delete("/echo/exact"), "").await.2, "deleted");
}

#[tokio::test]
async fn what_follows_may_be_nothing_but_not_even_the_slash_before_it() {
    let seen: Value = serde_json::from_str(&get_text("/files/?x=1").await).unwrap();
    assert_eq!(seen, json!({ "path": "/files/", "query": "x=1" }));
    for path in ["/files", "/echo/exact/", "/cookies/"] {
        assert_eq!(send(Request::get(path), "").await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn paths_and_queries_arrive_as_they_were_sent() {
    assert_eq!(get_text("/echo/a%2Fb%20%E3%81%82%25").await, "a/b あ%");
    let seen: Value =
        serde_json::from_str(&get_text("/files/a/%2F?x=%26&x=a+b&y=%C3%A9&redirect=http://a/?b").await).unwrap();
    assert_eq!(seen, json!({ "path": "/files/a/%2F", "query": "x=%26&x=a+b&y=%C3%A9&redirect=http://a/?b" }));
}

#[tokio::test]
async fn bodies_of_every_kind_arrive_byte_for_byte() {
    for (content_type, body) in
        [("application/json", &b"{\"a\":1}"[..]), ("application/x-www-form-urlencoded", b"a=%2B&b="), ("", b"\xff\x00")]
    {
        let request = Request::post("/body").header("content-type", content_type).body(Full::from(body)).unwrap();
        let answer = gateway().serve(request, IpAddr::from([127, 0, 0, 1])).await;
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), body);
    }
}

#[tokio::test]
async fn cookies_go_in_as_one_header_and_come_out_as_many() {
    let request = Request::get("/cookies").header("cookie", "a=1; b=2").header("cookie", "c=3");
    let (_, headers, body) = send(request, "").await;
    assert_eq!(body, "a=1; b=2; c=3");
    assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
}

#[tokio::test]
async fn without_a_route_of_that_path_and_method_the_gateway_answers_itself() {
    for request in
        [Request::get("/nowhere"), Request::post("/cookies"), Request::head("/cookies"), Request::get("/echo/")]
    {
        let (status, headers, body) = send(request, "").await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#));
        assert_eq!(headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_served() {
    let (status, _, body) = send(Request::get("/panic"), "").await;
    assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal Server Error"}"#));
    assert_eq!(get_text("/echo/exact").await, "exact");
}

#[tokio::test]
async fn six_megabytes_are_served_and_one_byte_more_is_not() {
    let (status, _, body) = send(Request::post("/body"), vec![b'a'; MAX_BODY]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, MAX_BODY));
    let (status, _, body) = send(Request::post("/body"), vec![b'a'; MAX_BODY + 1]).await;
    assert_eq!((status, body.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, r#"{"message":"Request Entity Too Large"}"#));
}

#[tokio::test]
async fn the_head_has_10240_bytes_and_not_one_more() {
    let fixed = "GET /echo/exact HTTP/1.1\r\nx: \r\n".len();
    let request = |length| Request::get("/echo/exact").header("x", "a".repeat(length));
    assert_eq!(send(request(MAX_HEAD - fixed), "").await.0, StatusCode::OK);
    let (status, _, body) = send(request(MAX_HEAD - fixed + 1), "").await;
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(body, r#"{"message":"Request Header Fields Too Large"}"#);
}

#[tokio::test]
async fn a_page_asked_for_by_address_moves_to_localhost_and_a_call_does_not() {
    for host in ["127.0.0.1:3000", "[::1]:3000", "127.0.0.1"] {
        let request = Request::get("/echo/a?b=c").header("host", host).header("accept", "text/html,*/*");
        let (status, headers, _) = send(request, "").await;
        assert_eq!(status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(headers["location"], "http://localhost:3000/echo/a?b=c");
    }
    let call = Request::get("/echo/a").header("host", "127.0.0.1:3000").header("accept", "*/*");
    assert_eq!(send(call, "").await.0, StatusCode::OK);
    let page = Request::get("/echo/a").header("host", "localhost:3000").header("accept", "text/html");
    assert_eq!(send(page, "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_is_no_host_never_reaches_a_function() {
    for host in ["a b", "a:99999", "[", "a/b", ""] {
        assert_eq!(send(Request::get("/echo/a").header("host", host), "").await.0, StatusCode::BAD_REQUEST, "{host}");
    }
}
