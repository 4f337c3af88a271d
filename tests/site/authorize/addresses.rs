//! Who asks, and where the answer goes.

use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};
use tests::{Client, TestSite, Tokens, json};

use super::assert_page;

#[tokio::test]
async fn a01_an_unknown_client_gets_a_page_and_no_redirect() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let known = site.client().await;
    let near = format!("{}a", known.id);
    for id in ["", "nobody", "client_aaaaaaaaaaaaaaaaaaaaaaaaaa", &near, &known.id.to_uppercase(), &user.user_id] {
        let client = Client { id: id.to_owned(), secret: None };
        assert_page(&browser.authorize(&client.query("openid")).await, id);
    }
    assert_page(&browser.open("/oauth2/authorize").await, "no parameter at all");
    let twice = format!("{}&client_id={}", known.query("openid"), known.id);
    assert_page(&browser.authorize(&twice).await, "client_id twice");
}

#[tokio::test]
async fn a02_a_redirect_uri_that_differs_by_anything_gets_a_page_and_no_redirect() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let client = site.client().await;
    // Consent is there: nothing but the address can stand in the way.
    browser.code(&client, "openid").await;
    for uri in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "http://app.example/cb",
        "https://app.example:443/cb",
        "https://app.example/c",
        "https://app.example/cbb",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/%63b",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example\\cb",
        "https://app.example.evil.example/cb",
        "https://app.example@evil.example/cb",
        "https://evil.example/cb",
        "https://sub.app.example/cb",
        "//app.example/cb",
        "/cb",
        " https://app.example/cb",
        "https://app.example/cb\n",
        "https://app.example/cb\0",
        "javascript:alert(1)",
    ] {
        let query = client.query_with(&[
            ("redirect_uri", uri),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        assert_page(&browser.authorize(&query).await, uri);
        assert_page(&browser.authorize(&format!("{query}&prompt=none")).await, uri);
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example%2Fcb", client.query("openid"));
    assert_page(&browser.authorize(&twice).await, "redirect_uri twice");
}

#[tokio::test]
async fn a02_a_registered_query_is_compared_too_and_stays() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let registered = "https://app.example/cb?tenant=1&x=a%20b";
    let client = site.client_with(json!({ "redirect_uris": [REDIRECT, registered] })).await;
    let query = |uri| client.query_with(&[("redirect_uri", uri), ("scope", "openid"), ("state", "s")]);
    let reply = browser.authorize_fully(&query(registered)).await;
    assert!(reply.location().starts_with("https://app.example/cb?tenant=1&x=a%20b&code="), "{}", reply.location());
    assert_eq!(reply.parameter("state").as_deref(), Some("s"));
    for uri in
        ["https://app.example/cb?tenant=2&x=a%20b", "https://app.example/cb?tenant=1", &format!("{registered}&y")]
    {
        assert_page(&browser.authorize(&query(uri)).await, uri);
    }
}

#[tokio::test]
async fn a03_a_native_client_may_listen_at_any_port_of_its_loopback_address() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let client = site
        .client_with(json!({
            "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]:7000/cb?a=1", "http://localhost:7000/cb"],
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code"],
        }))
        .await;
    let query = |uri| {
        client.query_with(&[
            ("redirect_uri", uri),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
    };
    for uri in ["http://127.0.0.1:61023/cb", "http://127.0.0.1/cb", "http://[::1]:1/cb?a=1", "http://localhost:7000/cb"]
    {
        let reply = browser.authorize_fully(&query(uri)).await;
        assert!(reply.location().starts_with(uri), "{}", reply.location());
        let code = reply.parameter("code").unwrap();
        // The token request names the port that was used, not the registered one.
        let pairs = |uri| {
            let (code, verifier) = (code.as_str(), VERIFIER);
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", uri), ("code_verifier", verifier)]
        };
        let other = site.token(&client, &pairs("http://127.0.0.1:9/cb")).await;
        assert_eq!((other.status, other.error().as_str()), (400, "invalid_grant"));
        Tokens::read(&site.token(&client, &pairs(uri)).await);
    }
    for uri in [
        "http://127.0.0.1:61023/other",
        "http://127.0.0.1:61023/cb?x",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.2:61023/cb",
        "https://127.0.0.1:61023/cb",
        "http://localhost:7001/cb",
        "http://[::1]:1/cb",
    ] {
        assert_page(&browser.authorize(&query(uri)).await, uri);
    }
}

#[tokio::test]
async fn a03_a_web_clients_loopback_address_has_its_port_alone() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let client = site.client_with(json!({ "redirect_uris": ["http://127.0.0.1:5000/cb"] })).await;
    let query = |uri| client.query_with(&[("redirect_uri", uri), ("scope", "openid")]);
    assert!(browser.authorize_fully(&query("http://127.0.0.1:5000/cb")).await.parameter("code").is_some());
    assert_page(&browser.authorize(&query("http://127.0.0.1:5001/cb")).await, "another port");
}

#[tokio::test]
async fn a04_a_redirect_uri_may_be_left_out_where_only_one_is_registered() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let one = site.client().await;
    let two = site.client_with(json!({ "redirect_uris": [REDIRECT, "https://app.example/two"] })).await;
    let pkce = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
    let query = |client: &Client, scope: &str| {
        format!("response_type=code&client_id={}&scope={scope}&state=s&{pkce}", client.id)
    };
    let reply = browser.authorize_fully(&query(&one, "profile")).await;
    assert!(reply.location().starts_with("https://app.example/cb?code="), "{}", reply.location());
    assert_eq!(reply.parameter("iss").as_deref(), Some(site.issuer()));
    // Then the token request leaves it out as well.
    let code = reply.parameter("code").unwrap();
    let pairs = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    Tokens::read(&site.token(&one, &pairs).await);

    assert_page(&browser.authorize(&query(&one, "openid")).await, "OpenID Connect wants it");
    assert_page(&browser.authorize(&query(&one, "profile%20openid")).await, "OpenID Connect wants it");
    assert_page(&browser.authorize(&query(&two, "profile")).await, "which of two");
    let empty = format!("{}&redirect_uri=", query(&two, "profile"));
    assert_page(&browser.authorize(&empty).await, "an empty one is none");
}
