//! The `/oauth2.0/` dialect: bangumoe's own first interface, by its document's own words, under both spellings.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod codes;
mod passwords;
mod secrets;

use tests::{Browser, Client, Reply, TestSite, User, Value, json};

/// The document spells the prefix both ways.
const PREFIXES: [&str; 2] = ["/oauth2.0", "/aouth2.0"];
/// The document's own.
const REDIRECT: &str = "http://127.0.0.1:5000/client/redirect";
/// The document's own.
const SECRET: &str = "123456";

async fn sign(site: &TestSite, prefix: &str, body: Value) -> Reply {
    site.post(&format!("{prefix}/sign"), None, body).await
}

/// An application that chose its own secret.
async fn signed(site: &TestSite) -> Client {
    let body = json!({ "client_secrets": SECRET, "redirect_url": REDIRECT, "client_name": "moe reader" });
    let reply = sign(site, "/oauth2.0", body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    Client { id: reply.json()["client_id"].as_str().unwrap().to_owned(), secret: Some(SECRET.to_owned()) }
}

fn show_path(prefix: &str, client: &Client) -> String {
    format!("{prefix}/show?client_id={}&redirect_url={REDIRECT}", client.id)
}

/// Somebody who is signed in.
async fn reader(site: &TestSite) -> (Browser<'_>, User) {
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    (browser, user)
}

/// A code by way of the page.
async fn code(browser: &Browser<'_>, client: &Client) -> String {
    let mut reply = browser.open(&show_path("/oauth2.0", client)).await;
    if reply.status == 200 {
        reply = browser.decide(&reply, "allow").await;
    }
    reply.parameter("code").unwrap()
}

async fn grant_with(site: &TestSite, prefix: &str, client: &Client, secret: &str, code: &str) -> Reply {
    let body = json!({ "client_id": client.id, "client_secrets": secret, "code": code });
    site.post(&format!("{prefix}/granttoken"), None, body).await
}

async fn grant(site: &TestSite, client: &Client, code: &str) -> Reply {
    grant_with(site, "/oauth2.0", client, SECRET, code).await
}

async fn getinfo(site: &TestSite, prefix: &str, token: &str) -> Reply {
    site.post(&format!("{prefix}/getinfo"), None, json!({ "token": token })).await
}

/// The members' names of an answer.
fn members(reply: &Reply) -> Vec<String> {
    reply.json().as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn the_documents_walk_works_word_for_word_under_both_spellings() {
    let site = TestSite::start().await;
    let person = json!({ "email": "2333@moe.com", "password": "a longer 233333" });
    assert_eq!(site.post("/register", None, person).await.status, 201);
    let account = site.post("/login", None, json!({ "username": "2333@moe.com", "password": "a longer 233333" })).await;
    let account = account.json()["access_token"].as_str().unwrap().to_owned();
    let profile = json!({
        "avatar": "https://bangumi.tv/user/675222", "nickname": "moee", "intro": "here is moee",
    });
    assert_eq!(site.patch("/account", Some(&account), profile).await.status, 200);
    for prefix in PREFIXES {
        // 1. The client signs itself up, choosing its secret, and gets its id.
        let reply = sign(&site, prefix, json!({ "client_secrets": SECRET, "redirect_url": REDIRECT })).await;
        assert_eq!((reply.status, members(&reply)), (200, vec!["client_id".to_owned()]), "{}", reply.body);
        let client =
            Client { id: reply.json()["client_id"].as_str().unwrap().to_owned(), secret: Some(SECRET.to_owned()) };
        // 2. The user goes to the page, signs in, allows, and comes back with a code.
        let browser = site.browser();
        let login = browser.open(browser.open(&show_path(prefix, &client)).await.location()).await;
        let user = User {
            user_id: String::new(),
            username: "2333@moe.com".to_owned(),
            password: "a longer 233333".to_owned(),
        };
        let page = browser.open(browser.fill_login(&login, &user).await.location()).await;
        assert!(page.body.contains("127.0.0.1:5000") && page.body.contains("See your e-mail address"));
        let back = browser.decide(&page, "allow").await;
        assert!(back.location().starts_with(&format!("{REDIRECT}?code=")), "{}", back.location());
        // 3. The client trades it for a token.
        let reply = grant_with(&site, prefix, &client, SECRET, &back.parameter("code").unwrap()).await;
        assert_eq!((reply.status, members(&reply)), (200, vec!["token".to_owned()]), "{}", reply.body);
        assert_eq!(reply.header("cache-control"), "no-store");
        let token = reply.json()["token"].as_str().unwrap().to_owned();
        // 4. And the token for who they are.
        let reply = getinfo(&site, prefix, &token).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(
            reply.json(),
            json!({
                "avator": "https://bangumi.tv/user/675222",
                "email": "2333@moe.com",
                "intro": "here is moee",
                "nickname": "moee",
                "uname": "2333@moe.com",
            })
        );
    }
}

#[tokio::test]
async fn uname_is_the_username_where_there_is_one_and_what_is_unset_is_empty() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let token = grant(&site, &client, &code(&browser, &client).await).await.json()["token"].clone();
    let info = getinfo(&site, "/oauth2.0", token.as_str().unwrap()).await.json();
    let expected = json!({
        "avator": "", "email": "sakura@moe.example", "intro": "", "nickname": "sakura", "uname": "sakura",
    });
    assert_eq!(info, expected);
}

#[tokio::test]
async fn sign_takes_one_address_or_many_under_either_name() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    for addresses in [
        json!({ "redirect_url": REDIRECT }),
        json!({ "redirect_urls": REDIRECT }),
        json!({ "redirect_url": [REDIRECT] }),
        json!({ "redirect_urls": ["https://moe.example/cb", REDIRECT] }),
        json!({ "redirect_url": REDIRECT, "redirect_urls": ["https://moe.example/cb"] }),
    ] {
        let mut body = addresses.clone();
        body["client_secrets"] = SECRET.into();
        let reply = sign(&site, "/oauth2.0", body).await;
        assert_eq!(reply.status, 200, "{addresses}: {}", reply.body);
        let client = Client { id: reply.json()["client_id"].as_str().unwrap().to_owned(), secret: None };
        let page = browser.open(&show_path("/oauth2.0", &client)).await;
        assert!(browser.decide(&page, "allow").await.location().starts_with(REDIRECT), "{addresses}");
    }
}

#[tokio::test]
async fn sign_refuses_bad_addresses_and_short_secrets() {
    let site = TestSite::start().await;
    let long = "x".repeat(129);
    for (secret, redirect, error) in [
        (json!("12345"), json!(REDIRECT), "invalid_client_metadata"),
        (json!(""), json!(REDIRECT), "invalid_client_metadata"),
        (json!(123_456), json!(REDIRECT), "invalid_client_metadata"),
        (json!(null), json!(REDIRECT), "invalid_client_metadata"),
        (json!(long), json!(REDIRECT), "invalid_client_metadata"),
        (json!(SECRET), json!(null), "invalid_redirect_uri"),
        (json!(SECRET), json!([]), "invalid_redirect_uri"),
        (json!(SECRET), json!("http://moe.example/cb"), "invalid_redirect_uri"),
        (json!(SECRET), json!("javascript:alert(1)"), "invalid_redirect_uri"),
        (json!(SECRET), json!([REDIRECT, "https://moe.example/#x"]), "invalid_redirect_uri"),
    ] {
        for prefix in PREFIXES {
            let reply = sign(&site, prefix, json!({ "client_secrets": secret, "redirect_url": redirect })).await;
            assert_eq!((reply.status, reply.error().as_str()), (400, error), "{secret} {redirect}: {}", reply.body);
        }
    }
    assert_eq!(
        sign(&site, "/oauth2.0", json!({ "client_secrets": "番组番组番组", "redirect_url": REDIRECT })).await.status,
        200
    );
    let form = site.form("/oauth2.0/sign", &[("client_secrets", SECRET), ("redirect_url", REDIRECT)]).await;
    assert_eq!(form.status, 415);
}
