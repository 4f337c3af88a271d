//! Pushed requests: kept, and used up.

use super::people::newcomer;
use super::{Ended, fresh, withstands};
use tests::TestSite;
use tests::flow::{REDIRECT, VERIFIER};

const SCOPE: &str = "openid profile";

#[tokio::test]
async fn e61_a_request_that_met_a_failing_table_can_be_pushed_again() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let request = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", SCOPE)];
    let run = async |(): &()| site.form("/oauth2/par", &[&client.in_body()[..], &request].concat()).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.status, 201, "{case}");
    };
    withstands(&site, "POST /oauth2/par", async || (), run, after).await;
}

#[tokio::test]
async fn e61_a_pushed_request_that_met_a_failing_table_is_answered_once_at_the_most() {
    let site = TestSite::start().await;
    let (browser, client) = (newcomer(&site, &fresh("sakura")).await.browser, site.client().await);
    browser.authorize_and_redeem(&client, SCOPE).await;
    let request = client.query(SCOPE);
    let pairs: Vec<_> = form_urlencoded::parse(request.as_bytes()).into_owned().collect();
    let prepare = async || {
        let mut form = client.in_body();
        form.extend(
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(n, _)| *n != "client_id"),
        );
        let pushed = site.form("/oauth2/par", &form).await;
        format!("client_id={}&request_uri={}", client.id, pushed.json()["request_uri"].as_str().unwrap())
    };
    let run = async |query: &String| browser.authorize(query).await;
    let after = async |query: &String, ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(run(query)).await;
        if unsaid {
            // It was used up, and nobody was told.
            return assert_eq!(reply.status, 400, "{case}");
        }
        let code = reply.parameter("code").expect(&case);
        assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200, "{case}");
        assert_eq!(run(query).await.status, 400, "{case}: twice");
    };
    withstands(&site, "GET /oauth2/authorize", prepare, run, after).await;
}
