//! Forgeries, and the headers of pages.

use tests::{Browser, PASSWORD, Reply, TestSite, User, json};

/// Every form that somebody signed in can send, but for sign-out and consent.
const FORMS: [(&str, &[(&str, &str)]); 6] = [
    ("/login", &[("username", "sakura"), ("password", PASSWORD)]),
    ("/register", &[("username", "somebody"), ("password", PASSWORD)]),
    ("/account", &[("nickname", "changed")]),
    ("/account/password", &[("old_password", PASSWORD), ("new_password", "staple correct horse")]),
    ("/account/delete", &[("password", PASSWORD)]),
    ("/oauth2/register", &[("client_name", "Diary"), ("redirect_uri", "https://app.example/cb")]),
];

/// Sends a form with these headers, and `csrf` where there is one.
async fn send(
    site: &TestSite,
    browser: &Browser<'_>,
    (path, fields): (&str, &[(&str, &str)]),
    csrf: Option<&str>,
    headers: &[(&str, &str)],
) -> Reply {
    let mut pairs = fields.to_vec();
    pairs.extend(csrf.map(|csrf| ("csrf", csrf)));
    let mut request = browser.http.post(site.url(path)).header("accept", "text/html").form(&pairs);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request, None).await
}

async fn signed_in<'s>(site: &'s TestSite, user: &User) -> (Browser<'s>, String) {
    let browser = site.browser();
    browser.sign_in(user).await;
    let csrf = browser.open("/account").await.input("csrf");
    (browser, csrf)
}

/// Nothing that any of [`FORMS`] would do was done.
async fn nothing_happened(site: &TestSite, browser: &Browser<'_>) {
    let account = site.send(browser.http.get(site.url("/account")), None).await;
    assert_eq!(account.json().get("nickname"), Some(&json!("sakura")));
    let login = async |name: &str| {
        let body = json!({ "username": name, "password": PASSWORD });
        site.post("/login", None, body).await.status
    };
    assert_eq!((login("sakura").await, login("somebody").await), (200, 401));
    let items = site.dump().await;
    assert!(!items.iter().any(|item| item.to_string().contains("\"CLIENT#")), "no application was registered");
}

#[tokio::test]
async fn a15_a_form_without_a_token_or_with_another_browsers_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (browser, csrf) = signed_in(&site, &user).await;
    let foreign = site.browser().open("/login").await.input("csrf");
    let mut changed = csrf.clone();
    changed.replace_range(40..41, if csrf.as_bytes()[40] == b'A' { "B" } else { "A" });
    for form in FORMS {
        for token in [None, Some(""), Some("garbage"), Some(foreign.as_str()), Some(changed.as_str())] {
            let reply = send(&site, &browser, form, token, &[("origin", site.issuer())]).await;
            assert_eq!(reply.status, 403, "{} {token:?}", form.0);
            assert!(reply.set_cookie("session").is_none());
        }
    }
    nothing_happened(&site, &browser).await;
}

#[tokio::test]
async fn a15_a_form_from_another_site_is_refused_even_with_the_right_token() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (browser, csrf) = signed_in(&site, &user).await;
    let insecure = site.issuer().replace("http:", "https:");
    for form in FORMS {
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost"),
            ("origin", insecure.as_str()),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let reply = send(&site, &browser, form, Some(&csrf), &[header]).await;
            assert_eq!(reply.status, 403, "{} {header:?}", form.0);
            assert!(reply.set_cookie("session").is_none());
        }
    }
    nothing_happened(&site, &browser).await;
}

#[tokio::test]
async fn a15_a_form_expires_after_an_hour_and_comes_back_with_what_was_typed() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (browser, csrf) = signed_in(&site, &user).await;
    site.clock.advance(3600);
    for (form, field) in FORMS.iter().zip(["username", "username", "nickname", "nickname", "nickname", "client_name"]) {
        let reply = send(&site, &browser, *form, Some(&csrf), &[]).await;
        assert_eq!(reply.status, 403, "{}", form.0);
        assert!(reply.body.contains("This form had been open for too long."), "{}: {}", form.0, reply.body);
        let typed = form.1.iter().find(|(name, _)| *name == field).map_or("sakura", |(_, value)| *value);
        assert_eq!(reply.input(field), typed, "{}", form.0);
    }
    nothing_happened(&site, &browser).await;
    // To the second, and a fresh page's form works.
    let csrf = browser.open("/account").await.input("csrf");
    site.clock.advance(3599);
    assert_eq!(send(&site, &browser, FORMS[2], Some(&csrf), &[]).await.status, 303);
}

#[tokio::test]
async fn a15_a_form_works_with_the_headers_of_our_own_pages_or_none() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (browser, csrf) = signed_in(&site, &user).await;
    for headers in [
        vec![],
        vec![("origin", site.issuer())],
        vec![("sec-fetch-site", "same-origin")],
        vec![("origin", site.issuer()), ("sec-fetch-site", "same-origin")],
    ] {
        let reply = send(&site, &browser, FORMS[2], Some(&csrf), &headers).await;
        assert_eq!(reply.status, 303, "{headers:?}");
    }
}

#[tokio::test]
async fn a15_a_json_write_by_cookie_from_another_origin_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (browser, _) = signed_in(&site, &user).await;
    let url = |path: &str| site.url(path);
    let json = |text: &str| (text.to_owned(), "application/json");
    let password = format!(r#"{{"old_password":"{PASSWORD}","new_password":"staple correct horse"}}"#);
    let own = format!(r#"{{"password":"{PASSWORD}"}}"#);
    let writes = [
        (browser.http.patch(url("/account")), r#"{"nickname":"changed"}"#.to_owned()),
        (browser.http.post(url("/account/password")), password),
        (browser.http.delete(url("/account")), own),
        (browser.http.put(url("/collections/1")), r#"{"status":"wish"}"#.to_owned()),
        (browser.http.post(url("/oauth2/register")), r#"{"redirect_uris":["https://app.example/cb"]}"#.to_owned()),
    ];
    for (request, body) in writes {
        let (body, kind) = json(&body);
        let request = request.header("content-type", kind).body(body.clone());
        for header in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            let request = request.try_clone().unwrap().header(header.0, header.1);
            assert_eq!(site.send(request, None).await.status, 403, "{body} {header:?}");
        }
    }
    // A page of another site can send these without asking the browser first.
    for kind in ["text/plain", "multipart/form-data; boundary=x"] {
        for path in ["/account/password", "/oauth2/register"] {
            let request = browser.http.post(url(path)).header("content-type", kind).body("{}");
            let reply = site.send(request, None).await;
            assert!((400..500).contains(&reply.status), "{path} {kind}: {}", reply.status);
        }
    }
    nothing_happened(&site, &browser).await;
    assert_eq!(site.send(browser.http.get(url("/collections/1")), None).await.status, 404);
    let ours = browser.http.patch(url("/account")).header("origin", site.issuer()).json(&json!({ "intro": "x" }));
    assert_eq!(site.send(ours, None).await.status, 200);
}

#[tokio::test]
async fn a_page_that_is_another_sites_does_not_matter_where_a_token_decides() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let request = site.http.patch(site.url("/account")).header("origin", "https://app.example");
    let reply = site.send(request.json(&json!({ "intro": "x" })), Some(&token)).await;
    assert_eq!(reply.status, 200, "a token is no cookie: the browser does not send it by itself");
    assert_eq!(reply.header("access-control-allow-origin"), "", "but no other page may read it");
}

#[tokio::test]
async fn a16_every_page_is_unframed_unscripted_unstored_and_sends_no_address_on() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, csrf) = signed_in(&site, &user).await;
    let stranger = site.browser();
    let authorize = format!("/oauth2/authorize?{}", client.query("openid"));
    let mut pages = vec![
        stranger.open("/").await,
        stranger.open("/register").await,
        stranger.open("/login").await,
        stranger.open("/login?continue=/account").await,
        stranger.open("/account").await,
        stranger.open(&authorize).await,
        stranger.open("/oauth2/authorize?client_id=nobody").await,
        stranger.open("/language?lang=ja").await,
        browser.open("/").await,
        browser.open("/account").await,
        browser.open("/oauth2/register").await,
        browser.open(&authorize).await,
        browser.submit("/login", &[]).await,
        browser.submit("/register", &[("csrf", &csrf)]).await,
        browser.submit("/account", &[("csrf", &csrf), ("email", "x")]).await,
        browser.submit("/account", &[("csrf", &csrf), ("intro", "x")]).await,
        browser.submit("/oauth2/register", &[("csrf", &csrf)]).await,
        browser.submit("/oauth2/authorize", &[("csrf", &csrf), ("decision", "allow")]).await,
    ];
    site.proxy.fail_from(0, tests::Fault::Error);
    pages.push(browser.open("/").await);
    site.proxy.heal();
    assert_eq!(pages.last().map(|page| page.status), Some(503));
    for page in pages {
        let policy = page.header("content-security-policy");
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{policy}: {} {}", page.status, page.body);
        }
        // `default-src 'none'` covers scripts.
        assert!(!policy.contains("unsafe-inline") && !policy.contains("script-src"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store", "{}", page.body);
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("access-control-allow-origin"), "");
        for banned in ["<script", " style=", " onclick", "http://fonts", "javascript:"] {
            assert!(!page.body.contains(banned), "{banned}: {}", page.body);
        }
        if page.status != 303 {
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{} {}", page.status, page.body);
        }
    }
}

#[tokio::test]
async fn what_the_pages_are_made_of_is_served() {
    let site = TestSite::start().await;
    let page = site.browser().open("/").await;
    for (path, kind) in [("/static/site.css", "text/css; charset=utf-8"), ("/static/favicon.svg", "image/svg+xml")] {
        assert!(page.body.contains(path));
        let file = site.get(path, None).await;
        assert_eq!((file.status, file.header("content-type")), (200, kind));
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(file.header("cache-control").contains("max-age"));
    }
    for path in ["/static/other.css", "/static/..%2fsite.css", "/static/%2e%2e%2fsite.css"] {
        assert_eq!(site.get(path, None).await.status, 404, "{path}");
    }
}
