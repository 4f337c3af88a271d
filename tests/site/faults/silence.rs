//! A table that works and never answers: the slowest way to fail.

use std::time::Duration;

use shared::store::Patience;
use tests::flow::VERIFIER;
use tests::{Browser, Client, Fault, PASSWORD, TestSite, Tokens, User, Wishes, json};

const SCOPE: &str = "openid collections:write offline_access";

/// A site that takes a table for dead after a second or so.
async fn impatient() -> TestSite {
    let patience = Patience { attempt: Duration::from_millis(700), operation: Duration::from_secs(3) };
    TestSite::start_with(Wishes { patience: Some(patience), ..Wishes::default() }).await
}

async fn known(site: &TestSite) -> (User, Browser<'_>, Client) {
    let (user, browser, client) = (site.register("sakura").await, site.browser(), site.client().await);
    browser.sign_in(&user).await;
    browser.authorize_and_redeem(&client, SCOPE).await;
    (user, browser, client)
}

#[tokio::test]
async fn e61_a_write_that_is_done_but_never_answered_is_no_replay_when_it_is_tried_again() {
    let redeems = async {
        let site = impatient().await;
        let (_, browser, client) = known(&site).await;
        let code = browser.code(&client, SCOPE).await;
        site.proxy.fail_once(1, Fault::Silence);
        let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    };
    let refreshes = async {
        let site = impatient().await;
        let (_, browser, client) = known(&site).await;
        let tokens = browser.authorize_and_redeem(&client, SCOPE).await;
        site.proxy.fail_once(1, Fault::Silence);
        let next = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
        Tokens::read(&site.refresh(&client, &next.refresh_token).await);
    };
    let registers = async {
        let site = impatient().await;
        site.proxy.fail_once(1, Fault::Silence);
        let user = site.register("sakura").await;
        site.sign_in(&user).await;
    };
    let collects = async {
        let site = impatient().await;
        let (_, browser, client) = known(&site).await;
        let tokens = browser.authorize_and_redeem(&client, SCOPE).await;
        site.proxy.fail_once(2, Fault::Silence);
        let put = site.put("/collections/1", Some(&tokens.access_token), json!({ "status": "wish" })).await;
        assert_eq!((put.status, put.json()["version"].as_u64()), (201, Some(1)), "{}", put.body);
    };
    tokio::join!(redeems, refreshes, registers, collects);
}

#[tokio::test]
async fn e61_a_table_that_never_answers_is_a_503_long_before_anybody_gives_up_and_loses_nothing() {
    let redeems = async {
        let site = impatient().await;
        let (_, browser, client) = known(&site).await;
        let code = browser.code(&client, SCOPE).await;
        site.proxy.fail_from(0, Fault::Silence);
        let reply = site.redeem(&client, &code, VERIFIER).await;
        assert_eq!((reply.status, reply.header("retry-after").is_empty()), (503, false), "{}", reply.body);
        site.proxy.heal();
        Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    };
    let refreshes = async {
        let site = impatient().await;
        let (_, browser, client) = known(&site).await;
        let tokens = browser.authorize_and_redeem(&client, SCOPE).await;
        site.proxy.fail_from(1, Fault::Silence);
        assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 503);
        site.proxy.heal();
        Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    };
    let signs_in = async {
        let site = impatient().await;
        let user = site.register("sakura").await;
        site.proxy.fail_from(1, Fault::Silence);
        let body = json!({ "username": "sakura", "password": PASSWORD });
        assert_eq!(site.post("/login", None, body).await.status, 503);
        site.proxy.heal();
        site.sign_in(&user).await;
    };
    let authorizes = async {
        let site = impatient().await;
        let (_, browser, client) = known(&site).await;
        site.proxy.fail_from(0, Fault::Silence);
        let page = browser.authorize(&client.query(SCOPE)).await;
        assert_eq!((page.status, page.header("retry-after").is_empty()), (503, false), "{}", page.body);
        site.proxy.heal();
        assert!(browser.authorize(&client.query(SCOPE)).await.parameter("code").is_some());
    };
    tokio::join!(redeems, refreshes, signs_in, authorizes);
}
