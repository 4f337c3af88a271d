//! Its pages, codes and tokens.

use tests::flow::VERIFIER;
use tests::{Client, TestSite};

use super::{PREFIXES, REDIRECT, SECRET, code, getinfo, grant, grant_with, reader, show_path, signed};

#[tokio::test]
async fn show_sends_nobody_to_an_address_that_was_not_signed_up() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    for prefix in PREFIXES {
        for query in [
            format!("client_id={}&redirect_url=https://evil.example/", client.id),
            format!("client_id={}&redirect_url={REDIRECT}/", client.id),
            format!("client_id={}&redirect_url=http://127.0.0.1:5001/client/redirect", client.id),
            format!("client_id={}&redirect_url={REDIRECT}&redirect_uri=https://evil.example/", client.id),
            format!("client_id=IPfapHgWOn58ycjMCRBD&redirect_url={REDIRECT}"),
        ] {
            let reply = browser.open(&format!("{prefix}/show?{query}")).await;
            assert_eq!((reply.status, reply.header("location")), (400, ""), "{query}");
        }
        // The only address there is need not be named.
        let page = browser.open(&format!("{prefix}/show?client_id={}", client.id)).await;
        assert!(browser.decide(&page, "deny").await.location().starts_with(&format!("{REDIRECT}?error=access_denied")));
    }
}

#[tokio::test]
async fn show_gives_state_and_issuer_back() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let page = browser.open(&format!("{}&state=a%20b", show_path("/oauth2.0", &client))).await;
    let reply = browser.decide(&page, "allow").await;
    assert_eq!(reply.parameter("state").as_deref(), Some("a b"));
    assert_eq!(reply.parameter("iss").as_deref(), Some(site.issuer()));
}

#[tokio::test]
async fn a_code_works_once_and_its_second_use_kills_the_token() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let code = code(&browser, &client).await;
    let token = grant(&site, &client, &code).await.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(getinfo(&site, "/oauth2.0", &token).await.status, 200);
    let again = grant(&site, &client, &code).await;
    assert_eq!((again.status, again.error().as_str()), (400, "invalid_grant"));
    for prefix in PREFIXES {
        let reply = getinfo(&site, prefix, &token).await;
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"));
    }
}

#[tokio::test]
async fn a_code_lives_a_minute_and_a_token_an_hour() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let (first, second) = (code(&browser, &client).await, code(&browser, &client).await);
    site.clock.advance(59);
    let token = grant(&site, &client, &first).await.json()["token"].as_str().unwrap().to_owned();
    site.clock.advance(1);
    let late = grant(&site, &client, &second).await;
    assert_eq!((late.status, late.error().as_str()), (400, "invalid_grant"));
    site.clock.advance(3598);
    assert_eq!(getinfo(&site, "/oauth2.0", &token).await.status, 200);
    site.clock.advance(1);
    assert_eq!(getinfo(&site, "/oauth2.0", &token).await.status, 401);
}

#[tokio::test]
async fn codes_do_not_cross_into_the_standard_or_out_of_it() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    // An ordinary client with a generated secret may use either way, each with its own codes.
    let client = site.client_with(tests::json!({ "redirect_uris": [REDIRECT] })).await;
    let secret = client.secret.clone().unwrap();
    let page = browser.open(&show_path("/oauth2.0", &client)).await;
    let theirs = browser.decide(&page, "allow").await.parameter("code").unwrap();
    let query = client.query_with(&[("redirect_uri", REDIRECT), ("scope", "profile")]);
    let ours = browser.authorize_fully(&query).await.parameter("code").unwrap();

    let pairs = |code| [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
    let crossed = site.token(&client, &pairs(&theirs)).await;
    assert_eq!((crossed.status, crossed.error().as_str()), (400, "invalid_grant"));
    let crossed = grant_with(&site, "/oauth2.0", &client, &secret, &ours).await;
    assert_eq!((crossed.status, crossed.error().as_str()), (400, "invalid_grant"));

    // Neither attempt cost the code anything. And both spellings are one dialect.
    let reply = grant_with(&site, "/aouth2.0", &client, &secret, &theirs).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(super::members(&reply), ["token"]);
    assert_eq!(site.token(&client, &pairs(&ours)).await.status, 200);
}

#[tokio::test]
async fn a_code_of_another_client_is_refused_and_stays_good() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let (client, other) = (signed(&site).await, signed(&site).await);
    let code = code(&browser, &client).await;
    let stolen = grant(&site, &other, &code).await;
    assert_eq!((stolen.status, stolen.error().as_str()), (400, "invalid_grant"));
    assert_eq!(grant(&site, &client, &code).await.status, 200);
}

#[tokio::test]
async fn pkce_is_heeded_where_it_is_used() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client = signed(&site).await;
    let pkce = format!("code_challenge={}&code_challenge_method=S256", tests::flow::CHALLENGE);
    let page = browser.open(&format!("{}&{pkce}", show_path("/oauth2.0", &client))).await;
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap();
    assert_eq!(grant(&site, &client, &code).await.error(), "invalid_grant");
    let body = tests::json!({
        "client_id": client.id, "client_secrets": SECRET, "code": code, "code_verifier": VERIFIER,
    });
    assert_eq!(site.post("/oauth2.0/granttoken", None, body).await.status, 200);
}

#[tokio::test]
async fn getinfo_wants_a_good_token_of_a_person() {
    let site = TestSite::start().await;
    for prefix in PREFIXES {
        let none = site.post(&format!("{prefix}/getinfo"), None, tests::json!({})).await;
        assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"));
        let bad = getinfo(&site, prefix, "garbage").await;
        assert_eq!((bad.status, bad.error().as_str()), (401, "invalid_token"));
    }
    let service = site.client().await;
    let reply = site.token(&service, &[("grant_type", "client_credentials")]).await;
    let own = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(getinfo(&site, "/oauth2.0", &own).await.status, 403);
}

#[tokio::test]
async fn a_token_tells_userinfo_nothing_that_it_was_not_granted() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site).await;
    let client: Client = signed(&site).await;
    let token = grant(&site, &client, &code(&browser, &client).await).await.json()["token"].clone();
    // It is an access token of the site for `profile email`: not for `openid`, and not for collections.
    assert_eq!(site.userinfo(token.as_str().unwrap()).await.status, 403);
    assert_eq!(site.get("/collections", token.as_str()).await.status, 403);
    assert_eq!(site.get("/account", token.as_str()).await.status, 403);
}
