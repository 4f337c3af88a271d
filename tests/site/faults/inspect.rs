//! Tokens, asked about and ended.

use super::people::newcomer;
use super::{Ended, fresh, withstands};
use tests::{Client, Reply, TestSite, Tokens};

async fn ask(site: &TestSite, path: &str, client: &Client, token: &str) -> Reply {
    site.form(path, &[&client.in_body()[..], &[("token", token)]].concat()).await
}

async fn own_token(site: &TestSite, client: &Client) -> String {
    Tokens::read(&site.token(client, &[("grant_type", "client_credentials")]).await).access_token
}

#[tokio::test]
async fn e61_a_revocation_is_done_when_it_says_so_and_can_be_sent_again() {
    let site = TestSite::start().await;
    let (browser, client) = (newcomer(&site, &fresh("sakura")).await.browser, site.client().await);
    let route = "POST /oauth2/revoke";
    let prepare = async || browser.authorize_and_redeem(&client, "openid offline_access").await;
    let run = async |tokens: &Tokens| ask(&site, "/oauth2/revoke", &client, &tokens.refresh_token).await;
    let after = async |tokens: &Tokens, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(tokens)).await.status, 200, "{case}");
        assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 400, "{case}");
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 401, "{case}");
    };
    withstands(&site, route, prepare, run, after).await;

    let prepare = async || own_token(&site, &client).await;
    let run = async |token: &String| ask(&site, "/oauth2/revoke", &client, token).await;
    let after = async |token: &String, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(token)).await.status, 200, "{case}");
        assert_eq!(site.userinfo(token).await.status, 401, "{case}");
    };
    withstands(&site, route, prepare, run, after).await;
}

#[tokio::test]
async fn e61_nothing_is_said_to_be_dead_because_the_table_fails() {
    let site = TestSite::start().await;
    let (browser, client) = (newcomer(&site, &fresh("sakura")).await.browser, site.client().await);
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    for token in [&tokens.access_token, &tokens.refresh_token, &own_token(&site, &client).await] {
        let run = async |(): &()| ask(&site, "/oauth2/introspect", &client, token).await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(ended.or_else(run(&())).await.json()["active"], true, "{case}");
        };
        withstands(&site, "POST /oauth2/introspect", async || (), run, after).await;
    }
}
