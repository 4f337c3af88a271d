//! An account elsewhere that nobody here has yet.

use tests::connect::PROVIDERS;
use tests::{TestSite, json};

use super::kept;

#[tokio::test]
async fn l58_nothing_of_what_the_provider_said_reaches_the_browser() {
    let site = TestSite::start().await;
    for provider in PROVIDERS {
        let browser = site.browser();
        let reply = browser.come_from(provider, "382951").await;
        let page = browser.open(reply.location()).await;
        let cookies = format!("{:?}", reply.headers);
        let (html, json) = (&page.body, browser.ask(reply.location()).await);
        for told in ["382951", "@", "access", "https://"] {
            assert!(!html.contains(told) && !json.body.contains(told), "{provider}: {told} {html} {}", json.body);
        }
        assert!(!cookies.contains("382951"), "{provider}: {cookies}");
        assert_eq!(json.json()["provider"], json!(provider));
        let cookie = reply.set_cookie("pending").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        // What is kept is not found by what the browser has alone, and does not say it either.
        let secret = cookie.split(['=', ';']).nth(1).unwrap();
        assert!(secret.len() >= 43 && !format!("{:?}", site.dump().await).contains(secret));
    }
}

#[tokio::test]
async fn l58_creating_wants_what_registering_wants_but_a_password() {
    let site = TestSite::start().await;
    site.register("tomoyo").await;
    let browser = site.browser();
    browser.come_from("lianluo", "sakura").await;
    for (fields, status, words) in [
        (vec![], 422, "Please give a username"),
        (vec![("username", "x")], 422, "A username has"),
        (vec![("email", "x")], 422, "like an e-mail address"),
        (vec![("username", "tomoyo")], 409, "already taken"),
        (vec![("email", "tomoyo@moe.example")], 409, "already belongs"),
    ] {
        let page = browser.choose("lianluo", "create", &fields).await;
        assert!(page.status == status && page.body.contains(words), "{fields:?}: {} {}", page.status, page.body);
        for (name, typed) in &fields {
            assert_eq!(page.input(name), *typed);
        }
    }
    assert_eq!(browser.me().await, json!(null));
    let fields = [("username", "kinomoto"), ("nickname", "Sakura"), ("phone", "13800138000"), ("password", "ignored?")];
    let created = browser.choose("lianluo", "create", &fields).await;
    assert_eq!((created.status, created.location()), (303, "/"));
    let me = browser.me().await;
    assert_eq!((&me["nickname"], &me["has_password"]), (&json!("Sakura"), &json!(false)));
    let guess = json!({ "username": "kinomoto", "password": "ignored?" });
    assert_eq!(site.post("/login", None, guess).await.status, 401);
    // It is used up.
    assert!(created.set_cookie("pending").unwrap().contains("Max-Age=0"));
    assert_eq!(browser.open("/connect/lianluo/pending").await.status, 400);
}

#[tokio::test]
async fn l58_creating_is_throttled_as_registering_is() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.come_from("weibo", "sakura").await;
    let app = site.site.app();
    let counter = |limit| {
        let now = app.clock.now();
        shared::store::rates::Counter::new("REGISTER", "127.0.0.1", limit, now)
    };
    let limit = shared::account::limits::REGISTRATIONS_PER_ADDRESS;
    for _ in 0..limit {
        let attempt = shared::id::Attempt::new(&app.entropy);
        assert!(app.store.claim_attempt(&counter(limit), attempt).await.unwrap());
    }
    let page = browser.choose("weibo", "create", &[("username", "kinomoto")]).await;
    assert!(page.status == 429 && page.body.contains("Too many attempts"), "{}", page.body);
    assert_ne!(page.header("retry-after"), "");
}

#[tokio::test]
async fn l58_who_has_an_account_signs_in_to_it_and_then_says_that_it_is_to_be_bound() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    // Whoever was signed in before need not be who came back.
    browser.sign_in(&user).await;
    site.clock.advance(1);
    browser.come_from("bangumi", "sakura").await;
    let page = browser.open("/connect/bangumi/pending").await;
    assert!(page.body.contains("I have an account here") && !page.body.contains("Bind to"), "{}", page.body);
    let login = browser.choose("bangumi", "link", &[]).await;
    assert_eq!(login.location(), "/login?continue=%2Fconnect%2Fbangumi%2Fpending");
    assert_eq!(kept(&site).await[1], 0);
    let login = browser.open(&page.href("login")).await;
    let back = browser.fill_login(&login, &user).await;
    assert_eq!(back.location(), "/connect/bangumi/pending");
    // Signing in was no yes.
    assert_eq!(kept(&site).await[1], 0);
    let page = browser.open(back.location()).await;
    assert!(page.body.contains("Bind to") && page.body.contains("sakura"), "{}", page.body);
    let bound = browser.choose("bangumi", "link", &[]).await;
    assert_eq!(bound.location(), "/connections?done=bound");
    assert_eq!(kept(&site).await[1..], [1, 1, 0]);
    let another = site.browser();
    assert_eq!(another.come_from("bangumi", "sakura").await.location(), "/");
    assert_eq!(another.me().await["username"], "sakura");
    assert_eq!(site.site.fakes().unwrap().letters().len(), 1);
}

#[tokio::test]
async fn l58_another_account_of_the_provider_is_one_too_many_there_as_well() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser.bind("bangumi", "sakura").await;
    browser.come_from("bangumi", "tomoyo").await;
    let page = browser.choose("bangumi", "link", &[]).await;
    assert!(page.status == 409 && page.body.contains("Unbind that one first"), "{} {}", page.status, page.body);
}

#[tokio::test]
async fn l58_cancelling_and_time_leave_nothing() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.come_from("bangumi", "sakura").await;
    let gone = browser.choose("bangumi", "cancel", &[]).await;
    assert_eq!(gone.location(), "/login");
    assert!(gone.set_cookie("pending").unwrap().contains("Max-Age=0"));
    assert_eq!(kept(&site).await, [0; 4]);
    browser.come_from("bangumi", "sakura").await;
    site.clock.advance(600);
    for action in ["create", "link", "cancel"] {
        let page = browser.choose("bangumi", action, &[("username", "kinomoto")]).await;
        assert!(page.status == 400 && page.body.contains("ten minutes"), "{action}: {}", page.body);
    }
    assert_eq!(kept(&site).await[..3], [0; 3]);
}

#[tokio::test]
async fn l57_what_is_pending_is_of_one_browser_and_one_provider() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let reply = browser.come_from("weibo", "sakura").await;
    // The cookie alone, stolen.
    let thief = site.browser();
    thief.accept(reply.set_cookie("pending").unwrap().split(';').next().unwrap());
    thief.open("/login").await;
    for action in ["create", "cancel"] {
        assert_eq!(thief.choose("weibo", action, &[("username", "thief-1")]).await.status, 400, "{action}");
    }
    assert_eq!(thief.open("/connect/weibo/pending").await.status, 400);
    assert_eq!(browser.open("/connect/lianluo/pending").await.status, 400);
    assert_eq!(browser.choose("lianluo", "create", &[("username", "kinomoto")]).await.status, 400);
    assert_eq!(browser.choose("weibo", "create", &[("username", "kinomoto")]).await.status, 303);
}

#[tokio::test]
async fn l57_no_other_sites_page_decides_what_becomes_of_it() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.come_from("weibo", "sakura").await;
    let path = "/connect/weibo/pending";
    let csrf = browser.open(path).await.input("csrf");
    for action in ["create", "link", "cancel"] {
        let fields = [("action", action), ("username", "kinomoto")];
        // Its own form without its token is shown again.
        let page = browser.submit(path, &fields).await;
        assert!(page.status == 403 && page.body.contains("open for too long"), "{action}: {}", page.body);
        let fields = [&fields[..], &[("csrf", csrf.as_str())]].concat();
        assert_eq!(browser.submit_from(path, &fields, "https://evil.example").await.status, 403);
    }
    assert_eq!(browser.submit(path, &[("csrf", &csrf), ("action", "steal")]).await.status, 400);
    assert_eq!(browser.submit(path, &[("csrf", &csrf)]).await.status, 400);
    assert_eq!(kept(&site).await, [0, 0, 0, 1]);
}
