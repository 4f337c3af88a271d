//! How a client says who it is (RFC 6749 §2.3).

use data_encoding::BASE64;
use tests::{Client, Reply, TestSite, json};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn with_header(site: &TestSite, authorization: &str, pairs: &[(&str, &str)]) -> Reply {
    let request = site.http.post(site.url("/oauth2/token")).header("authorization", authorization).form(pairs);
    site.send(request, None).await
}

/// `user:password` as HTTP Basic has it.
fn basic(text: &str) -> String {
    format!("Basic {}", BASE64.encode(text.as_bytes()))
}

fn assert_invalid_client(reply: &Reply, challenged: bool) {
    assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{}", reply.body);
    let challenge = reply.header("www-authenticate");
    assert_eq!(challenge.starts_with("Basic realm="), challenged, "{challenge}");
    assert_eq!(challenge.is_empty(), !challenged, "{challenge}");
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[tokio::test]
async fn t24_a_secret_opens_by_basic_and_in_the_body() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let secret = client.secret.clone().unwrap();
    assert_eq!(with_header(&site, &basic(&format!("{}:{secret}", client.id)), &[GRANT]).await.status, 200);
    let lower = basic(&format!("{}:{secret}", client.id)).replace("Basic", "basic");
    assert_eq!(with_header(&site, &lower, &[GRANT]).await.status, 200, "a scheme has no case");
    assert_eq!(site.token(&client, &[GRANT]).await.status, 200);
    // The same client's name in the body says nothing new.
    let named = [GRANT, ("client_id", client.id.as_str())];
    assert_eq!(with_header(&site, &basic(&format!("{}:{secret}", client.id)), &named).await.status, 200);
}

#[tokio::test]
async fn t24_a_wrong_secret_is_401_and_challenged_where_basic_was_used() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let secret = client.secret.clone().unwrap();
    for wrong in ["", "wrong", &secret[1..], &format!("{secret}x"), &secret.to_uppercase(), "\0", "密码"] {
        // More than ten in a quarter of an hour are not listened to.
        site.clock.advance(15 * 60);
        assert_invalid_client(&with_header(&site, &basic(&format!("{}:{wrong}", client.id)), &[GRANT]).await, true);
        let guess = Client { id: client.id.clone(), secret: Some(wrong.to_owned()) };
        assert_invalid_client(&site.token(&guess, &[GRANT]).await, false);
    }
    let silent = Client { id: client.id.clone(), secret: None };
    assert_invalid_client(&site.token(&silent, &[GRANT]).await, false);
}

#[tokio::test]
async fn t24_an_unknown_client_is_told_the_same_as_a_wrong_secret() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let wrong = Client { id: client.id.clone(), secret: Some("wrong".to_owned()) };
    let known = site.token(&wrong, &[GRANT]).await;
    let mut other = client.id.clone();
    let last = if other.ends_with('a') { "b" } else { "a" };
    other.replace_range(other.len() - 1.., last);
    for id in [other.as_str(), "unknown", "bangumoe", "あ"] {
        let unknown = site.token(&Client { id: id.to_owned(), secret: Some("wrong".to_owned()) }, &[GRANT]).await;
        assert_eq!((unknown.status, &unknown.body), (known.status, &known.body), "{id}");
    }
    assert_invalid_client(&site.form("/oauth2/token", &[GRANT]).await, false);
}

#[tokio::test]
async fn t24_a_basic_header_that_is_none_is_refused_with_a_challenge() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let colonless = BASE64.encode(client.id.as_bytes());
    for header in
        ["Basic !!!", "Basic =", &format!("Basic {colonless}"), "Basic Og==", "Basic /////w==", "Basic gIA6gA=="]
    {
        assert_invalid_client(&with_header(&site, header, &[GRANT]).await, true);
    }
}

#[tokio::test]
async fn t24_basic_credentials_are_percent_decoded() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let encoded = format!("{}:{}", encode(&client.id), encode(client.secret.as_deref().unwrap()));
    assert_eq!(with_header(&site, &basic(&encoded), &[GRANT]).await.status, 200);
}

#[tokio::test]
async fn t24_two_methods_at_once_are_an_invalid_request() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let secret = client.secret.clone().unwrap();
    let header = basic(&format!("{}:{secret}", client.id));
    let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for pairs in [
        vec![GRANT, ("client_secret", &secret)],
        vec![GRANT, ("client_id", &client.id), ("client_secret", &secret)],
        vec![GRANT, ("client_secret", "another")],
        vec![GRANT, ("client_assertion_type", assertion_type), ("client_assertion", "e30.e30.e30")],
    ] {
        let reply = with_header(&site, &header, &pairs).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"), "{pairs:?}");
    }
    let both = [GRANT, ("client_assertion_type", assertion_type), ("client_assertion", "e30.e30.e30")];
    let reply = site.token(&client, &both).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"));
    let other = site.client().await;
    let contradiction = [GRANT, ("client_id", other.id.as_str())];
    let reply = with_header(&site, &header, &contradiction).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"));
}

#[tokio::test]
async fn t24_credentials_in_the_query_are_refused() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let secret = client.secret.clone().unwrap();
    let query = format!("client_id={}&client_secret={secret}", client.id);
    for (query, pairs) in [
        (query.clone(), vec![GRANT]),
        (format!("{query}&grant_type=client_credentials"), vec![]),
        // Not even beside good ones.
        (query, vec![GRANT, ("client_id", client.id.as_str()), ("client_secret", &secret)]),
    ] {
        let reply = site.form(&format!("/oauth2/token?{query}"), &pairs).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"), "{query}");
    }
    // Nor is anything else read from there.
    let reply = site.form("/oauth2/token?grant_type=client_credentials", &client.in_body()).await;
    assert_eq!(reply.error(), "invalid_request");
}

#[tokio::test]
async fn t24_a_public_client_has_no_secret_that_would_open() {
    let site = TestSite::start().await;
    let client = site.public_client().await;
    let guess = Client { id: client.id.clone(), secret: Some("anything".to_owned()) };
    assert_invalid_client(&site.token(&guess, &[("grant_type", "authorization_code"), ("code", "x")]).await, false);
    let nothing = site.token(&client, &[("grant_type", "authorization_code"), ("code", "x")]).await;
    assert_eq!(nothing.error(), "invalid_grant");
}

#[tokio::test]
async fn t24_who_is_not_authenticated_learns_nothing_about_codes() {
    let site = TestSite::start().await;
    let client = site.client_with(json!({ "grant_types": ["authorization_code", "refresh_token"] })).await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid").await;
    let wrong = Client { id: client.id.clone(), secret: Some("wrong".to_owned()) };
    let good = site.redeem(&wrong, &code, "").await;
    let bad = site.redeem(&wrong, "garbage", "").await;
    assert_eq!((good.status, &good.body), (bad.status, &bad.body));
    assert_invalid_client(&good, false);
}
