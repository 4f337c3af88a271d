//! Which endpoints scripts of any site may call, and which not.

use tests::{Reply, TestSite, json};

const SPA: &str = "https://spa.example";

async fn preflight(site: &TestSite, path: &str, method: &str) -> Reply {
    let request = site.http.request(reqwest::Method::OPTIONS, site.url(path));
    let request = request.header("origin", SPA).header("access-control-request-method", method);
    site.send(request.header("access-control-request-headers", "authorization,content-type"), None).await
}

async fn get(site: &TestSite, path: &str) -> Reply {
    site.send(site.http.get(site.url(path)).header("origin", SPA), None).await
}

fn assert_open(reply: &Reply, what: &str) {
    assert_eq!(reply.header("access-control-allow-origin"), "*", "{what}");
    // Nobody's cookies are let through with it.
    assert_eq!(reply.header("access-control-allow-credentials"), "", "{what}");
}

#[tokio::test]
async fn t28_preflights_are_answered_where_scripts_may_call() {
    let site = TestSite::start().await;
    for (path, methods) in [
        ("/oauth2/token", vec!["POST"]),
        ("/oauth2/userinfo", vec!["GET", "POST"]),
        ("/oauth2/jwks", vec!["GET"]),
        ("/.well-known/openid-configuration", vec!["GET"]),
        ("/.well-known/oauth-authorization-server", vec!["GET"]),
        ("/collections", vec!["GET"]),
        ("/collections/12", vec!["GET", "PUT", "PATCH", "DELETE"]),
        ("/users/sakura/collections", vec!["GET"]),
    ] {
        let reply = preflight(&site, path, methods[0]).await;
        assert_eq!(reply.status, 204, "{path}");
        assert_open(&reply, path);
        let allowed: Vec<_> = reply.header("access-control-allow-methods").split(", ").collect();
        assert_eq!(allowed, methods, "{path}");
        let headers = reply.header("access-control-allow-headers").to_ascii_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{path}: {headers}");
    }
}

#[tokio::test]
async fn t28_answers_are_readable_for_scripts_success_or_not() {
    let site = TestSite::start().await;
    let client = site.client().await;
    assert_open(&site.token(&client, &[("grant_type", "client_credentials")]).await, "token");
    assert_open(&site.token(&client, &[("grant_type", "nonsense")]).await, "a refused token");
    assert_open(&site.form("/oauth2/token", &[]).await, "no token");
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid collections:read collections:write").await;
    assert_open(&site.userinfo(&tokens.access_token).await, "userinfo");
    assert_open(&site.userinfo("garbage").await, "refused userinfo");
    let put = site.put("/collections/12", Some(&tokens.access_token), json!({ "status": "wish" })).await;
    assert_open(&put, "an entry");
    // Scripts read these headers only where they are exposed.
    let exposed = put.header("access-control-expose-headers").to_ascii_lowercase();
    assert!(exposed.contains("etag") && exposed.contains("www-authenticate"), "{exposed}");
    for path in [
        "/oauth2/jwks",
        "/oauth2/userinfo",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/collections",
        "/collections/12",
        "/collections/nonsense",
        "/users/sakura/collections",
        "/users/nobody/collections",
    ] {
        assert_open(&get(&site, path).await, path);
    }
}

#[tokio::test]
async fn t28_what_a_browser_does_with_its_cookies_is_closed_to_scripts() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let authorize = format!("/oauth2/authorize?{}", client.query("openid"));
    for path in ["/login", "/register", "/account", "/", "/oauth2/authorize", &authorize] {
        let preflight = preflight(&site, path, "POST").await;
        assert_eq!(preflight.header("access-control-allow-origin"), "", "{path}");
        assert!(preflight.status >= 400, "{path}: {}", preflight.status);
        assert_eq!(get(&site, path).await.header("access-control-allow-origin"), "", "{path}");
    }
    for path in ["/login", "/account/password", "/account/delete", "/oauth2/authorize"] {
        let request = site.http.post(site.url(path)).header("origin", SPA).json(&json!({}));
        let reply = site.send(request, None).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
        assert!(reply.status >= 400, "{path}: {}", reply.status);
    }
}
