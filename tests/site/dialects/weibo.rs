//! Weibo's document: the standard's authorization endpoint, and a token endpoint of its own.

use tests::flow::{CHALLENGE, VERIFIER};
use tests::{Browser, Client, Reply, TestSite};

use super::{allowed, application, members, query, refusal, somebody, string, text};

const REDIRECT: &str = "https://shop.example/oauth/weibo/callback";

/// The document's authorization address: its `scope` is empty, "everything by default".
fn address(client: &Client) -> String {
    let pairs =
        [("response_type", "code"), ("client_id", client.id.as_str()), ("redirect_uri", REDIRECT), ("scope", "")];
    format!("/oauth2/authorize?{}", query(&pairs))
}

async fn code(browser: &Browser<'_>, client: &Client) -> String {
    allowed(browser, &address(client)).await.parameter("code").unwrap()
}

/// The document's `get_access_token`, with something else at its end.
async fn get_access_token(site: &TestSite, client: &Client, code: &str, more: &[(&str, &str)]) -> Reply {
    let post_data = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_deref().unwrap()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code", code),
    ];
    site.form("/oauth2/access_token", &[&post_data, more].concat()).await
}

#[tokio::test]
async fn d62_weibos_document_works_word_for_word() {
    let site = TestSite::start().await;
    let (browser, user) = somebody(&site, "sakura").await;
    let client = application(&site, &["weibo"], REDIRECT).await;
    let back = allowed(&browser, &address(&client)).await;
    assert!(back.location().starts_with(&format!("{REDIRECT}?code=")), "{}", back.location());
    let reply = get_access_token(&site, &client, &back.parameter("code").unwrap(), &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(members(&reply), ["access_token", "expires_in", "isRealName", "remind_in", "uid"]);
    let seconds = reply.json()["expires_in"].as_i64().unwrap();
    assert!(seconds > 0);
    assert_eq!(reply.json()["remind_in"], string(&seconds.to_string()));
    assert_eq!(reply.json()["uid"], string(&user.user_id));
    assert_eq!(reply.json()["isRealName"], string("false"));
    assert_eq!(reply.header("cache-control"), "no-store");
    // The token is one of a person, for as long as it says.
    let token = text(&reply, "access_token");
    assert_eq!(refusal(&site.userinfo(&token).await), (403, "insufficient_scope".to_owned()));
    site.clock.advance(seconds);
    assert_eq!(site.userinfo(&token).await.status, 401);
}

#[tokio::test]
async fn d62_a_person_has_the_same_uid_every_time() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let (other, _) = somebody(&site, "tomoyo").await;
    let client = application(&site, &["weibo"], REDIRECT).await;
    let mut names = Vec::new();
    for browser in [&browser, &browser, &other] {
        let code = code(browser, &client).await;
        names.push(text(&get_access_token(&site, &client, &code, &[]).await, "uid"));
    }
    assert_eq!(names[0], names[1]);
    assert_ne!(names[0], names[2]);
}

#[tokio::test]
async fn d62_every_check_of_the_standards_token_endpoint_is_made() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["weibo"], REDIRECT).await;
    let other = application(&site, &["weibo"], REDIRECT).await;
    let code = code(&browser, &client).await;
    let wrong = Client { secret: Some("wrong".to_owned()), ..client.clone() };
    assert_eq!(refusal(&get_access_token(&site, &wrong, &code, &[]).await), (401, "invalid_client".to_owned()));
    assert_eq!(refusal(&get_access_token(&site, &other, &code, &[]).await), (400, "invalid_grant".to_owned()));
    let without_address = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_deref().unwrap()),
        ("grant_type", "authorization_code"),
        ("code", &code),
    ];
    let reply = site.form("/oauth2/access_token", &without_address).await;
    assert_eq!(refusal(&reply), (400, "invalid_grant".to_owned()));
    let in_query = format!("/oauth2/access_token?{}", query(&without_address));
    assert_eq!(refusal(&site.form(&in_query, &[]).await), (400, "invalid_request".to_owned()));
    assert_eq!(get_access_token(&site, &client, &code, &[("code", &code)]).await.status, 400);

    // None of it cost the code anything, and it works once.
    let token = text(&get_access_token(&site, &client, &code, &[]).await, "access_token");
    assert_eq!(refusal(&get_access_token(&site, &client, &code, &[]).await), (400, "invalid_grant".to_owned()));
    assert_eq!(site.userinfo(&token).await.status, 401, "its token died with it");
}

#[tokio::test]
async fn d62_a_challenge_is_not_forgotten_there() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["weibo"], REDIRECT).await;
    let pkce = query(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let code = allowed(&browser, &format!("{}&{pkce}", address(&client))).await.parameter("code").unwrap();
    assert_eq!(get_access_token(&site, &client, &code, &[]).await.error(), "invalid_grant");
    assert_eq!(get_access_token(&site, &client, &code, &[("code_verifier", VERIFIER)]).await.status, 200);
}
