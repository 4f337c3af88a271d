//! `id_token_hint` (§3.1.2.1, §3.1.2.2).

use data_encoding::BASE64URL_NOPAD;
use tests::flow::claims;
use tests::{Browser, Client, TestSite, json};

use super::somebody;

async fn hinted(browser: &Browser<'_>, client: &Client, hint: &str, more: &str) -> tests::Reply {
    browser.authorize(&format!("{}&id_token_hint={hint}{more}", client.query("openid"))).await
}

#[tokio::test]
async fn a12_a_hint_of_who_is_signed_in_is_answered_at_once_long_after_it_expired() {
    let site = TestSite::start().await;
    let (_, browser, client) = somebody(&site, "sakura").await;
    let hint = browser.authorize_and_redeem(&client, "openid").await.id_token;
    for seconds in [0, 3600, 6 * 86_400] {
        site.clock.advance(seconds);
        assert!(hinted(&browser, &client, &hint, "&prompt=none").await.parameter("code").is_some(), "{seconds}");
    }
}

#[tokio::test]
async fn a12_a_hint_and_a_requested_sub_go_by_the_name_that_the_application_knows() {
    let site = TestSite::start().await;
    let (user, browser, _) = somebody(&site, "sakura").await;
    let client = site.client_with(json!({ "subject_type": "pairwise" })).await;
    let hint = browser.authorize_and_redeem(&client, "openid").await.id_token;
    assert!(hinted(&browser, &client, &hint, "&prompt=none").await.parameter("code").is_some());
    let pseudonym = claims(&hint)["sub"].as_str().unwrap_or_default().to_owned();
    assert_ne!(pseudonym, user.user_id);
    for (sub, found) in [(pseudonym, true), (user.user_id, false)] {
        let asked = json!({ "id_token": { "sub": { "value": sub } } }).to_string();
        let pairs = [("scope", "openid"), ("prompt", "none"), ("claims", &asked)];
        let reply = browser.authorize(&client.query_with(&pairs)).await;
        assert_eq!(reply.parameter("code").is_some(), found, "{}", reply.location());
    }
}

#[tokio::test]
async fn a12_a_hint_of_somebody_else_wants_them_to_sign_in() {
    let site = TestSite::start().await;
    let (sakura, browser, client) = somebody(&site, "sakura").await;
    let (tomoyo, other, _) = somebody(&site, "tomoyo").await;
    let hint = other.authorize_and_redeem(&client, "openid").await.id_token;
    browser.code(&client, "openid").await;
    let silent = hinted(&browser, &client, &hint, "&prompt=none").await;
    assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));

    let login = hinted(&browser, &client, &hint, "").await;
    let page = browser.open(login.location()).await;
    // Somebody else all the same: the application is told, and nobody goes round in circles.
    let back = browser.fill_login(&page, &sakura).await;
    let reply = browser.open(back.location()).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(reply.parameter("state").as_deref(), Some("xyz"));
    let back = browser.fill_login(&browser.open(login.location()).await, &tomoyo).await;
    assert!(browser.open(back.location()).await.parameter("code").is_some());
}

#[tokio::test]
async fn a12_what_is_no_id_token_of_this_site_for_this_application_is_no_hint() {
    let (site, elsewhere) = (TestSite::start().await, TestSite::start().await);
    let (_, browser, client) = somebody(&site, "sakura").await;
    let tokens = browser.authorize_and_redeem(&client, "openid").await;
    let another = site.client().await;
    let of_another = browser.authorize_and_redeem(&another, "openid").await.id_token;
    // Even with the same keys.
    let (_, abroad, their_client) = somebody(&elsewhere, "sakura").await;
    let of_elsewhere = abroad.authorize_and_redeem(&their_client, "openid").await.id_token;
    let [header, payload, signature] = tokens.id_token.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let none = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
    let changed = BASE64URL_NOPAD.encode(br#"{"sub":"somebody"}"#);
    for hint in [
        "garbage",
        "e30.e30.e30",
        &tokens.access_token,
        &of_another,
        &of_elsewhere,
        &format!("{none}.{payload}."),
        &format!("{header}.{changed}.{signature}"),
        &format!("{header}.{payload}."),
    ] {
        for prompt in ["", "&prompt=none"] {
            let reply = hinted(&browser, &client, hint, prompt).await;
            assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"), "{hint}");
        }
    }
    assert!(hinted(&browser, &client, &tokens.id_token, "").await.parameter("code").is_some());
}
