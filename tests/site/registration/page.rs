//! The page on which a person registers an application.

use tests::flow::{CHALLENGE, VERIFIER};
use tests::{Browser, Client, Reply, TestSite, Tokens};

/// The text of the element with that id.
fn text(page: &Reply, id: &str) -> Option<String> {
    let (_, rest) = page.body.split_once(&format!("id=\"{id}\">"))?;
    rest.split_once('<').map(|(text, _)| text.to_owned())
}

async fn submit(browser: &Browser<'_>, page: &Reply, name: &str, uris: &str, public: bool) -> Reply {
    let csrf = page.input("csrf");
    let mut pairs = vec![("csrf", csrf.as_str()), ("client_name", name), ("redirect_uri", uris)];
    if public {
        pairs.push(("public", "true"));
    }
    browser.submit("/oauth2/register", &pairs).await
}

#[tokio::test]
async fn a_visitor_signs_in_first_and_comes_back() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    let reply = browser.open("/oauth2/register").await;
    let login = browser.open(reply.location()).await;
    let reply = browser.fill_login(&login, &user).await;
    assert_eq!(reply.location(), "/oauth2/register");
    assert_eq!(browser.open("/oauth2/register").await.status, 200);
}

#[tokio::test]
async fn a_person_registers_an_application_that_works_and_is_theirs() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let form = browser.open("/oauth2/register").await;
    let uris = "https://app.example/cb\r\n\r\n  https://app.example/two  ";
    let page = submit(&browser, &form, "Diary <b>\"&", uris, false).await;
    assert_eq!(page.status, 201, "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(text(&page, "issuer").as_deref(), Some(site.issuer()));
    assert!(page.body.contains("Diary &#60;b&#62;") && !page.body.contains("<b>"));
    let client = Client { id: text(&page, "client_id").unwrap(), secret: text(&page, "client_secret") };
    assert_eq!(client.secret.as_ref().unwrap().len(), 43);
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    assert!(!tokens.refresh_token.is_empty());
    let second = client.query_with(&[("redirect_uri", "https://app.example/two"), ("scope", "openid")]);
    assert!(browser.authorize_fully(&second).await.parameter("code").is_some());

    let listed = site.operate(local::cli::Command::Client(local::cli::ClientCommand::List)).await;
    assert_eq!((&listed[0]["client_id"], &listed[0]["owner_id"]), (&client.id.into(), &user.user_id.into()));
}

#[tokio::test]
async fn a_public_application_gets_no_secret_and_uses_pkce() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let form = browser.open("/oauth2/register").await;
    let page = submit(&browser, &form, "Phone", "http://127.0.0.1/cb", true).await;
    assert_eq!((page.status, text(&page, "client_secret")), (201, None));
    let client = Client { id: text(&page, "client_id").unwrap(), secret: None };
    let uri = "http://127.0.0.1:4242/cb";
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let query = client.query_with(&[&[("redirect_uri", uri), ("scope", "openid")][..], &pkce].concat());
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let pairs =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", uri), ("code_verifier", VERIFIER)];
    Tokens::read(&site.token(&client, &pairs).await);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_what_was_typed() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let form = browser.open("/oauth2/register").await;
    for uris in ["http://app.example/cb", "javascript:alert(1)", "", "https://app.example/cb\nhttps://app.example/#x"] {
        let page = submit(&browser, &form, "Diary", uris, true).await;
        assert_eq!(page.status, 422, "{uris}");
        assert!(page.body.contains("id=\"redirect_uri-error\""), "{uris}");
        assert_eq!(page.input("client_name"), "Diary");
        assert!(page.body.contains(&format!("\n{}</textarea>", uris.replace('\r', ""))), "{uris}: {}", page.body);
        assert!(page.body.contains(" checked>"));
    }
    let page = submit(&browser, &form, &"n".repeat(101), "https://app.example/cb", false).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("id=\"client_name-error\""));
    // The page that came back works.
    assert_eq!(submit(&browser, &page, "Diary", "https://app.example/cb", false).await.status, 201);
}

#[tokio::test]
async fn a15_the_form_is_refused_without_its_token_or_from_elsewhere() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/oauth2/register").await.input("csrf");
    let fields = [("client_name", "Diary"), ("redirect_uri", "https://app.example/cb")];
    assert_eq!(browser.submit("/oauth2/register", &fields).await.status, 403);
    let with_token = [&[("csrf", csrf.as_str())][..], &fields].concat();
    let reply = browser.submit_from("/oauth2/register", &with_token, "https://evil.example").await;
    assert_eq!(reply.status, 403);
    let another = site.browser();
    another.sign_in(&user).await;
    assert_eq!(another.submit("/oauth2/register", &with_token).await.status, 403);
    // A token without a session registers nothing: applications registered here are somebody's.
    let visitor = site.browser();
    let csrf = visitor.open("/login").await.input("csrf");
    let reply = visitor.submit("/oauth2/register", &[&[("csrf", csrf.as_str())][..], &fields].concat()).await;
    assert!(reply.location().starts_with("/login"), "{}", reply.location());
    let listed = site.operate(local::cli::Command::Client(local::cli::ClientCommand::List)).await;
    assert_eq!(listed, tests::json!([]));
}
