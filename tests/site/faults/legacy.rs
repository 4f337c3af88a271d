//! What legacy applications do, who send passwords and get tokens by redirect.

use local::cli::Grant;

use super::people::newcomer;
use super::{Ended, fresh, withstands};
use tests::{PASSWORD, TestSite, Tokens};

#[tokio::test]
async fn e61_a_password_that_met_a_failing_table_can_be_sent_again() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    site.sign_in(&them.user).await;
    let prepare = async || {
        // Attempts that a failing table could not give back are forgotten.
        site.clock.advance(1000);
        let client = site.client().await;
        site.allow(&client, Grant::Password).await;
        client
    };
    let pairs = [
        ("grant_type", "password"),
        ("username", them.user.username.as_str()),
        ("password", PASSWORD),
        ("scope", "openid profile offline_access"),
    ];
    let run = async |client: &tests::Client| site.token(client, &pairs).await;
    let after = async |client: &tests::Client, ended: Ended| {
        let case = ended.case.clone();
        let tokens = Tokens::read(&ended.or_else(run(client)).await);
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 200, "{case}");
        assert_eq!(site.refresh(client, &tokens.refresh_token).await.status, 200, "{case}");
    };
    withstands(&site, "POST /oauth2/token", prepare, run, after).await;
}

#[tokio::test]
async fn e61_tokens_by_redirect_that_met_a_failing_table_can_be_asked_for_again() {
    let site = TestSite::start().await;
    let (browser, client) = (newcomer(&site, &fresh("sakura")).await.browser, site.client().await);
    site.allow(&client, Grant::Implicit).await;
    let pairs = [("response_type", "code id_token token"), ("scope", "openid"), ("nonce", "n")];
    let query = client.query_with(&pairs);
    browser.authorize_fully(&query).await;
    let run = async |(): &()| browser.authorize(&query).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(&())).await;
        let token = reply.fragment("access_token").expect(&case);
        assert_eq!(site.userinfo(&token).await.status, 200, "{case}");
        assert_eq!(site.redeem(&client, &reply.fragment("code").expect(&case), "").await.status, 200, "{case}");
    };
    withstands(&site, "GET /oauth2/authorize", async || (), run, after).await;
}
