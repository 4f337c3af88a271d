//! 6park's document: one page for everything, no address in the request, HTTP Basic.

use tests::flow::CHALLENGE;
use tests::{Client, Reply, TestSite, json};

use super::{allowed, application, members, query, refusal, somebody, text};

const REDIRECT: &str = "https://site.example/6park/login";

/// The document's address.
fn address(client: &Client) -> String {
    format!("/index.php?app=authorize&response_type=code&client_id={}&state=xyz", client.id)
}

async fn token_at(site: &TestSite, path: &str, client: &Client, code: &str) -> Reply {
    let form = format!("grant_type=authorization_code&code={code}&client_id={}", client.id);
    let request = site.http.post(site.url(path)).basic_auth(&client.id, client.secret.as_deref());
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    site.send(request, None).await
}

async fn token(site: &TestSite, client: &Client, code: &str) -> Reply {
    token_at(site, "/index.php?app=token", client, code).await
}

#[tokio::test]
async fn d65_6parks_document_works_word_for_word() {
    let site = TestSite::start().await;
    let (user, browser) = (site.register("sakura").await, site.browser());
    let client = application(&site, &["6park"], REDIRECT).await;
    // Nobody is signed in yet.
    let login = browser.open(browser.open(&address(&client)).await.location()).await;
    let page = browser.open(browser.fill_login(&login, &user).await.location()).await;
    assert!(page.body.contains("site.example"), "{}", page.body);
    let back = browser.decide(&page, "allow").await;
    assert!(back.location().starts_with(&format!("{REDIRECT}?code=")), "{}", back.location());
    assert_eq!(back.parameter("state").as_deref(), Some("xyz"));
    let reply = token(&site, &client, &back.parameter("code").unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(members(&reply), ["access_token", "expires_in"]);
    assert_eq!(reply.header("cache-control"), "no-store");
    let (seconds, token) = (reply.json()["expires_in"].as_i64().unwrap(), text(&reply, "access_token"));
    site.clock.advance(seconds - 1);
    assert_eq!(site.userinfo(&token).await.status, 403, "it is alive");
    site.clock.advance(1);
    assert_eq!(site.userinfo(&token).await.status, 401);
}

#[tokio::test]
async fn d65_state_is_required_and_other_apps_are_not_there() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["6park"], REDIRECT).await;
    for without in ["", "&state="] {
        let address = address(&client).replace("&state=xyz", without);
        let reply = browser.open(&address).await;
        assert!(reply.location().starts_with(&format!("{REDIRECT}?error=invalid_request")), "{}", reply.location());
    }
    let code = allowed(&browser, &address(&client)).await.parameter("code").unwrap();
    for query in ["", "?app=", "?app=token", "?app=Authorize", "?app=user", "?app=%FF"] {
        let reply = browser.open(&format!("/index.php{query}")).await;
        assert!([400, 404].contains(&reply.status), "GET {query}: {} {}", reply.status, reply.body);
    }
    for query in ["", "?app=", "?app=authorize", "?app=TOKEN", "?app=%FF"] {
        let reply = token_at(&site, &format!("/index.php{query}"), &client, &code).await;
        assert_eq!(reply.status, 404, "POST {query}: {}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
    assert_eq!(token(&site, &client, &code).await.status, 200);
}

#[tokio::test]
async fn d65_the_answer_goes_to_the_one_registered_address() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let several = json!({ "dialects": ["6park"], "redirect_uris": [REDIRECT, "https://other.example/"] });
    let several = site.client_with(several).await;
    let reply = browser.open(&address(&several)).await;
    assert_eq!((reply.status, reply.header("location")), (400, ""));
    let client = application(&site, &["6park"], REDIRECT).await;
    let evil = format!("{}&{}", address(&client), query(&[("redirect_uri", "https://evil.example/")]));
    let reply = browser.open(&evil).await;
    assert_eq!((reply.status, reply.header("location")), (400, ""));
}

#[tokio::test]
async fn d65_every_check_of_the_standards_token_endpoint_is_made() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["6park"], REDIRECT).await;
    let code = allowed(&browser, &address(&client)).await.parameter("code").unwrap();
    let wrong = token(&site, &Client { secret: Some("wrong".to_owned()), ..client.clone() }, &code).await;
    assert_eq!(refusal(&wrong), (401, "invalid_client".to_owned()));
    assert!(wrong.header("www-authenticate").starts_with("Basic"));
    let other = application(&site, &["6park"], REDIRECT).await;
    assert_eq!(refusal(&token(&site, &other, &code).await), (400, "invalid_grant".to_owned()));
    assert_eq!(token(&site, &client, &code).await.status, 200);
    assert_eq!(refusal(&token(&site, &client, &code).await), (400, "invalid_grant".to_owned()));
    // Who registered that its requests carry a challenge is held to it here as well.
    let strict = json!({ "dialects": ["6park"], "redirect_uris": [REDIRECT], "require_pkce": true });
    let strict = site.client_with(strict).await;
    let reply = browser.open(&address(&strict)).await;
    assert!(reply.location().starts_with(&format!("{REDIRECT}?error=invalid_request")), "{}", reply.location());
    let pkce = query(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let code = allowed(&browser, &format!("{}&{pkce}", address(&strict))).await.parameter("code").unwrap();
    assert_eq!(refusal(&token(&site, &strict, &code).await), (400, "invalid_grant".to_owned()));
}
