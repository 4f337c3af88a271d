//! A user who comes with the name of a pushed request.

use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};
use tests::keys::Key;
use tests::{Client, Reply, TestSite, Tokens, json};

use super::{REQUEST, push, pushed, query, visitor};

/// A page, and nobody is sent anywhere.
fn over(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 400, "{why}: {} {}", reply.header("location"), reply.body);
    assert!(reply.header("content-type").starts_with("text/html"), "{why}");
}

#[tokio::test]
async fn u41_a_pushed_request_leads_to_a_code_and_is_used_up_by_it() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    let name = pushed(&site, &client, &REQUEST).await;
    let page = browser.authorize(&query(&client, &name)).await;
    assert_eq!(page.status, 200, "the consent page: {}", page.body);
    let page = browser.authorize(&query(&client, &name)).await;
    assert_eq!(page.status, 200, "opening the page again is no use of it");
    let back = browser.decide(&page, "allow").await;
    assert_eq!(back.parameter("state").unwrap(), "xyz");
    let code = back.parameter("code").unwrap();
    Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    over(&browser.authorize(&query(&client, &name)).await, "again");
    over(&browser.decide(&page, "allow").await, "the same page again");
    over(&browser.decide(&page, "deny").await, "and denied");
}

#[tokio::test]
async fn u41_of_two_answers_at_once_one_is_given() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    browser.authorize_and_redeem(&client, "openid profile").await;
    for _ in 0..5 {
        let name = pushed(&site, &client, &REQUEST).await;
        let query = query(&client, &name);
        let (one, other) = tokio::join!(browser.authorize(&query), browser.authorize(&query));
        let codes = [&one, &other].into_iter().filter(|reply| reply.status == 303).count();
        assert_eq!(codes, 1, "{} {}", one.status, other.status);
    }
}

#[tokio::test]
async fn u41_an_error_uses_it_up_as_well() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    let name = pushed(&site, &client, &[&REQUEST[..], &[("prompt", "none")]].concat()).await;
    let reply = browser.authorize(&query(&client, &name)).await;
    assert_eq!(reply.parameter("error").unwrap(), "consent_required");
    over(&browser.authorize(&query(&client, &name)).await, "again");
    let name = pushed(&site, &client, &REQUEST).await;
    let page = browser.authorize(&query(&client, &name)).await;
    assert_eq!(browser.decide(&page, "deny").await.parameter("error").unwrap(), "access_denied");
    over(&browser.decide(&page, "allow").await, "after all");
}

#[tokio::test]
async fn u41_it_is_its_clients_alone_and_lives_for_ninety_seconds() {
    let site = TestSite::start().await;
    let (browser, client, other) = (visitor(&site).await, site.client().await, site.client().await);
    let name = pushed(&site, &client, &REQUEST).await;
    over(&browser.authorize(&query(&other, &name)).await, "another client");
    over(&browser.authorize(&query(&client, "urn:ietf:params:oauth:request_uri:x")).await, "made up");
    over(&browser.authorize(&query(&client, "urn:ietf:params:oauth:request_uri:")).await, "empty");
    site.clock.advance(89);
    let page = browser.authorize(&query(&client, &name)).await;
    assert_eq!(page.status, 200);
    site.clock.advance(1);
    over(&browser.authorize(&query(&client, &name)).await, "too late");
    // Who came in time has as long as ever to read the page.
    site.clock.advance(1800);
    let back = browser.decide(&page, "allow").await;
    assert!(back.parameter("code").is_some());
}

#[tokio::test]
async fn u41_who_must_sign_in_first_comes_back_to_it() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    let name = pushed(&site, &client, &REQUEST).await;
    let to_login = browser.authorize(&query(&client, &name)).await;
    let login = browser.open(to_login.location()).await;
    assert!(login.body.contains("Anime Diary"), "the page says which application asks");
    site.clock.advance(300);
    let back = browser.fill_login(&login, &user).await;
    let page = browser.open(back.location()).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
}

#[tokio::test]
async fn u41_nothing_that_comes_beside_it_counts() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    browser.authorize_and_redeem(&client, "openid profile").await;
    let name = pushed(&site, &client, &REQUEST).await;
    let more = "&scope=openid+email&state=evil&redirect_uri=https%3A%2F%2Fevil.example&response_type=token&prompt=none";
    let back = browser.authorize(&format!("{}{more}", query(&client, &name))).await;
    assert!(back.location().starts_with(REDIRECT), "{}", back.location());
    assert_eq!(back.parameter("state").unwrap(), "xyz");
    let reply = site.redeem(&client, &back.parameter("code").unwrap(), VERIFIER).await;
    assert_eq!(reply.json()["scope"], "openid profile");
    // Two names are none.
    let name = pushed(&site, &client, &REQUEST).await;
    let twice = format!("{}&request_uri=x", query(&client, &name));
    over(&browser.authorize(&twice).await, "two names");
}

#[tokio::test]
async fn u41_a_client_that_must_push_is_refused_anything_else() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let client = site.client_with(json!({ "require_pushed_authorization_requests": true })).await;
    let reply = browser.authorize(&client.query("openid profile")).await;
    assert_eq!(reply.parameter("error").unwrap(), "invalid_request", "{}", reply.location());
    let name = pushed(&site, &client, &REQUEST).await;
    assert_eq!(browser.authorize(&query(&client, &name)).await.status, 200);
}

#[tokio::test]
async fn u41_a_client_of_the_fapi_profile_pushes_and_gets_its_code() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({ "profile": "fapi2" })).await;
    let reply = site.asserted("/oauth2/par", &key.assertion(&site, &client), &REQUEST).await;
    let name = reply.json()["request_uri"].as_str().unwrap().to_owned();
    let back = browser.authorize_fully(&query(&client, &name)).await;
    assert!(back.parameter("code").is_some(), "{}", back.location());
}

#[tokio::test]
async fn u41_a_request_that_would_be_too_long_for_a_browser_can_be_pushed() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    let long = "x".repeat(6000);
    let name = pushed(&site, &client, &[&REQUEST[..], &[("login_hint", &long)]].concat()).await;
    let back = browser.authorize_fully(&query(&client, &name)).await;
    assert!(back.parameter("code").is_some(), "{}", back.location());
}

#[tokio::test]
async fn u41_a_posted_request_keeps_its_name() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    browser.authorize_and_redeem(&client, "openid profile").await;
    let name = pushed(&site, &client, &REQUEST).await;
    let form = [("client_id", client.id.as_str()), ("request_uri", name.as_str())];
    // From the application's page no cookie comes along, so the browser is sent once more.
    let stranger = site.browser();
    let again = stranger.submit_from("/oauth2/authorize", &form, "https://app.example").await;
    assert!(again.location().contains("request_uri="), "{}", again.location());
    let back = browser.open(again.location()).await;
    assert!(back.parameter("code").is_some(), "{}", back.location());
}

#[tokio::test]
async fn u41_a_client_that_was_disabled_or_changed_meanwhile_gets_no_code() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    browser.authorize_and_redeem(&client, "openid profile").await;
    let name = pushed(&site, &client, &REQUEST).await;
    site.change_client(&client, |client| client.metadata.redirect_uris.clear()).await;
    over(&browser.authorize(&query(&client, &name)).await, "its address is gone");
    let client = site.client().await;
    let name = pushed(&site, &client, &REQUEST).await;
    site.change_client(&client, |client| client.disabled = true).await;
    over(&browser.authorize(&query(&client, &name)).await, "disabled");
}

#[tokio::test]
async fn u41_pushing_is_a_read_and_a_write_and_so_is_the_answer() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    browser.authorize_and_redeem(&client, "openid profile").await;
    let operations = || site.proxy.calls().iter().map(|call| call.operation.clone()).collect::<Vec<_>>();
    site.proxy.forget();
    let name = pushed(&site, &client, &REQUEST).await;
    assert_eq!(operations(), ["GetItem", "PutItem"]);
    site.proxy.forget();
    assert!(browser.authorize(&query(&client, &name)).await.parameter("code").is_some());
    assert_eq!(operations(), ["BatchGetItem", "UpdateItem"]);
}

#[tokio::test]
async fn u41_a_stolen_name_is_of_no_use_to_another_client_and_its_code_of_none_without_the_verifier() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    let name = pushed(&site, &client, &REQUEST).await;
    let code = browser.authorize_fully(&query(&client, &name)).await.parameter("code").unwrap();
    let thief = site.client().await;
    assert_eq!(site.redeem(&thief, &code, VERIFIER).await.error(), "invalid_grant");
    assert_eq!(site.redeem(&client, &code, CHALLENGE).await.error(), "invalid_grant");
    let unauthenticated = Client { secret: None, ..client.clone() };
    assert_eq!(push(&site, &unauthenticated, &REQUEST).await.status, 401);
}

#[tokio::test]
async fn a18_a_pushed_request_is_answered_in_its_own_way_and_what_comes_beside_it_counts_for_nothing() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    browser.code(&client, "openid profile").await;
    let name = pushed(&site, &client, &[&REQUEST[..], &[("response_mode", "form_post")]].concat()).await;
    let page = browser.authorize(&format!("{}&response_mode=query", query(&client, &name))).await;
    assert_eq!((page.status, page.input("state").as_str()), (200, "xyz"), "{}", page.body);
    Tokens::read(&site.redeem(&client, &page.input("code"), VERIFIER).await);
    over(&browser.authorize(&query(&client, &name)).await, "again");
}

#[tokio::test]
async fn u41_an_application_of_the_sites_own_uses_its_pushed_request_up_as_well() {
    let site = TestSite::start().await;
    let (browser, client) = (visitor(&site).await, site.client().await);
    site.change_client(&client, |client| client.policies.first_party = true).await;
    let name = pushed(&site, &client, &REQUEST).await;
    assert!(browser.authorize(&query(&client, &name)).await.parameter("code").is_some());
    over(&browser.authorize(&query(&client, &name)).await, "again");
}
