//! A device is let in.

use super::people::newcomer;
use super::{Ended, fresh, withstands};
use tests::{Client, Reply, TestSite, Tokens, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn television(site: &TestSite) -> Client {
    let public = json!({ "token_endpoint_auth_method": "none", "grant_types": [GRANT], "redirect_uris": [] });
    site.client_with(public).await
}

/// A device code and a user code.
async fn codes(site: &TestSite, client: &Client) -> (String, String) {
    let json = site.form("/oauth2/device_authorization", &client.in_body()).await.json();
    let text = |name: &str| json.get(name).and_then(|text| text.as_str()).unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(site: &TestSite, client: &Client, device_code: &str) -> Reply {
    site.token(client, &[("grant_type", GRANT), ("device_code", device_code)]).await
}

#[tokio::test]
async fn e61_a_device_asks_again_and_waits_while_the_table_fails() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let run = async |(): &()| site.form("/oauth2/device_authorization", &client.in_body()).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.status, 200, "{case}");
    };
    withstands(&site, "POST /oauth2/device_authorization", async || (), run, after).await;

    let prepare = async || codes(&site, &client).await.0;
    let run = async |code: &String| poll(&site, &client, code).await;
    let after = async |code: &String, ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(code)).await;
        // It may have been noted that it polled.
        assert!(["authorization_pending", "slow_down"].contains(&reply.error().as_str()), "{case}: {}", reply.body);
    };
    withstands(&site, "POST /oauth2/token", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_device_is_let_in_once_however_often_the_table_fails() {
    let site = TestSite::start().await;
    let (client, them) = (television(&site).await, newcomer(&site, &fresh("sakura")).await);
    let submit = async |csrf: &str, fields: &[(&str, &str)]| {
        them.browser.submit("/device", &[&[("csrf", csrf)], fields].concat()).await
    };
    let csrf = async || them.browser.open("/register").await.input("csrf");
    let run = async |(): &()| them.browser.open("/device").await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.status, 200, "{case}");
    };
    withstands(&site, "GET /device", async || (), run, after).await;

    let prepare = async || {
        // What was counted before, and could not be given back, is over.
        site.clock.advance(900);
        (csrf().await, codes(&site, &client).await.1)
    };
    let run = async |(csrf, code): &(String, String)| submit(csrf, &[("user_code", code)]).await;
    let after = async |state: &(String, String), ended: Ended| {
        let case = ended.case.clone();
        let page = ended.or_else(run(state)).await;
        assert_eq!(page.status, 200, "{case}: {}", page.body);
    };
    withstands(&site, "POST /device", prepare, run, after).await;

    let prepare = async || {
        // One that they do not know yet.
        let client = television(&site).await;
        let (csrf, (device, user)) = (csrf().await, codes(&site, &client).await);
        let request = submit(&csrf, &[("user_code", &user)]).await.input("request");
        (csrf, device, request, client)
    };
    let run = async |(csrf, _, request, _): &(String, String, String, Client)| {
        submit(csrf, &[("request", request), ("decision", "allow")]).await
    };
    let after = async |state: &(String, String, String, Client), ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(run(state)).await;
        // Where the yes was written and nobody was told, the second one comes too late.
        assert!(reply.status == 200 || (unsaid && reply.status == 400), "{case}: {}", reply.body);
        Tokens::read(&poll(&site, &state.3, &state.1).await);
    };
    withstands(&site, "POST /device", prepare, run, after).await;
}
