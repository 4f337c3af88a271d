//! What other sites, other people and other browsers may try.

use local::cli::{ClientCommand, Command, UserCommand};
use tests::{Browser, Client, Reply, TestSite, User};

use super::{assert_error, assert_page};

/// Somebody before a consent page.
async fn before_consent<'s>(site: &'s TestSite, client: &Client, user: &User) -> (Browser<'s>, Reply) {
    let browser = site.browser();
    browser.sign_in(user).await;
    let page = browser.authorize(&client.query("openid")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    (browser, page)
}

#[tokio::test]
async fn a15_consent_without_this_browsers_token_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let stranger = site.browser();
    let theirs = stranger.open("/login").await.input("csrf");
    for token in [None, Some(""), Some("garbage"), Some(theirs.as_str()), Some(request.as_str())] {
        let mut pairs = vec![("request", request.as_str()), ("decision", "allow")];
        pairs.extend(token.map(|token| ("csrf", token)));
        let reply = browser.submit("/oauth2/authorize", &pairs).await;
        assert_eq!((reply.status, reply.header("location")), (403, ""), "{token:?}");
    }
    let pairs = [("csrf", csrf.as_str()), ("request", &request), ("decision", "allow")];
    for origin in ["https://evil.example", "null", "http://localhost", "http://localhost:1", "https://localhost"] {
        let reply = browser.submit_from("/oauth2/authorize", &pairs, origin).await;
        assert_eq!((reply.status, reply.header("location")), (403, ""), "{origin}");
    }
    for fetch_site in ["cross-site", "same-site"] {
        let request = browser.http.post(site.url("/oauth2/authorize")).header("sec-fetch-site", fetch_site);
        let reply = site.send(request.form(&pairs), None).await;
        assert_eq!((reply.status, reply.header("location")), (403, ""), "{fetch_site}");
    }
    // Nothing of that was consent.
    let none = browser.authorize(&format!("{}&prompt=none", client.query("openid"))).await;
    assert_error(&site, &none, "consent_required", Some("xyz"));
    assert!(browser.submit("/oauth2/authorize", &pairs).await.parameter("code").is_some());
}

#[tokio::test]
async fn a15_a_link_is_no_consent() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    for path in [
        format!("/oauth2/authorize?decision=allow&csrf={csrf}&request={request}"),
        format!("/oauth2/authorize?decision=allow&resume={request}"),
        format!("/oauth2/authorize?resume={request}"),
    ] {
        let reply = browser.open(&path).await;
        assert_eq!(reply.header("location"), "", "{path}");
    }
    let none = browser.authorize(&format!("{}&prompt=none", client.query("openid"))).await;
    assert_error(&site, &none, "consent_required", Some("xyz"));
}

#[tokio::test]
async fn a15_a_form_that_lay_open_for_an_hour_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    site.clock.advance(3600);
    let reply = browser.decide(&page, "allow").await;
    assert_eq!((reply.status, reply.header("location")), (403, ""));
}

#[tokio::test]
async fn a15_consent_is_asked_of_the_account_that_was_shown_it() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &sakura).await;
    // In another tab somebody else signs in.
    site.clock.advance(5);
    browser.sign_in(&tomoyo).await;
    let reply = browser.decide(&page, "allow").await;
    assert!(reply.location().starts_with("/oauth2/authorize?resume="), "{}", reply.location());
    let asked_anew = browser.open(reply.location()).await;
    assert_eq!(asked_anew.status, 200);
    assert!(asked_anew.body.contains("<bdi id=\"user\">tomoyo</bdi>"));
    // Neither account has given anything yet.
    let none = format!("{}&prompt=none", client.query("openid"));
    assert_error(&site, &browser.authorize(&none).await, "consent_required", Some("xyz"));
    browser.sign_in(&sakura).await;
    assert_error(&site, &browser.authorize(&none).await, "consent_required", Some("xyz"));
}

#[tokio::test]
async fn a15_a_request_that_was_sealed_for_another_browser_is_asked_anew() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    let client = site.client().await;
    let (_, theirs) = before_consent(&site, &client, &tomoyo).await;
    let (browser, ours) = before_consent(&site, &client, &sakura).await;
    let (csrf, request) = (ours.input("csrf"), theirs.input("request"));
    let pairs = [("csrf", csrf.as_str()), ("request", &request), ("decision", "allow")];
    let reply = browser.submit("/oauth2/authorize", &pairs).await;
    assert!(reply.location().starts_with("/oauth2/authorize?resume="), "{}", reply.location());
    assert_eq!(browser.open(reply.location()).await.status, 200);
}

#[tokio::test]
async fn a15_consent_after_signing_out_begins_again() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    let csrf = page.input("csrf");
    assert_eq!(browser.submit("/logout", &[("csrf", &csrf)]).await.status, 303);
    let reply = browser.decide(&page, "allow").await;
    let login = browser.open(reply.location()).await;
    assert!(login.location().starts_with("/login?continue="), "{}", login.location());
}

#[tokio::test]
async fn a15_anything_but_allow_or_deny_decides_nothing() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    for decision in ["", "ALLOW", "yes"] {
        assert_page(&browser.decide(&page, decision).await, decision);
    }
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let both = [("csrf", csrf.as_str()), ("request", &request), ("decision", "deny"), ("decision", "allow")];
    assert_page(&browser.submit("/oauth2/authorize", &both).await, "both");
}

#[tokio::test]
async fn a17_after_a_post_with_credentials_the_browser_goes_on_with_303() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let login = browser.open(browser.authorize(&client.query("openid")).await.location()).await;
    let signed_in = browser.fill_login(&login, &user).await;
    assert_eq!(signed_in.status, 303);
    let consent = browser.open(signed_in.location()).await;
    assert_eq!(browser.decide(&consent, "deny").await.status, 303);
    assert_eq!(browser.decide(&consent, "allow").await.status, 303);
    let csrf = consent.input("csrf");
    assert_eq!(browser.submit("/logout", &[("csrf", &csrf)]).await.status, 303);
}

#[tokio::test]
async fn a17_no_address_with_a_secret_in_it_is_stored_or_told_to_another_site() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    let back = browser.decide(&page, "allow").await;
    let visitor = site.browser().authorize(&client.query("openid")).await;
    for reply in [&page, &back, &visitor] {
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("referrer-policy"), "same-origin");
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(reply.header("access-control-allow-origin"), "", "scripts of other sites have no business here");
    }
}

#[tokio::test]
async fn a19_a_disabled_client_gets_no_code() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
    site.operate(Command::Client(ClientCommand::Disable { id: client.id.clone() })).await;
    assert_page(&browser.decide(&page, "allow").await, "a consent page that was open");
    for prompt in ["", "none", "login"] {
        let query = format!("{}&prompt={prompt}", client.query("openid"));
        assert_page(&browser.authorize(&query).await, prompt);
    }
}

#[tokio::test]
async fn a19_a_disabled_user_gets_no_code() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
    site.operate(Command::User(UserCommand::Disable { user: user.username.clone() })).await;
    let reply = browser.decide(&page, "allow").await;
    let login = browser.open(reply.location()).await;
    assert!(login.location().starts_with("/login?"), "{}", login.location());
    let none = format!("{}&prompt=none", client.query("openid"));
    assert_error(&site, &browser.authorize(&none).await, "login_required", Some("xyz"));
    let login = browser.open(login.location()).await;
    assert_eq!(browser.fill_login(&login, &user).await.status, 401);
}

#[tokio::test]
async fn a_hostile_continuation_leads_nowhere_else() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for text in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "garbage&redirect_uri=https://evil.example",
    ] {
        let browser = site.browser();
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("continue", text).finish();
        let page = browser.open(&format!("/login?{query}")).await;
        assert_eq!(page.status, 200);
        let csrf = page.input("csrf");
        let pairs = [("csrf", csrf.as_str()), ("username", &user.username), ("password", &user.password)];
        let pairs = [&pairs[..], &[("continue", text)]].concat();
        let reply = browser.submit("/login", &pairs).await;
        assert_eq!(reply.status, 303);
        let target = reply.location();
        assert!(target == "/" || target.starts_with("/oauth2/authorize?resume="), "{text:?}: {target}");
        assert!(reply.set_cookie("a").is_none());
        // The authorization endpoint opens only what it sealed itself.
        if target != "/" {
            assert_page(&browser.open(target).await, text);
        }
    }
}

#[tokio::test]
async fn a_resumed_request_is_one_that_was_sealed_here_for_that() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (browser, page) = before_consent(&site, &client, &user).await;
    let request = page.input("request");
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap();
    let mut spoilt = request.clone();
    spoilt.replace_range(60..61, if &request[60..61] == "A" { "B" } else { "A" });
    for sealed in ["x", "..", &page.input("csrf"), &code, &spoilt, &request[1..], &format!("{request}A")] {
        assert_page(&browser.open(&format!("/oauth2/authorize?resume={sealed}")).await, sealed);
    }
    // And its own answer goes where it was asked for, whatever stands beside it.
    let beside = "redirect_uri=https%3A%2F%2Fevil.example%2F&state=forged&client_id=client_nobody";
    let reply = browser.open(&format!("/oauth2/authorize?{beside}&resume={request}")).await;
    assert!(reply.location().starts_with("https://app.example/cb?code="), "{}", reply.location());
    assert_eq!(reply.parameter("state").as_deref(), Some("xyz"));
}
