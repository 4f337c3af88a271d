//! How answers go back (OAuth 2.0 Multiple Response Types §2.1; OAuth 2.0 Form Post Response Mode).

use local::cli::Grant;
use tests::flow::{REDIRECT, VERIFIER};
use tests::{Browser, Client, Reply, TestSite, Tokens, json};

use super::{assert_error, assert_page, signed_in};

/// A page that posts the answer to the application.
fn assert_form(reply: &Reply, action: &str) {
    assert_eq!((reply.status, reply.header("location")), (200, ""), "{}", reply.body);
    assert!(reply.body.contains(&format!("<form method=\"post\" action=\"{action}\">")), "{}", reply.body);
}

fn query(client: &Client, mode: &str, state: &str) -> String {
    client.query_with(&[("scope", "openid"), ("state", state), ("response_mode", mode)])
}

async fn consented(site: &TestSite) -> (Browser<'_>, Client) {
    let (browser, client) = (signed_in(site).await, site.client().await);
    browser.code(&client, "openid").await;
    (browser, client)
}

#[tokio::test]
async fn a18_an_answer_by_form_post_is_a_page_that_posts_code_state_and_issuer() {
    let site = TestSite::start().await;
    let (browser, client) = (signed_in(&site).await, site.client().await);
    let consent = browser.authorize(&query(&client, "form_post", "xyz")).await;
    let page = browser.decide(&consent, "allow").await;
    assert_form(&page, REDIRECT);
    assert_eq!((page.input("state").as_str(), page.input("iss").as_str()), ("xyz", site.issuer()));
    Tokens::read(&site.redeem(&client, &page.input("code"), "").await);
    let denied = browser.authorize(&format!("{}&prompt=consent", query(&client, "form_post", "xyz"))).await;
    let denied = browser.decide(&denied, "deny").await;
    assert_form(&denied, REDIRECT);
    assert_eq!((denied.input("error").as_str(), denied.input("state").as_str()), ("access_denied", "xyz"));
    assert!(!denied.body.contains("name=\"code\""));
}

#[tokio::test]
async fn a18_the_page_that_posts_is_as_protected_as_any_and_gives_the_application_nothing_of_ours() {
    let site = TestSite::start().await;
    let (browser, client) = consented(&site).await;
    let page = browser.authorize(&query(&client, "form_post", "xyz")).await;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    let policy = page.header("content-security-policy");
    for directive in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(directive), "{policy}");
    }
    // A policy for forms would keep the form from the application.
    assert!(!policy.contains("unsafe") && !policy.contains("form-action"), "{policy}");
    assert!(!page.body.contains("csrf") && !page.body.contains(" onload") && !page.body.contains("<script>"));
    assert_eq!(page.body.matches("<script").count(), 1);
    let script = site.get("/static/form_post.js", None).await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert!(page.body.contains("<script src=\"/static/form_post.js\" defer>") && script.body.contains(".submit()"));
    // Without scripts there is the button.
    assert!(page.body.contains("<button type=\"submit\""));
}

#[tokio::test]
async fn a18_a_form_carries_state_byte_for_byte_or_not_at_all() {
    let site = TestSite::start().await;
    let (browser, client) = consented(&site).await;
    for state in [" ", "a b+c%20d&amp;é", "\"><script>alert('moe')</script>", "番组计划🌸\u{202e}\u{200b}", "%00"]
    {
        let page = browser.authorize(&query(&client, "form_post", state)).await;
        assert_form(&page, REDIRECT);
        assert_eq!(page.input("state"), state);
    }
    for state in ["a\nb", "a\r\nb", "\0", "\u{85}"] {
        let reply = browser.authorize(&query(&client, "form_post", state)).await;
        assert_error(&site, &reply, "invalid_request", Some(state));
    }
}

#[tokio::test]
async fn a18_errors_go_back_in_the_way_that_was_asked_for() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let visitor = site.browser();
    for more in ["&prompt=none", "&code_challenge_method=plain", "&nonce=a&nonce=b", "&max_age=x"] {
        let reply = visitor.authorize(&format!("{}{more}", query(&client, "form_post", "xyz"))).await;
        assert_form(&reply, REDIRECT);
        assert!(!reply.input("error").is_empty() && !reply.input("error_description").is_empty(), "{more}");
        assert_eq!((reply.input("state").as_str(), reply.input("iss").as_str()), ("xyz", site.issuer()), "{more}");
    }
    // And where nobody may be sent back, nobody is.
    let stranger = format!("{}&redirect_uri=https://evil.example", query(&client, "form_post", "xyz"));
    assert_page(&visitor.authorize(&stranger).await, "twice");
    let elsewhere = query(&client, "form_post", "x").replace("app.example", "evil.example");
    assert_page(&visitor.authorize(&elsewhere).await, "unregistered");
}

#[tokio::test]
async fn a18_a_form_goes_to_an_address_with_its_own_query_as_it_is() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let address = "https://app.example/cb?tenant=1&x=%22";
    let client = site.client_with(json!({ "redirect_uris": [address] })).await;
    let pairs = [("scope", "openid"), ("redirect_uri", address), ("response_mode", "form_post")];
    let page = browser.authorize_fully(&client.query_with(&pairs)).await;
    assert_form(&page, "https://app.example/cb?tenant=1&#38;x=%22");
}

#[tokio::test]
async fn a18_an_unknown_mode_is_refused_in_the_usual_way() {
    let site = TestSite::start().await;
    let (browser, client) = consented(&site).await;
    for mode in ["web_message", "jwt", "FORM_POST", "form_post query", "query.jwt"] {
        assert_error(&site, &browser.authorize(&query(&client, mode, "xyz")).await, "invalid_request", Some("xyz"));
    }
    let code = browser.authorize(&query(&client, "query", "xyz")).await.parameter("code");
    assert!(code.is_some());
}

#[tokio::test]
async fn a18_fragment_is_for_whom_an_administrator_allowed_the_implicit_grant() {
    let site = TestSite::start().await;
    let (browser, client) = consented(&site).await;
    let asked = format!("{}&response_mode=fragment", client.query("openid"));
    // Anybody can register; what they get would be out of their server's sight.
    assert_error(&site, &browser.authorize(&asked).await, "invalid_request", Some("xyz"));
    site.allow(&client, Grant::Implicit).await;
    let reply = browser.authorize(&asked).await;
    assert!(reply.location().starts_with(&format!("{REDIRECT}#code=")), "{}", reply.location());
    assert_eq!(reply.fragment("state").as_deref(), Some("xyz"));
    assert_eq!(reply.fragment("iss").as_deref(), Some(site.issuer()));
    Tokens::read(&site.redeem(&client, &reply.fragment("code").unwrap_or_default(), VERIFIER).await);
    // A code stays in the query unless it is asked for otherwise.
    assert!(browser.authorize(&client.query("openid")).await.parameter("code").is_some());
}
