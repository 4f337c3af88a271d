//! What the device gets.

use tests::flow::claims;
use tests::{Client, TestSite, Tokens, json};

use super::{Codes, GRANT, SCOPE, answer, ask, browser, codes, poll, television};

fn told(reply: &tests::Reply) -> (u16, String) {
    (reply.status, reply.error())
}

fn refused(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

#[tokio::test]
async fn u40_a_device_gets_two_codes_and_where_to_type_one() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let reply = ask(&site, &client, &[("scope", SCOPE)]).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
    let json = reply.json();
    assert_eq!((&json["expires_in"], &json["interval"]), (&json!(600), &json!(5)));
    let page = format!("{}/device", site.issuer());
    assert_eq!(json["verification_uri"], page);
    let code = json["user_code"].as_str().unwrap();
    assert_eq!(json["verification_uri_complete"], format!("{page}?user_code={code}"));
    assert_eq!((code.len(), &code[4..5]), (9, "-"));
    assert!(code.chars().all(|c| c == '-' || "BCDFGHJKLMNPQRSTVWXZ".contains(c)), "{code}");
    let table = tests::Value::from(site.dump().await).to_string();
    assert!(!table.contains(&code.replace('-', "")) && !table.contains(json["device_code"].as_str().unwrap()));
}

#[tokio::test]
async fn u40_only_a_client_of_that_grant_gets_codes_and_for_scopes_that_it_has() {
    let site = TestSite::start().await;
    let (client, other) = (television(&site).await, site.client().await);
    assert_eq!(told(&ask(&site, &other, &[]).await), refused("unauthorized_client"));
    let wrong = Client { secret: Some("wrong".into()), ..other.clone() };
    assert_eq!(told(&ask(&site, &wrong, &[]).await), (401, "invalid_client".to_owned()));
    assert_eq!(told(&site.form("/oauth2/device_authorization", &[]).await), (401, "invalid_client".to_owned()));
    assert_eq!(told(&ask(&site, &client, &[("scope", "nonsense")]).await), refused("invalid_scope"));
    assert_eq!(told(&ask(&site, &client, &[("scope", "a"), ("scope", "b")]).await), refused("invalid_request"));
    let pairs = [("scope", "openid"), ("resource", "https://elsewhere.example/")];
    assert_eq!(told(&ask(&site, &client, &pairs).await), refused("invalid_target"));
    let pairs = [("grant_type", GRANT), ("device_code", "x")];
    assert_eq!(told(&site.token(&other, &pairs).await), refused("unauthorized_client"));
    site.change_client(&client, |client| client.disabled = true).await;
    assert_eq!(told(&ask(&site, &client, &[]).await), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn u40_it_waits_until_its_user_says_yes_and_then_gets_tokens_once() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, SCOPE).await;
    for _ in 0..3 {
        assert_eq!(told(&poll(&site, &client, &codes).await), refused("authorization_pending"));
        site.clock.advance(5);
    }
    let browser = browser(&site, "sakura").await;
    answer(&browser, &codes.user_code, "allow").await;
    let reply = poll(&site, &client, &codes).await;
    let tokens = Tokens::read(&reply);
    assert_eq!(reply.json()["scope"], SCOPE);
    let id = claims(&tokens.id_token);
    assert_eq!((&id["aud"], id["sub"].is_string()), (&json!(client.id), true));
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    let refreshed = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    // Its user finds it among the applications.
    let apps = browser.open("/account/apps").await;
    assert!(apps.body.contains("Living Room"), "{}", apps.body);
    // A second time it is a stolen code: everything that came of it ends.
    assert_eq!(told(&poll(&site, &client, &codes).await), refused("invalid_grant"));
    assert_eq!(site.userinfo(&refreshed.access_token).await.status, 401);
    assert_eq!(told(&site.refresh(&client, &refreshed.refresh_token).await), refused("invalid_grant"));
}

#[tokio::test]
async fn u40_of_many_polls_at_once_one_gets_the_tokens() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, "collections:read").await;
    answer(&browser(&site, "sakura").await, &codes.user_code, "allow").await;
    let (a, b, c, d) = tokio::join!(
        poll(&site, &client, &codes),
        poll(&site, &client, &codes),
        poll(&site, &client, &codes),
        poll(&site, &client, &codes)
    );
    let mut statuses = [a.status, b.status, c.status, d.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
}

#[tokio::test]
async fn u40_a_device_that_does_not_wait_has_to_wait_longer_each_time() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, SCOPE).await;
    let next = async || poll(&site, &client, &codes).await.error();
    assert_eq!(next().await, "authorization_pending");
    site.clock.advance(4);
    assert_eq!(next().await, "slow_down");
    // Five seconds more, from now on.
    site.clock.advance(9);
    assert_eq!(next().await, "slow_down");
    site.clock.advance(14);
    assert_eq!(next().await, "slow_down");
    site.clock.advance(20);
    assert_eq!(next().await, "authorization_pending");
    site.clock.advance(20);
    assert_eq!(next().await, "authorization_pending");
    // Who may come in need not wait.
    answer(&browser(&site, "sakura").await, &codes.user_code, "allow").await;
    assert_eq!(poll(&site, &client, &codes).await.status, 200);
}

#[tokio::test]
async fn u40_a_no_and_the_end_of_ten_minutes_are_told() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let browser = browser(&site, "sakura").await;
    let denied = codes(&site, &client, SCOPE).await;
    answer(&browser, &denied.user_code, "deny").await;
    assert_eq!(told(&poll(&site, &client, &denied).await), (403, "access_denied".to_owned()));
    assert!(!browser.open("/account/apps").await.body.contains("Living Room"), "nothing was given");
    let late = codes(&site, &client, SCOPE).await;
    let page = super::enter(&browser, &late.user_code).await;
    site.clock.advance(599);
    assert_eq!(told(&poll(&site, &client, &late).await), refused("authorization_pending"));
    site.clock.advance(1);
    assert_eq!(told(&poll(&site, &client, &late).await), refused("expired_token"));
    assert_eq!(super::decide(&browser, &page, "allow").await.status, 400, "nor can it be let in any more");
    assert_eq!(told(&poll(&site, &client, &late).await), refused("expired_token"));
    // A yes has to be fetched in time as well.
    let late = codes(&site, &client, SCOPE).await;
    answer(&browser, &late.user_code, "allow").await;
    site.clock.advance(600);
    assert_eq!(told(&poll(&site, &client, &late).await), refused("expired_token"));
}

#[tokio::test]
async fn u40_a_device_code_is_good_for_its_client_alone_and_can_not_be_made_up() {
    let site = TestSite::start().await;
    let (client, thief) = (television(&site).await, television(&site).await);
    let codes = codes(&site, &client, SCOPE).await;
    answer(&browser(&site, "sakura").await, &codes.user_code, "allow").await;
    assert_eq!(told(&poll(&site, &thief, &codes).await), refused("invalid_grant"));
    for device_code in ["x", codes.user_code.as_str(), &codes.device_code[1..]] {
        let made_up = Codes { device_code: device_code.to_owned(), user_code: String::new(), complete: String::new() };
        assert_eq!(told(&poll(&site, &client, &made_up).await), refused("invalid_grant"));
    }
    assert_eq!(told(&site.token(&client, &[("grant_type", GRANT)]).await), refused("invalid_request"));
    assert_eq!(poll(&site, &client, &codes).await.status, 200, "and its own can still use it");
}

#[tokio::test]
async fn u40_a_yes_is_worth_nothing_once_its_user_has_taken_it_back() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let browser = browser(&site, "sakura").await;
    let withdrawn = codes(&site, &client, SCOPE).await;
    answer(&browser, &withdrawn.user_code, "allow").await;
    let page = browser.open("/account/apps").await;
    let (csrf, id) = (page.input("csrf"), page.input("client_id"));
    assert_eq!(browser.submit("/account/apps", &[("csrf", &csrf), ("client_id", &id)]).await.status, 303);
    assert_eq!(told(&poll(&site, &client, &withdrawn).await), refused("invalid_grant"));
    let ended = codes(&site, &client, SCOPE).await;
    answer(&browser, &ended.user_code, "allow").await;
    let body = json!({ "old_password": tests::PASSWORD, "new_password": "another password" });
    assert_eq!(site.send(browser.http.post(site.url("/account/password")).json(&body), None).await.status, 204);
    assert_eq!(told(&poll(&site, &client, &ended).await), refused("invalid_grant"));
}

#[tokio::test]
async fn u40_a_poll_is_one_read_and_one_write() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, SCOPE).await;
    assert_eq!(site.get("/oauth2/jwks", None).await.status, 200);
    site.proxy.forget();
    poll(&site, &client, &codes).await;
    let calls: Vec<_> = site.proxy.calls().iter().map(|call| call.operation.clone()).collect();
    assert_eq!(calls, ["BatchGetItem", "UpdateItem"]);
}
