//! The secret that a client chooses itself: good at `granttoken`, nowhere else, and not to be guessed.

use tests::{Client, Reply, TestSite, json};

use super::{PREFIXES, REDIRECT, SECRET, code, grant, grant_with, reader, show_path, signed};

#[tokio::test]
async fn the_chosen_secret_is_worth_nothing_at_the_standard_token_endpoint() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let query = client.query_with(&[("redirect_uri", REDIRECT), ("scope", "profile")]);
    let standard = browser.authorize_fully(&query).await.parameter("code").unwrap();
    for code in [standard, code(&browser, &client).await] {
        let pairs = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
        let post = || site.http.post(site.url("/oauth2/token"));
        let names: Vec<_> = [&[("client_id", client.id.as_str())][..], &pairs].concat();
        let with = |name| [&names[..], &[(name, SECRET)]].concat();
        let json = json!({ "client_id": client.id, "client_secret": SECRET, "grant_type": "authorization_code", "code": code });
        for request in [
            post().form(&with("client_secret")),
            post().form(&with("client_secrets")),
            post().basic_auth(&client.id, Some(SECRET)).form(&pairs),
            post().form(&names),
            post().json(&json),
        ] {
            let reply = site.send(request, None).await;
            assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{}", reply.body);
        }
        let credentials = [("grant_type", "client_credentials")];
        assert_eq!(site.token(&client, &credentials).await.error(), "invalid_client");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_costs_the_code_nothing() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let code = code(&browser, &client).await;
    for prefix in PREFIXES {
        for secret in ["123457", "", "12345", "1234567", " 123456"] {
            let reply = grant_with(&site, prefix, &client, secret, &code).await;
            assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{secret:?}");
        }
    }
    let body = json!({ "client_id": client.id, "code": code });
    assert_eq!(site.post("/oauth2.0/granttoken", None, body).await.error(), "invalid_client");
    let in_query = format!("/oauth2.0/granttoken?client_secrets={SECRET}");
    let body = json!({ "client_id": client.id, "client_secrets": SECRET, "code": code });
    assert_eq!(site.post(&in_query, None, body).await.error(), "invalid_request");
    assert_eq!(grant(&site, &client, &code).await.status, 200);
}

/// Guesses from another address of this machine.
async fn guess_from(site: &TestSite, address: [u8; 4], client: &Client, secret: &str, code: &str) -> Reply {
    let http = tests::http_client().local_address(std::net::IpAddr::from(address)).build().unwrap();
    let body = json!({ "client_id": client.id, "client_secrets": secret, "code": code });
    site.send(http.post(site.url("/oauth2.0/granttoken")).json(&body), None).await
}

#[tokio::test]
async fn guesses_at_a_secret_are_counted_by_client_and_address() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let (client, other) = (signed(&site).await, signed(&site).await);
    for guess in 0..10 {
        let reply = guess_from(&site, [127, 0, 0, 1], &client, &format!("guess {guess}"), "code").await;
        assert_eq!(reply.status, 401, "{guess}");
    }
    let good = code(&browser, &client).await;
    let reply = guess_from(&site, [127, 0, 0, 1], &client, SECRET, &good).await;
    assert_eq!((reply.status, reply.error().as_str()), (429, "slow_down"));
    let wait: i64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait));
    // Neither another client there nor the same one elsewhere has to wait.
    let theirs = code(&browser, &other).await;
    assert_eq!(guess_from(&site, [127, 0, 0, 1], &other, SECRET, &theirs).await.status, 200);
    assert_eq!(guess_from(&site, [127, 0, 0, 2], &client, SECRET, &good).await.status, 200);
    site.clock.advance(wait);
    let good = code(&browser, &client).await;
    assert_eq!(guess_from(&site, [127, 0, 0, 1], &client, SECRET, &good).await.status, 200);
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_not_tried_either() {
    let site = TestSite::start().await;
    let client = signed(&site).await;
    let guess = |n: u32| {
        let (site, client) = (&site, &client);
        async move { guess_from(site, [127, 0, 0, 1], client, &format!("guess {n}"), "code").await.status }
    };
    let mut guesses = Vec::new();
    for batch in 0..4 {
        let n = batch * 5;
        let statuses = tokio::join!(guess(n), guess(n + 1), guess(n + 2), guess(n + 3), guess(n + 4));
        guesses.extend([statuses.0, statuses.1, statuses.2, statuses.3, statuses.4]);
    }
    assert_eq!(guesses.iter().filter(|status| **status == 401).count(), 10, "{guesses:?}");
    assert_eq!(guesses.iter().filter(|status| **status == 429).count(), 10, "{guesses:?}");
}

#[tokio::test]
async fn the_right_secret_never_counts() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    for _ in 0..12 {
        assert_eq!(grant(&site, &client, &code(&browser, &client).await).await.status, 200);
    }
    assert_eq!(browser.open(&show_path("/oauth2.0", &client)).await.status, 303);
}
