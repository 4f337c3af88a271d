//! Request objects that are fetched.

use tests::flow::VERIFIER;
use tests::keys::Key;
use tests::remote::Answer;
use tests::{Client, Remote, Reply, TestSite, Wishes, json};

use super::{claims, client, query, refused, visitor};

fn with_uri(client: &Client, uri: &str) -> String {
    let outside = [("redirect_uri", tests::flow::REDIRECT), ("state", "outside"), ("request_uri", uri)];
    query(client, &outside)
}

async fn permitted() -> TestSite {
    TestSite::start_with(Wishes { allow_private_fetch: true, ..Wishes::default() }).await
}

#[tokio::test]
async fn a12_an_object_at_a_registered_address_is_fetched_each_time() {
    let (site, remote, key) = (permitted().await, Remote::start().await, Key::es256());
    let browser = visitor(&site).await;
    let uri = format!("{}/request", remote.url);
    let client = client(&site, &key, json!({ "request_uris": [format!("{uri}#version-1")] })).await;
    let object = key.sign(&claims(&site, &client));
    remote.put("/request", Answer::new(200, "application/oauth-authz-req+jwt", format!("{object}\n")));
    for fragment in ["#version-1", "#version-2", ""] {
        let back = browser.authorize_fully(&with_uri(&client, &format!("{uri}{fragment}"))).await;
        let code = back.parameter("code").unwrap();
        assert_eq!(back.parameter("state").as_deref(), Some("inside"));
        assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
    }
    assert_eq!(remote.requests().len(), 3, "once for each, and not again while the user reads the page");
}

#[tokio::test]
async fn a12_an_address_that_is_not_registered_is_not_called() {
    let (site, remote, key) = (permitted().await, Remote::start().await, Key::es256());
    let browser = visitor(&site).await;
    let uri = remote.put("/request", Answer::new(200, "text/plain", "x"));
    let registered = client(&site, &key, json!({ "request_uris": [format!("{uri}s")] })).await;
    let none = client(&site, &key, json!({})).await;
    for client in [&registered, &none] {
        for uri in [
            uri.as_str(),
            "https://evil.example/",
            "file:///etc/passwd",
            "urn:x",
            &uri.replace("localhost", "127.0.0.1"),
        ] {
            refused(&browser.authorize(&with_uri(client, uri)).await, "invalid_request_uri", uri);
        }
    }
    assert!(remote.requests().is_empty());
}

#[tokio::test]
async fn a12_an_address_that_answers_badly_is_told_so() {
    let (site, remote, key) = (permitted().await, Remote::start().await, Key::es256());
    let browser = visitor(&site).await;
    let uri = format!("{}/request", remote.url);
    let client = client(&site, &key, json!({ "request_uris": [uri] })).await;
    refused(&browser.authorize(&with_uri(&client, &uri)).await, "invalid_request_uri", "404");
    let mut elsewhere = Answer::new(302, "text/plain", "");
    elsewhere.head += "\r\nlocation: https://evil.example/";
    for (why, answer, error) in [
        ("a redirect", elsewhere, "invalid_request_uri"),
        ("too long", Answer::new(200, "text/plain", vec![b'x'; 100_000]), "invalid_request_uri"),
        ("no text", Answer::new(200, "text/plain", vec![0xff; 10]), "invalid_request_object"),
        ("no object", Answer::new(200, "text/html", "<p>hello"), "invalid_request_object"),
    ] {
        remote.put("/request", answer);
        refused(&browser.authorize(&with_uri(&client, &uri)).await, error, why);
    }
    let both = format!("{}&request=x", with_uri(&client, &uri));
    refused(&browser.authorize(&both).await, "invalid_request", "both");
}

#[tokio::test]
async fn v46_an_object_at_a_private_address_is_not_fetched() {
    let (site, remote, key) = (TestSite::start().await, Remote::start().await, Key::es256());
    let browser = visitor(&site).await;
    let uri = remote.put("/request", Answer::new(200, "text/plain", "x"));
    let client = client(&site, &key, json!({ "request_uris": [uri] })).await;
    let reply: Reply = browser.authorize(&with_uri(&client, &uri)).await;
    refused(&reply, "invalid_request_uri", "a private address");
    assert!(remote.requests().is_empty());
}
