//! Who may read and write a collection.

use super::{full, ids, put, somebody};
use tests::{Reply, TestSite, json};

/// What each call answers to `token`: list, read, put, patch, delete.
async fn statuses(site: &TestSite, token: Option<&str>) -> [u16; 5] {
    [
        site.get("/collections", token).await,
        site.get("/collections/1", token).await,
        site.put("/collections/1", token, full()).await,
        site.patch("/collections/1", token, json!({ "rating": 2 })).await,
        site.delete("/collections/1", token, json!({})).await,
    ]
    .map(|reply| reply.status)
}

#[tokio::test]
async fn an_application_reads_and_writes_as_far_as_its_scopes_go() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let own = site.sign_in(&user).await;
    for (scope, expected) in [
        ("openid collections:read", [200, 200, 403, 403, 403]),
        ("openid collections:write", [403, 403, 200, 200, 204]),
        ("openid collections:read collections:write", [200, 200, 200, 200, 204]),
        ("openid profile", [403, 403, 403, 403, 403]),
    ] {
        put(&site, &own, 1, json!({ "status": "wish" })).await;
        let tokens = browser.authorize_and_redeem(&client, scope).await;
        assert_eq!(statuses(&site, Some(&tokens.access_token)).await, expected, "{scope}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_told_as_rfc_6750_says() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let token = browser.authorize_and_redeem(&client, "openid collections:read").await.access_token;
    let told = |reply: &Reply| {
        assert_eq!((reply.status, reply.error().as_str()), (403, "insufficient_scope"));
        assert!(reply.header("www-authenticate").starts_with("Bearer error=\"insufficient_scope\""));
    };
    told(&site.put("/collections/1", Some(&token), full()).await);
    assert_eq!(site.get("/collections/1", Some(&token)).await.status, 404, "nothing was written");
    // A client that acts for itself has no collection.
    let request = [("grant_type", "client_credentials"), ("scope", "collections:read collections:write")];
    let reply = site.token(&client, &request).await;
    if reply.status == 200 {
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        told(&site.get("/collections", Some(&token)).await);
        told(&site.put("/collections/1", Some(&token), full()).await);
    }
}

#[tokio::test]
async fn nobody_is_401_and_a_bad_token_is_invalid_token() {
    let site = TestSite::start().await;
    assert_eq!(statuses(&site, None).await, [401; 5]);
    let nobody = site.get("/collections", None).await;
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    assert_eq!(statuses(&site, Some("garbage")).await, [401; 5]);
    let bad = site.get("/collections/1", Some("garbage")).await;
    assert_eq!(bad.error(), "invalid_token");
    assert!(bad.header("www-authenticate").contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn the_token_of_ones_own_sign_in_does_everything() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    assert_eq!(statuses(&site, Some(&token)).await, [200, 404, 201, 200, 204]);
}

#[tokio::test]
async fn the_session_cookie_does_everything() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let url = site.url("/collections/1");
    let origin = site.issuer();
    let put = browser.http.put(&url).header("origin", origin).json(&full());
    assert_eq!(site.send(put, None).await.status, 201);
    let patch = browser.http.patch(&url).json(&json!({ "rating": 3 }));
    assert_eq!(site.send(patch, None).await.json()["rating"], 3);
    assert_eq!(site.send(browser.http.get(&url), None).await.status, 200);
    let list = site.send(browser.http.get(site.url("/collections")), None).await;
    assert_eq!(ids(&list.json()), [1]);
    assert_eq!(site.send(browser.http.delete(&url), None).await.status, 204);
}

#[tokio::test]
async fn a_write_with_the_cookie_from_another_origin_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let url = site.url("/collections/1");
    let made = site.send(browser.http.put(&url).json(&json!({ "status": "wish" })), None).await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let put = browser.http.put(&url).header(name, value).json(&full());
        assert_eq!(site.send(put, None).await.status, 403, "{name}: {value}");
        let patch = browser.http.patch(&url).header(name, value).json(&json!({ "rating": 1 }));
        assert_eq!(site.send(patch, None).await.status, 403, "{name}: {value}");
        let delete = browser.http.delete(&url).header(name, value);
        assert_eq!(site.send(delete, None).await.status, 403, "{name}: {value}");
    }
    // What a form of another site can send is no JSON, whatever it says of its origin.
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"] {
        let put = browser.http.put(&url).header("content-type", content_type).body(full().to_string());
        assert_eq!(site.send(put, None).await.status, 415, "{content_type}");
    }
    assert_eq!(site.send(browser.http.get(&url), None).await.json(), made.json());
}

#[tokio::test]
async fn where_a_token_and_a_cookie_come_together_the_token_decides() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tomoyo = somebody(&site, "tomoyo").await;
    let url = site.url("/collections/1");
    // From any origin: no browser adds a token by itself.
    let put = browser.http.put(&url).header("origin", "https://app.example").json(&full());
    assert_eq!(site.send(put, Some(&tomoyo)).await.status, 201);
    assert_eq!(site.send(browser.http.get(&url), None).await.status, 404);
    assert_eq!(site.get("/collections/1", Some(&tomoyo)).await.status, 200);
    assert_eq!(site.send(browser.http.get(&url), Some("garbage")).await.status, 401);
}

#[tokio::test]
async fn people_never_see_or_touch_each_others_entries() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (somebody(&site, "sakura").await, somebody(&site, "tomoyo").await);
    let hers = put(&site, &sakura, 1, full()).await.json();
    put(&site, &tomoyo, 2, json!({ "status": "wish" })).await;
    assert_eq!(site.get("/collections/1", Some(&tomoyo)).await.status, 404);
    assert_eq!(site.patch("/collections/1", Some(&tomoyo), json!({ "rating": 1 })).await.status, 404);
    assert_eq!(site.delete("/collections/1", Some(&tomoyo), json!({})).await.status, 204, "hers, which is not there");
    assert_eq!(site.put("/collections/1", Some(&tomoyo), json!({ "status": "wish" })).await.status, 201);
    assert_eq!(site.get("/collections/1", Some(&sakura)).await.json(), hers);
    assert_eq!(ids(&site.get("/collections", Some(&sakura)).await.json()), [1]);
}

#[tokio::test]
async fn t28_scripts_of_any_site_may_read_collections_and_send_tokens_but_no_cookies() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    for (path, methods) in
        [("/collections", "GET"), ("/collections/1", "GET, PUT, PATCH, DELETE"), ("/users/sakura/collections", "GET")]
    {
        let preflight = site.http.request(reqwest::Method::OPTIONS, site.url(path));
        let preflight =
            preflight.header("origin", "https://app.example").header("access-control-request-method", "GET");
        let reply = site.send(preflight, None).await;
        assert_eq!((reply.status, reply.header("access-control-allow-methods")), (204, methods), "{path}");
        for name in ["Authorization", "Content-Type", "If-Match", "If-None-Match"] {
            assert!(reply.header("access-control-allow-headers").contains(name), "{path} {name}");
        }
        for token in [Some(token.as_str()), Some("garbage")] {
            let reply = site.get(path, token).await;
            assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(reply.header("access-control-allow-credentials"), "", "{path}");
            assert!(reply.header("access-control-expose-headers").contains("ETag"), "{path}");
        }
    }
}
