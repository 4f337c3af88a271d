//! The page on which a person registers an application.

use shared::config::RegistrationPolicy;
use tests::{Client, TestSite, Wishes};

async fn start(registration: RegistrationPolicy) -> TestSite {
    TestSite::start_with(Wishes { registration: Some(registration), ..Wishes::default() }).await
}

/// The text of the page's `<code>` of that id.
fn code(body: &str, id: &str) -> Option<String> {
    let rest = body.split(&format!("<code id=\"{id}\">")).nth(1)?;
    rest.split("</code>").next().map(str::to_owned)
}

#[tokio::test]
async fn a_person_registers_an_application_and_signs_in_to_it() {
    let site = start(RegistrationPolicy::User).await;
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    let page = browser.open("/oauth2/register").await;
    for field in ["client_name", "redirect_uri", "public"] {
        assert!(page.body.contains(&format!("id=\"{field}\" name=\"{field}\"")), "{field}");
    }
    let csrf = page.input("csrf");
    let addresses = "https://app.example/cb\r\n\r\n  https://app.example/other  ";
    let pairs = [("csrf", csrf.as_str()), ("client_name", "Anime <Diary>"), ("redirect_uri", addresses)];
    let created = browser.submit("/oauth2/register", &pairs).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert!(created.body.contains("Anime &#60;Diary&#62;"));
    assert_eq!(code(&created.body, "issuer").as_deref(), Some(site.issuer()));
    let client = Client { id: code(&created.body, "client_id").unwrap(), secret: code(&created.body, "client_secret") };
    assert!(client.secret.is_some());
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    assert!(!tokens.refresh_token.is_empty());

    let public = [&pairs[..], &[("public", "true")]].concat();
    let created = browser.submit("/oauth2/register", &public).await;
    assert_eq!((created.status, code(&created.body, "client_secret")), (201, None));
    let client = Client { id: code(&created.body, "client_id").unwrap(), secret: None };
    browser.authorize_and_redeem(&client, "openid").await;
}

#[tokio::test]
async fn an_application_that_can_not_be_registered_keeps_what_was_typed() {
    let site = start(RegistrationPolicy::User).await;
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    let csrf = browser.open("/oauth2/register").await.input("csrf");
    for (address, words) in [
        ("javascript:alert(1)", "This isn’t an address that can be used here."),
        ("http://app.example/cb", "This isn’t an address that can be used here."),
        ("https://app.example/cb#x", "This isn’t an address that can be used here."),
        ("", "Please fill this in."),
    ] {
        let pairs = [("csrf", csrf.as_str()), ("client_name", "Diary"), ("redirect_uri", address), ("public", "true")];
        let reply = browser.submit("/oauth2/register", &pairs).await;
        assert_eq!(reply.status, 422, "{address}");
        assert!(reply.body.contains(&format!("id=\"redirect_uri-error\">{words}")), "{address}: {}", reply.body);
        assert!(reply.body.contains(&format!("{address}</textarea>")), "{}", reply.body);
        assert_eq!(reply.input("client_name"), "Diary");
        assert!(reply.body.contains(" checked"));
    }
    let long = "x".repeat(101);
    let pairs = [("csrf", csrf.as_str()), ("client_name", &long), ("redirect_uri", "https://app.example/cb")];
    let reply = browser.submit("/oauth2/register", &pairs).await;
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("id=\"client_name-error\""));
}

#[tokio::test]
async fn where_the_operator_gives_out_tokens_the_page_says_so() {
    let site = start(RegistrationPolicy::Token("a token of the operator's".into())).await;
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    assert_eq!(browser.open("/oauth2/register").await.status, 403);
    let csrf = browser.open("/account").await.input("csrf");
    let pairs = [("csrf", csrf.as_str()), ("client_name", "Diary"), ("redirect_uri", "https://app.example/cb")];
    assert_eq!(browser.submit("/oauth2/register", &pairs).await.status, 403);
}
