//! `prompt` and `max_age` (OpenID Connect Core §3.1.2.1, §3.1.2.3).

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use tests::flow::{VERIFIER, claims};
use tests::{Browser, Client, Reply, START, TestSite, Tokens, User, json};

use super::assert_error;

const START_SECONDS: i64 = START.0 / 1000;

fn with(client: &Client, more: &[(&str, &str)]) -> String {
    client.query_with(&[&[("scope", "openid"), ("state", "xyz")], more].concat())
}

/// The redirect to the sign-in page, and that page.
async fn login_page(browser: &Browser<'_>, reply: &Reply) -> Reply {
    assert!(reply.location().starts_with("/login?continue="), "{}", reply.location());
    let page = browser.open(reply.location()).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

/// Signs in on the page, and follows it back.
async fn sign_in_and_go_on(browser: &Browser<'_>, page: &Reply, user: &User) -> Reply {
    let reply = browser.fill_login(page, user).await;
    assert!(reply.location().starts_with("/oauth2/authorize?resume="), "{}", reply.location());
    browser.open(reply.location()).await
}

/// The ID token's claims of a redirect with a code.
async fn id_claims(site: &TestSite, client: &Client, reply: &Reply) -> tests::Value {
    let code = reply.parameter("code").unwrap();
    let tokens = Tokens::read(&site.redeem(client, &code, "").await);
    claims(&tokens.id_token)
}

#[tokio::test]
async fn a_visitor_signs_in_consents_and_comes_back_with_a_code() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let login = login_page(&browser, &browser.authorize(&client.query("openid")).await).await;
    // Whom for, and without the address of anybody else in it.
    assert!(login.body.contains("Anime Diary"));
    site.clock.advance(7);
    let consent = sign_in_and_go_on(&browser, &login, &user).await;
    assert_eq!(consent.status, 200);
    let reply = browser.decide(&consent, "allow").await;
    assert_eq!(reply.parameter("state").as_deref(), Some("xyz"));
    let tokens = Tokens::read(&site.redeem(&client, &reply.parameter("code").unwrap(), VERIFIER).await);
    let claims = claims(&tokens.id_token);
    assert_eq!(claims["sub"], user.user_id.as_str());
    assert_eq!(claims["auth_time"], START_SECONDS + 7);
}

#[tokio::test]
async fn a_wrong_password_keeps_the_request() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let login = login_page(&browser, &browser.authorize(&client.query("openid")).await).await;
    let wrong = User { password: "not my password".to_owned(), ..user.clone() };
    let again = browser.fill_login(&login, &wrong).await;
    assert_eq!(again.status, 401);
    let consent = sign_in_and_go_on(&browser, &again, &user).await;
    assert!(browser.decide(&consent, "allow").await.parameter("code").is_some());
}

#[tokio::test]
async fn a_newcomer_registers_on_the_way_and_comes_back() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let browser = site.browser();
    let login = login_page(&browser, &browser.authorize(&client.query("openid")).await).await;
    let at = login.body.find("\"/register?continue=").unwrap();
    let href = login.body[at + 1..].split('"').next().unwrap();
    let page = browser.open(href).await;
    let (csrf, go_on) = (page.input("csrf"), page.input("continue"));
    let pairs = [("csrf", csrf.as_str()), ("continue", &go_on), ("username", "tomoyo"), ("password", tests::PASSWORD)];
    let reply = browser.submit("/register", &pairs).await;
    let consent = browser.open(reply.location()).await;
    assert!(browser.decide(&consent, "allow").await.parameter("code").is_some());
}

#[tokio::test]
async fn a11_prompt_none_shows_nothing() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let none = with(&client, &[("prompt", "none")]);
    assert_error(&site, &browser.authorize(&none).await, "login_required", Some("xyz"));
    browser.sign_in(&user).await;
    assert_error(&site, &browser.authorize(&none).await, "consent_required", Some("xyz"));
    browser.authorize_fully(&with(&client, &[])).await;
    assert!(browser.authorize(&none).await.parameter("code").is_some());
    let wider = client.query_with(&[("scope", "openid email"), ("state", "xyz"), ("prompt", "none")]);
    assert_error(&site, &browser.authorize(&wider).await, "consent_required", Some("xyz"));
    site.clock.advance(101);
    let old = with(&client, &[("prompt", "none"), ("max_age", "100")]);
    assert_error(&site, &browser.authorize(&old).await, "login_required", Some("xyz"));
    let young = with(&client, &[("prompt", "none"), ("max_age", "101")]);
    assert!(browser.authorize(&young).await.parameter("code").is_some());
}

#[tokio::test]
async fn a11_prompt_login_wants_a_sign_in_made_for_this_request_and_auth_time_moves_on() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let before = browser.authorize_fully(&with(&client, &[])).await;
    assert_eq!(id_claims(&site, &client, &before).await["auth_time"], START_SECONDS);

    site.clock.advance(5);
    let again = with(&client, &[("prompt", "login")]);
    let login = login_page(&browser, &browser.authorize(&again).await).await;
    // Going on without signing in leads back to the sign-in page, however often.
    let resume = format!("/oauth2/authorize?resume={}", login.input("continue"));
    for _ in 0..3 {
        login_page(&browser, &browser.open(&resume).await).await;
    }
    site.clock.advance(5);
    let after = sign_in_and_go_on(&browser, &login, &user).await;
    assert_eq!(id_claims(&site, &client, &after).await["auth_time"], START_SECONDS + 10);
    // That sign-in was for that request: the next one wants its own.
    login_page(&browser, &browser.authorize(&again).await).await;
}

#[tokio::test]
async fn a11_prompt_login_wants_one_sign_in_of_who_has_none_and_then_asks_for_consent() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    for prompt in ["login", "login consent", "consent login select_account"] {
        let browser = site.browser();
        let query = with(&client, &[("prompt", prompt)]);
        let login = login_page(&browser, &browser.authorize(&query).await).await;
        let mut reply = sign_in_and_go_on(&browser, &login, &user).await;
        if reply.status == 200 {
            reply = browser.decide(&reply, "allow").await;
        }
        assert!(reply.parameter("code").is_some(), "{prompt}");
        site.clock.advance(1);
    }
}

#[tokio::test]
async fn a11_an_older_sign_in_than_max_age_is_made_anew() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser.authorize_fully(&with(&client, &[])).await;
    site.clock.advance(100);
    let reply = browser.authorize(&with(&client, &[("max_age", "100")])).await;
    assert_eq!(id_claims(&site, &client, &reply).await["auth_time"], START_SECONDS);
    site.clock.advance(1);
    let login = login_page(&browser, &browser.authorize(&with(&client, &[("max_age", "100")])).await).await;
    // Slow at the keyboard: what was asked for is a sign-in since the request began, and that it is.
    site.clock.advance(300);
    let reply = sign_in_and_go_on(&browser, &login, &user).await;
    assert_eq!(id_claims(&site, &client, &reply).await["auth_time"], START_SECONDS + 401);
    // With 0, nothing but a sign-in of this very second will do.
    site.clock.advance(1);
    let login = login_page(&browser, &browser.authorize(&with(&client, &[("max_age", "0")])).await).await;
    let reply = sign_in_and_go_on(&browser, &login, &user).await;
    assert!(reply.parameter("code").is_some());
    for wrong in ["-1", "abc", "1.5", "99999999999999999999"] {
        let reply = browser.authorize(&with(&client, &[("max_age", wrong)])).await;
        assert_error(&site, &reply, "invalid_request", Some("xyz"));
    }
}

#[tokio::test]
async fn a11_a_registered_max_age_holds_where_the_request_has_none() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client_with(json!({ "default_max_age": 50 })).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser.authorize_fully(&with(&client, &[])).await;
    site.clock.advance(51);
    login_page(&browser, &browser.authorize(&with(&client, &[])).await).await;
    assert!(browser.authorize(&with(&client, &[("max_age", "60")])).await.parameter("code").is_some());
}

#[tokio::test]
async fn a11_prompt_consent_asks_again() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser.authorize_fully(&with(&client, &[])).await;
    let query = with(&client, &[("prompt", "consent")]);
    for _ in 0..2 {
        let page = browser.authorize(&query).await;
        assert_eq!(page.status, 200);
        assert_error(&site, &browser.decide(&page, "deny").await, "access_denied", Some("xyz"));
        assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
    }
    // Saying no to the new question takes nothing back.
    assert!(browser.authorize(&with(&client, &[("prompt", "none")])).await.parameter("code").is_some());
}

#[tokio::test]
async fn a11_prompt_select_account_offers_another_account() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&sakura).await;
    browser.authorize_fully(&with(&client, &[])).await;
    site.clock.advance(5);
    let query = with(&client, &[("prompt", "select_account")]);
    let page = browser.authorize(&query).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("sakura") && page.body.contains("Anime Diary"));
    let same = browser.open(&page.href("continue")).await;
    assert_eq!(id_claims(&site, &client, &same).await["sub"], sakura.user_id.as_str());

    let login = browser.open(&page.href("other")).await;
    let consent = sign_in_and_go_on(&browser, &login, &tomoyo).await;
    let other = browser.decide(&consent, "allow").await;
    let claims = id_claims(&site, &client, &other).await;
    assert_eq!((&claims["sub"], &claims["auth_time"]), (&json!(tomoyo.user_id), &json!(START_SECONDS + 5)));
    // The first page's choice was sakura's. Now it is tomoyo's to make.
    let stale = browser.open(&page.href("continue")).await;
    assert_eq!(stale.status, 200);
    assert!(stale.body.contains("tomoyo") && stale.body.contains("id=\"other\""));
}

#[tokio::test]
async fn a11_select_account_and_consent_are_asked_for_one_after_the_other() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser.authorize_fully(&with(&client, &[])).await;
    site.clock.advance(5);
    let page = browser.authorize(&with(&client, &[("prompt", "select_account consent")])).await;
    let consent = browser.open(&page.href("continue")).await;
    assert!(consent.body.contains("value=\"allow\""));
    assert!(browser.decide(&consent, "allow").await.parameter("code").is_some());
    // With `login`, signing in is the choice.
    let login =
        login_page(&browser, &browser.authorize(&with(&client, &[("prompt", "select_account login")])).await).await;
    assert!(sign_in_and_go_on(&browser, &login, &user).await.parameter("code").is_some());
}

#[tokio::test]
async fn a11_a_prompt_that_contradicts_itself_or_is_unknown_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    for prompt in ["none login", "consent none", "none select_account", "create", "None", "login,consent"] {
        let reply = browser.authorize(&with(&client, &[("prompt", prompt)])).await;
        assert_error(&site, &reply, "invalid_request", Some("xyz"));
    }
}

#[tokio::test]
async fn the_sign_in_page_knows_whom_the_application_expects() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let browser = site.browser();
    let query = with(&client, &[("login_hint", "sakura\"><b>@moe.example")]);
    let login = login_page(&browser, &browser.authorize(&query).await).await;
    assert!(login.body.contains("value=\"sakura&#34;&#62;&#60;b&#62;@moe.example\""), "{}", login.body);
}

#[tokio::test]
async fn a_request_waits_an_hour_for_its_user_and_no_longer() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let reply = browser.authorize(&with(&client, &[])).await;
    site.clock.advance(3599);
    let login = login_page(&browser, &reply).await;
    let back = browser.fill_login(&login, &user).await;
    assert_eq!(browser.open(back.location()).await.status, 200);
    site.clock.advance(1);
    super::assert_page(&browser.open(back.location()).await, "too late");
}
