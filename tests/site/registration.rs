//! Registering applications (RFC 7591; OpenID Connect Dynamic Client Registration).

#![expect(clippy::indexing_slicing, reason = "helpers of tests fail by panicking, as tests do")]

mod management;
mod page;
mod policies;
mod sector;

use tests::flow::REDIRECT;
use tests::{Reply, START, TestSite, Value, json};

async fn register(site: &TestSite, body: Value) -> Reply {
    site.post("/oauth2/register", None, body).await
}

/// RFC 7591 §3.2.2.
fn assert_refused(reply: &Reply, error: &str, about: &impl std::fmt::Debug) {
    assert_eq!((reply.status, reply.error().as_str()), (400, error), "{about:?}: {}", reply.body);
    let description = reply.json()["error_description"].as_str().map(str::to_owned).unwrap_or_default();
    assert!(!description.is_empty() && description.is_ascii(), "{about:?}: {description}");
    assert_eq!(reply.header("cache-control"), "no-store", "{about:?}");
}

#[tokio::test]
async fn v44_all_metadata_is_echoed_with_the_id_and_a_secret_that_does_not_expire() {
    let site = TestSite::start().await;
    let sent = json!({
        "client_name": "番组手帐",
        "redirect_uris": [REDIRECT, "http://127.0.0.1:5000/cb", "org.example.diary:/cb"],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"],
        "scope": "openid email collections:read",
        "application_type": "native",
        "id_token_signed_response_alg": "RS256",
        "subject_type": "public",
        "default_max_age": 3600,
        "require_auth_time": true,
        "require_pkce": true,
        "client_uri": "https://app.example/",
        "logo_uri": "https://app.example/logo.png",
        "tos_uri": "https://app.example/tos",
        "policy_uri": "https://app.example/policy",
        "contacts": ["ops@app.example"],
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "1.2.3",
    });
    let reply = register(&site, sent.clone()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-type"), "application/json");
    let echoed = reply.json();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&echoed[name], value, "{name}");
    }
    assert!(echoed["client_id"].as_str().unwrap().starts_with("client_"));
    assert_eq!(echoed["client_id_issued_at"], START.0 / 1000);
    // 256 random bits.
    assert_eq!(echoed["client_secret"].as_str().unwrap().len(), 43);
    assert_eq!(echoed["client_secret_expires_at"], 0);
}

#[tokio::test]
async fn v44_what_is_left_out_is_answered_with_its_default() {
    let site = TestSite::start().await;
    let least = json!({ "redirect_uris": [REDIRECT], "unknown": { "member": true }, "client_name": null });
    let reply = register(&site, least).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let echoed = reply.json();
    assert_eq!(echoed["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(echoed["grant_types"], json!(["authorization_code"]));
    assert_eq!(echoed["response_types"], json!(["code"]));
    assert_eq!(echoed["application_type"], "web");
    assert_eq!(echoed["id_token_signed_response_alg"], "RS256");
    assert_eq!(echoed["subject_type"], "public");
    assert_eq!(echoed["require_pkce"], false);
    assert_eq!(echoed["scope"], "openid profile email phone address offline_access collections:read collections:write");
    for absent in ["unknown", "client_uri", "default_max_age", "software_id"] {
        assert!(echoed.get(absent).is_none(), "{absent}");
    }
    let other = register(&site, json!({ "redirect_uris": [REDIRECT] })).await.json();
    assert_ne!(other["client_id"], echoed["client_id"]);
    assert_ne!(other["client_secret"], echoed["client_secret"]);
}

#[tokio::test]
async fn v44_a_public_client_has_no_secret_and_no_expiry_of_one() {
    let site = TestSite::start().await;
    let body = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
    let echoed = register(&site, body).await.json();
    assert_eq!(echoed["token_endpoint_auth_method"], "none");
    assert!(echoed.get("client_secret").is_none() && echoed.get("client_secret_expires_at").is_none());
    // With nothing but addresses on the device it is a native one.
    let body = json!({ "redirect_uris": ["http://127.0.0.1/cb", "org.example.app:/cb"], "token_endpoint_auth_method": "none" });
    assert_eq!(register(&site, body).await.json()["application_type"], "native");
}

#[tokio::test]
async fn v44_a_client_that_only_acts_for_itself_needs_no_redirect_uri() {
    let site = TestSite::start().await;
    let reply = register(&site, json!({ "grant_types": ["client_credentials"] })).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.json()["redirect_uris"], json!([]));
    assert_eq!(reply.json()["response_types"], json!([]));
}

#[tokio::test]
async fn v44_a_secret_of_either_method_works_at_the_token_endpoint() {
    let site = TestSite::start().await;
    for method in ["client_secret_basic", "client_secret_post"] {
        let metadata = json!({ "token_endpoint_auth_method": method, "grant_types": ["client_credentials"] });
        let client = site.client_with(metadata).await;
        let reply = site.token(&client, &[("grant_type", "client_credentials")]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

#[tokio::test]
async fn v45_a_redirect_uri_that_leads_into_danger_is_refused() {
    let site = TestSite::start().await;
    for uri in [
        "https://app.example/cb#fragment",
        "https://app.example/cb#",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "http://app.example/cb",
        "http://127.0.0.1.example.org/cb",
        "http://localhost.example.org/cb",
        "http://10.0.0.1/cb",
        "http://0.0.0.0/cb",
        "http://[::]/cb",
        "https://user:password@app.example/cb",
        "https://app.example@evil.example/cb",
        "https:app.example/cb",
        "https:/app.example/cb",
        "https:\\\\app.example/cb",
        "http:localhost/cb",
        "https://",
        "//app.example/cb",
        "/cb",
        "app.example/cb",
        "",
        "https://app.example/c b",
        " https://app.example/cb",
        "https://app.example/\ncb",
        "https://app.example/番",
        "myapp:/cb",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        for uris in [json!([uri]), json!([REDIRECT, uri])] {
            assert_refused(&register(&site, json!({ "redirect_uris": uris })).await, "invalid_redirect_uri", &uri);
        }
    }
    let long = format!("https://app.example/{}", "a".repeat(2000));
    assert_refused(&register(&site, json!({ "redirect_uris": [long] })).await, "invalid_redirect_uri", &"long");
    let many: Vec<_> = (0..21).map(|n| format!("https://app.example/{n}")).collect();
    assert_refused(&register(&site, json!({ "redirect_uris": many })).await, "invalid_redirect_uri", &"many");
    assert_refused(&register(&site, json!({})).await, "invalid_redirect_uri", &"none");
    assert_refused(&register(&site, json!({ "redirect_uris": [] })).await, "invalid_redirect_uri", &"none");
}

#[tokio::test]
async fn v45_https_loopback_and_an_apps_own_scheme_are_accepted() {
    let site = TestSite::start().await;
    for uri in [
        "https://app.example",
        "https://app.example/cb?tenant=1&next=https%3A%2F%2Fother",
        "https://app.example:8443/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:5000/cb",
        "org.example.app:/cb",
        "org.example.app://host/cb",
    ] {
        let reply = register(&site, json!({ "redirect_uris": [uri] })).await;
        assert_eq!(reply.status, 201, "{uri}: {}", reply.body);
        assert_eq!(reply.json()["redirect_uris"], json!([uri]));
    }
}

#[tokio::test]
async fn metadata_that_makes_no_sense_is_refused() {
    let site = TestSite::start().await;
    for (name, value) in [
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!("")),
        ("token_endpoint_auth_method", json!(1)),
        ("grant_types", json!([])),
        ("grant_types", json!(["password"])),
        ("grant_types", json!(["authorization_code", "password"])),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!("authorization_code")),
        ("grant_types", json!(["client_credentials"])),
        ("response_types", json!(["token"])),
        ("response_types", json!([])),
        ("response_types", json!(["code", "id_token"])),
        ("scope", json!("account")),
        ("scope", json!("")),
        ("scope", json!(["openid"])),
        ("application_type", json!("desktop")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("subject_type", json!("ephemeral")),
        ("default_max_age", json!(-1)),
        ("default_max_age", json!("600")),
        ("client_uri", json!("javascript:alert(1)")),
        ("logo_uri", json!("data:image/png;base64,")),
        ("tos_uri", json!("app.example")),
        ("policy_uri", json!(1)),
        ("contacts", json!(vec!["a@b"; 11])),
        ("client_name", json!("n".repeat(101))),
        ("client_name", json!("evil\u{202e}elpmaxe")),
        ("client_name", json!("two\nlines")),
        ("redirect_uris", json!(REDIRECT)),
    ] {
        let mut body = json!({ "redirect_uris": [REDIRECT] });
        if name == "grant_types" && value == json!(["client_credentials"]) {
            body["token_endpoint_auth_method"] = "none".into();
        }
        body[name] = value.clone();
        assert_refused(&register(&site, body).await, "invalid_client_metadata", &(name, value));
    }
}

#[tokio::test]
async fn e60_a_body_that_is_no_json_object_is_refused() {
    let site = TestSite::start().await;
    let deep = "[".repeat(30_000);
    let positional = format!("[\"Diary\", [\"{REDIRECT}\"]]");
    let twice = format!("{{\"redirect_uris\": [\"{REDIRECT}\"], \"redirect_uris\": [\"https://b/\"]}}");
    for body in ["", "{", "[]", "1", "null", "\"x\"", "{\"a\":1} x", "\u{feff}{}", &deep, &positional, &twice] {
        let request = site.http.post(site.url("/oauth2/register")).header("content-type", "application/json");
        let reply = site.send(request.body(body.to_owned()), None).await;
        assert_refused(&reply, "invalid_client_metadata", &&body[..body.len().min(60)]);
    }
    let bytes = site.http.post(site.url("/oauth2/register")).header("content-type", "application/json");
    assert_refused(&site.send(bytes.body(vec![0xff; 10]), None).await, "invalid_client_metadata", &"bytes");
    for content_type in ["text/plain", "application/xml"] {
        let request = site.http.post(site.url("/oauth2/register")).header("content-type", content_type);
        let reply = site.send(request.body("{}"), None).await;
        assert_refused(&reply, "invalid_client_metadata", &content_type);
    }
}
