//! The pages of somebody who isn't signed in yet.

use tests::{Browser, PASSWORD, Reply, TestSite, json};

async fn register(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Reply {
    let csrf = browser.open("/register").await.input("csrf");
    let mut pairs = vec![("csrf", csrf.as_str())];
    pairs.extend(fields);
    browser.submit("/register", &pairs).await
}

#[tokio::test]
async fn a17_registering_on_the_page_signs_in_and_leads_on_with_303() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let page = browser.open("/register").await;
    for field in ["username", "email", "phone", "password", "nickname", "csrf"] {
        assert!(page.body.contains(&format!("name=\"{field}\"")), "{field}");
        assert!(field == "csrf" || page.body.contains(&format!("id=\"{field}\"")), "{field}");
    }
    let empty = [("email", ""), ("phone", "")];
    let fields = [&empty[..], &[("username", "sakura"), ("password", PASSWORD), ("nickname", "さくら")]].concat();
    let reply = register(&browser, &fields).await;
    assert_eq!((reply.status, reply.location()), (303, "/"));
    let home = browser.open("/").await;
    assert!(home.body.contains("さくら"), "{}", home.body);
    let account = site.send(browser.http.get(site.url("/account")), None).await;
    assert_eq!(account.json()["nickname"], "さくら");
    assert_eq!(account.json()["email"], json!(null));
}

#[tokio::test]
async fn a_registration_that_failed_keeps_what_was_typed_and_says_what_is_wrong() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let browser = site.browser();
    let typed = [("username", "tiny"), ("email", "a\"b@"), ("phone", "12"), ("nickname", "<b>さくら</b>")];
    let fields = [&typed[..], &[("password", "short secret".get(..5).unwrap()), ("continue", "/account")]].concat();
    let reply = register(&browser, &fields).await;
    assert_eq!(reply.status, 422);
    for field in ["username", "email", "phone", "password"] {
        assert!(reply.body.contains(&format!("id=\"{field}-error\"")), "{field}");
    }
    assert!(reply.body.contains("<p class=\"error\" id=\"email-error\">This doesn’t look like an e-mail address.</p>"));
    for (field, value) in [("username", "tiny"), ("email", "a\"b@"), ("phone", "12"), ("continue", "/account")] {
        assert_eq!(reply.input(field), value);
    }
    assert!(reply.body.contains("6 to 32 characters: letters (a to z), digits, “_” and “-”"), "the whole rule");
    assert!(reply.body.contains("&#60;b&#62;さくら") && !reply.body.contains("<b>"));
    assert_eq!(reply.input("password"), "", "a password is never sent back");
    assert!(!reply.body.contains("short"));
    // The page that came back can be sent.
    let csrf = reply.input("csrf");
    let again = [("csrf", csrf.as_str()), ("username", "Sakura"), ("password", PASSWORD)];
    let taken = browser.submit("/register", &again).await;
    assert_eq!(taken.status, 409);
    assert!(taken.body.contains("This username is already taken."));
    assert_eq!(taken.input("username"), "Sakura");
    let none = register(&browser, &[("password", PASSWORD)]).await;
    assert_eq!(none.status, 422);
    assert!(none.body.contains("id=\"identifier-error\""), "{}", none.body);
}

#[tokio::test]
async fn a17_signing_in_on_the_page_leads_where_one_was_going() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for (go_on, target) in [
        ("/account", "/account"),
        ("/oauth2/register", "/oauth2/register"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/%09/evil.example", "/"),
    ] {
        let browser = site.browser();
        let page = browser.open(&format!("/login?continue={go_on}")).await;
        let reply = browser.fill_login(&page, &user).await;
        assert_eq!((reply.status, reply.location()), (303, target), "{go_on}");
        assert!(reply.body.is_empty());
    }
    let browser = site.browser();
    let page = browser.open("/login?continue=https://evil.example/").await;
    let reply = browser.fill_login(&page, &user).await;
    assert!(reply.location().starts_with("/oauth2/authorize?resume="), "{}", reply.location());
    let end = browser.open(reply.location()).await;
    assert_eq!((end.status, end.header("location")), (400, ""));
}

#[tokio::test]
async fn the_account_page_leads_to_sign_in_and_back() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    for path in ["/account", "/oauth2/register"] {
        assert_eq!(browser.open(path).await.location(), format!("/login?continue={path}"));
    }
    let page = browser.open("/login?continue=/account").await;
    assert_eq!(browser.fill_login(&page, &user).await.location(), "/account");
    assert_eq!(browser.open("/account").await.status, 200);
}

#[tokio::test]
async fn a_sign_in_that_failed_keeps_the_name_and_where_one_was_going() {
    let site = TestSite::start().await;
    let mut user = site.register("sakura").await;
    user.password = "not the password".to_owned();
    let browser = site.browser();
    let page = browser.open("/login?continue=/account").await;
    assert_eq!((page.input("username"), page.input("password")), (String::new(), String::new()));
    let reply = browser.fill_login(&page, &user).await;
    assert_eq!(reply.status, 401);
    assert!(reply.set_cookie("session").is_none());
    assert!(reply.body.contains("role=\"alert\">That name and password don’t match."), "{}", reply.body);
    assert_eq!((reply.input("username"), reply.input("continue")), ("sakura".to_owned(), "/account".to_owned()));
    assert_eq!(reply.input("password"), "");
    assert!(!reply.body.contains("not the password"));
    user.password = PASSWORD.to_owned();
    assert_eq!(browser.fill_login(&reply, &user).await.location(), "/account");
}

#[tokio::test]
async fn the_way_on_is_kept_between_signing_in_and_registering() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let login = browser.open("/login?continue=/account").await;
    assert!(login.body.contains("href=\"/register?continue=%2Faccount\""));
    let page = browser.open("/register?continue=%2Faccount").await;
    assert!(page.body.contains("href=\"/login?continue=%2Faccount\""));
    let fields = [("username", "sakura"), ("password", PASSWORD), ("continue", &page.input("continue"))];
    assert_eq!(register(&browser, &fields).await.location(), "/account");
}

#[tokio::test]
async fn who_signs_in_on_the_way_to_an_application_reads_its_name() {
    let site = TestSite::start().await;
    let client = site.client_with(json!({ "client_name": "<i>Diary" })).await;
    let browser = site.browser();
    let query = format!("{}&login_hint=sakura%40moe.example", client.query("openid"));
    let reply = browser.authorize(&query).await;
    let page = browser.open(reply.location()).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("&#60;i&#62;Diary") && !page.body.contains("<i>"), "{}", page.body);
    assert_eq!(page.input("username"), "sakura@moe.example");
}

#[tokio::test]
async fn the_home_page_says_who_one_is_and_where_to_go() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    let stranger = browser.open("/").await;
    assert_eq!(stranger.status, 200);
    for link in ["href=\"/login\"", "href=\"/register\"", "href=\"/oauth2/register\""] {
        assert!(stranger.body.contains(link), "{link}");
    }
    browser.sign_in(&user).await;
    let home = browser.open("/").await;
    assert!(home.body.contains("Hello, <bdi>sakura</bdi>") && home.body.contains("href=\"/account\""));
    assert!(home.body.contains("action=\"/logout\"") && !home.body.contains("href=\"/login\""));
}

#[tokio::test]
async fn every_page_is_json_for_who_does_not_ask_for_html() {
    let site = TestSite::start().await;
    for accept in ["*/*", "application/json"] {
        let reply = site.send(site.http.get(site.url("/account")).header("accept", accept), None).await;
        assert_eq!((reply.status, reply.header("content-type")), (401, "application/problem+json"));
    }
}
