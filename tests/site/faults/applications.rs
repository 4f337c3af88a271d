//! Applications: registered, and in the dialect as well.

use super::{Ended, every, fresh, sampled, withstands};
use tests::flow::REDIRECT;
use tests::{Client, Reply, TestSite, json};

#[tokio::test]
async fn e61_an_application_that_was_told_its_secret_exists() {
    let site = TestSite::start().await;
    let run = async |(): &()| {
        let metadata = json!({ "client_name": "Anime Diary", "grant_types": ["client_credentials"] });
        site.post("/oauth2/register", None, metadata).await
    };
    let after = async |(): &(), ended: &Ended| {
        let again;
        let reply = if ended.well() {
            &ended.reply
        } else {
            again = run(&()).await;
            &again
        };
        assert_eq!(reply.status, 201, "{}: {}", ended.case, reply.body);
        let text = |name: &str| reply.json()[name].as_str().map(str::to_owned);
        let client = Client { id: text("client_id").unwrap(), secret: text("client_secret") };
        let token = site.token(&client, &[("grant_type", "client_credentials")]).await;
        assert_eq!(token.status, 200, "{}: {}", ended.case, token.body);
    };
    withstands(&site, every, async || (), run, after).await;
}

async fn sign(site: &TestSite) -> Reply {
    let body = json!({ "client_name": "Old Diary", "client_secrets": "123456", "redirect_url": REDIRECT });
    site.post("/oauth2.0/sign", None, body).await
}

#[tokio::test]
async fn e61_the_dialects_sign_can_be_sent_again() {
    let site = TestSite::start().await;
    let run = async |(): &()| sign(&site).await;
    let after = async |(): &(), ended: &Ended| {
        let again;
        let reply = if ended.well() {
            &ended.reply
        } else {
            again = sign(&site).await;
            &again
        };
        let id = reply.json()["client_id"].as_str().expect(&ended.case).to_owned();
        let page = site.browser().open(&format!("/oauth2.0/show?client_id={id}&redirect_url={REDIRECT}")).await;
        assert_eq!(page.status, 303, "{}: to sign in", ended.case);
    };
    withstands(&site, sampled, async || (), run, after).await;
}

#[tokio::test]
async fn e61_the_dialects_granttoken_loses_no_code_that_was_not_redeemed() {
    let site = TestSite::start().await;
    let user = site.register(&fresh("sakura")).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let id = sign(&site).await.json()["client_id"].as_str().unwrap().to_owned();
    let show = format!("/oauth2.0/show?client_id={id}&redirect_url={REDIRECT}");
    let prepare = async || {
        // Longer than guesses at a secret are counted: a 503 may have used one up.
        site.clock.advance(900);
        let page = browser.open(&show).await;
        let reply = if page.status == 200 { browser.decide(&page, "allow").await } else { page };
        reply.parameter("code").unwrap()
    };
    let run = async |code: &String| {
        let body = json!({ "client_id": id, "client_secrets": "123456", "code": code });
        site.post("/oauth2.0/granttoken", None, body).await
    };
    let after = async |code: &String, ended: &Ended| {
        let again;
        let reply = if ended.well() {
            &ended.reply
        } else {
            again = run(code).await;
            &again
        };
        if ended.unsaid {
            return assert_eq!(reply.error(), "invalid_grant", "{}", ended.case);
        }
        let token = reply.json()["token"].as_str().expect(&ended.case).to_owned();
        let info = site.post("/oauth2.0/getinfo", None, json!({ "token": token })).await;
        assert_eq!(info.json()["uname"], user.username.as_str(), "{}", ended.case);
    };
    withstands(&site, sampled, prepare, run, after).await;
}
