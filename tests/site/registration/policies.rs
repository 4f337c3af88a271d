//! Who may register an application.

use shared::config::RegistrationPolicy;
use tests::flow::REDIRECT;
use tests::{Reply, TestSite, Wishes, json};

const INITIAL: &str = "the operator gives this out";

async fn site_with(registration: RegistrationPolicy) -> TestSite {
    TestSite::start_with(Wishes { registration: Some(registration), ..Wishes::default() }).await
}

async fn register(site: &TestSite, token: Option<&str>) -> Reply {
    site.post("/oauth2/register", token, json!({ "redirect_uris": [REDIRECT] })).await
}

async fn sign(site: &TestSite, token: Option<&str>) -> Reply {
    let body = json!({ "client_secrets": "123456", "redirect_url": "http://127.0.0.1:5000/client/redirect" });
    site.post("/oauth2.0/sign", token, body).await
}

#[tokio::test]
async fn v44_under_the_open_policy_anybody_registers() {
    let site = site_with(RegistrationPolicy::Open).await;
    assert_eq!(register(&site, None).await.status, 201);
    assert_eq!(sign(&site, None).await.status, 200);
    // A token that is presented must be good all the same.
    let reply = register(&site, Some("garbage")).await;
    assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"));
}

#[tokio::test]
async fn v44_under_the_token_policy_the_operators_token_registers_and_nothing_else() {
    let site = site_with(RegistrationPolicy::Token(INITIAL.into())).await;
    let user = site.register("sakura").await;
    let account = site.sign_in(&user).await;
    let longer = format!("{INITIAL}!");
    for token in [None, Some(""), Some("garbage"), Some(&INITIAL[1..]), Some(longer.as_str()), Some(account.as_str())] {
        for reply in [register(&site, token).await, sign(&site, token).await] {
            assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"), "{token:?}");
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{token:?}");
        }
    }
    assert_eq!(register(&site, Some(INITIAL)).await.status, 201);
    assert_eq!(sign(&site, Some(INITIAL)).await.status, 200);
    // Nor does a person's session, on the page.
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/account").await.input("csrf");
    let reply =
        browser.submit("/oauth2/register", &[("csrf", &csrf), ("client_name", "x"), ("redirect_uri", REDIRECT)]).await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn v44_under_the_user_policy_people_register_and_own_what_they_register() {
    let site = site_with(RegistrationPolicy::User).await;
    for reply in [register(&site, None).await, sign(&site, None).await] {
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"));
    }
    let user = site.register("sakura").await;
    let account = site.sign_in(&user).await;
    let reply = register(&site, Some(&account)).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(sign(&site, Some(&account)).await.status, 200);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let by_cookie = browser.http.post(site.url("/oauth2/register")).header("origin", site.issuer());
    let reply = site.send(by_cookie.json(&json!({ "redirect_uris": [REDIRECT] })), None).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    // An application acts for people, but registers none in their name.
    let id = reply.json()["client_id"].as_str().unwrap().to_owned();
    let client = tests::Client { id, secret: reply.json()["client_secret"].as_str().map(str::to_owned) };
    let tokens = browser.authorize_and_redeem(&client, "openid profile").await;
    for reply in [register(&site, Some(&tokens.access_token)).await, sign(&site, Some(&tokens.access_token)).await] {
        assert_eq!(reply.status, 403, "{}", reply.body);
    }
    let mut owners = Vec::new();
    for client in site.operate(local::cli::Command::Client(local::cli::ClientCommand::List)).await.as_array().unwrap() {
        owners.push(client["owner_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(owners, vec![user.user_id.clone(); 3]);
}

#[tokio::test]
async fn a15_another_sites_page_registers_nothing_with_a_visitors_cookie() {
    for policy in [RegistrationPolicy::User, RegistrationPolicy::Open] {
        let site = site_with(policy).await;
        let user = site.register("sakura").await;
        let browser = site.browser();
        browser.sign_in(&user).await;
        for path in ["/oauth2/register", "/oauth2.0/sign"] {
            let body = json!({ "redirect_uris": [REDIRECT], "redirect_url": REDIRECT, "client_secrets": "123456" });
            let post = || browser.http.post(site.url(path));
            let text = || post().header("content-type", "text/plain").body(body.to_string());
            for (request, status) in [
                (post().header("origin", "https://evil.example").json(&body), 403),
                (post().header("origin", "null").json(&body), 403),
                (post().header("sec-fetch-site", "cross-site").json(&body), 403),
                // What a form or a simple request can send.
                (text().header("origin", "https://evil.example"), 403),
                (text(), 415),
            ] {
                let reply = site.send(request, None).await;
                assert_eq!(reply.status, status, "{path}: {}", reply.body);
            }
        }
        let listed = site.operate(local::cli::Command::Client(local::cli::ClientCommand::List)).await;
        assert_eq!(listed, json!([]));
    }
}
