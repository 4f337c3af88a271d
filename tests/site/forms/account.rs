//! The page of one's own account.

use tests::{PASSWORD, TestSite, json};

#[tokio::test]
async fn a17_the_profile_is_shown_and_changed() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let page = browser.open("/account").await;
    assert_eq!(page.status, 200);
    assert_eq!((page.input("username"), page.input("email")), ("sakura".to_owned(), "sakura@moe.example".to_owned()));
    assert!(page.body.contains(&user.user_id) && page.body.contains("2026-01-01"));
    let csrf = page.input("csrf");
    let pairs = [
        ("csrf", csrf.as_str()),
        ("nickname", "桜 & \"friends\""),
        ("username", "sakura"),
        ("email", ""),
        ("phone", "13800138000"),
        ("avatar", "https://img.example/a.png"),
        ("intro", "one\r\ntwo"),
    ];
    let reply = browser.submit("/account", &pairs).await;
    assert_eq!((reply.status, reply.location()), (303, "/account?saved=profile"));
    let page = browser.open(reply.location()).await;
    assert!(page.body.contains("Your changes have been saved."));
    assert_eq!(page.input("nickname"), "桜 & \"friends\"");
    assert_eq!((page.input("email"), page.input("phone")), (String::new(), "+8613800138000".to_owned()));
    let account = site.send(browser.http.get(site.url("/account")), None).await.json();
    assert_eq!((&account["email"], &account["avatar"]), (&json!(null), &json!("https://img.example/a.png")));
}

#[tokio::test]
async fn a_change_that_failed_keeps_what_was_typed() {
    let site = TestSite::start().await;
    site.register("tomoyo").await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/account").await.input("csrf");
    let send = async |fields: &[(&str, &str)]| {
        let pairs = [&[("csrf", csrf.as_str())], fields].concat();
        browser.submit("/account", &pairs).await
    };
    let reply = send(&[("nickname", "桜"), ("username", "x"), ("email", "y"), ("intro", "<i>")]).await;
    assert_eq!(reply.status, 422);
    for field in ["username", "email"] {
        assert!(reply.body.contains(&format!("id=\"{field}-error\"")), "{field}");
    }
    assert_eq!((reply.input("nickname"), reply.input("username")), ("桜".to_owned(), "x".to_owned()));
    assert!(reply.body.contains("&#60;i&#62;</textarea>"), "{}", reply.body);
    let taken = send(&[("nickname", "桜"), ("username", "tomoyo")]).await;
    assert_eq!(taken.status, 409);
    assert!(taken.body.contains("This username is already taken."));
    let last = send(&[("nickname", ""), ("username", ""), ("email", "")]).await;
    assert_eq!(last.status, 422);
    assert!(last.body.contains("id=\"identifier-error\""));
    assert_eq!(browser.open("/account").await.input("nickname"), "sakura", "nothing was changed");
}

#[tokio::test]
async fn a17_the_password_is_changed_on_the_page() {
    let site = TestSite::start().await;
    let mut user = site.register("sakura").await;
    let (browser, other) = (site.browser(), site.browser());
    browser.sign_in(&user).await;
    other.sign_in(&user).await;
    let csrf = browser.open("/account").await.input("csrf");
    let send = async |old: &str, new: &str| {
        let pairs = [("csrf", csrf.as_str()), ("old_password", old), ("new_password", new)];
        browser.submit("/account/password", &pairs).await
    };
    let wrong = send("not the password", "staple correct horse").await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.body.contains("id=\"old_password-error\"") && !wrong.body.contains("staple"));
    let short = send(PASSWORD, "short").await;
    assert_eq!(short.status, 422);
    assert!(short.body.contains("id=\"new_password-error\""));
    let reply = send(PASSWORD, "staple correct horse").await;
    assert_eq!((reply.status, reply.location()), (303, "/account?saved=password"));
    assert!(browser.open(reply.location()).await.body.contains("Your password has been changed."));
    assert_eq!(other.open("/account").await.status, 303);
    user.password = "staple correct horse".to_owned();
    other.sign_in(&user).await;
}

#[tokio::test]
async fn s52_guessing_on_the_account_page_is_throttled_and_says_how_long() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    let csrf = browser.open("/account").await.input("csrf");
    let long = "x".repeat(600);
    let mut last = None;
    for _ in 0..11 {
        last = Some(browser.submit("/account/delete", &[("csrf", &csrf), ("password", &long)]).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.header("retry-after")), (429, "900"));
    assert!(last.body.contains("wait 15 min"), "{}", last.body);
}

#[tokio::test]
async fn a17_the_account_is_deleted_on_the_page() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/account").await.input("csrf");
    let wrong = browser.submit("/account/delete", &[("csrf", &csrf), ("password", "not the password")]).await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.body.contains("id=\"password-error\""));
    let reply = browser.submit("/account/delete", &[("csrf", &csrf), ("password", PASSWORD)]).await;
    assert_eq!((reply.status, reply.location()), (303, "/"));
    assert!(reply.set_cookie("session").unwrap().contains("Max-Age=0"));
    assert_eq!(browser.open("/account").await.status, 303);
    let page = browser.open("/login").await;
    assert_eq!(browser.fill_login(&page, &user).await.status, 401);
}

#[tokio::test]
async fn a_form_of_who_is_no_longer_signed_in_leads_to_sign_in() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    let csrf = browser.open("/account").await.input("csrf");
    browser.submit("/logout", &[("csrf", &csrf)]).await;
    for path in ["/account", "/account/password", "/account/delete"] {
        let reply = browser.submit(path, &[("csrf", &csrf), ("nickname", "x")]).await;
        assert_eq!((reply.status, reply.location()), (303, "/login?continue=/account"), "{path}");
    }
}
