//! Sign-in to applications: from the request by way of consent to the code.

use shared::id::{Attempt, GrantId};
use shared::store::grants::Grant;

use super::people::{elsewhere, newcomer};
use super::{Ended, fresh, withstands};
use tests::flow::{REDIRECT, VERIFIER};
use tests::{Browser, Client, Reply, TestSite};

const SCOPE: &str = "openid profile offline_access";

/// Sends the request as a page of the application does, which goes to the site by POST.
async fn post(browser: &Browser<'_>, path: &str, query: &str) -> Reply {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit(path, &pairs).await
}

#[tokio::test]
async fn e61_an_authorization_request_that_met_a_failing_table_can_be_made_again() {
    let site = TestSite::start().await;
    let (browser, client) = (newcomer(&site, &fresh("sakura")).await.browser, site.client().await);
    browser.authorize_and_redeem(&client, SCOPE).await;
    let standard = client.query(SCOPE);
    let dialect = format!("client_id={}&redirect_url={REDIRECT}", client.id);
    assert_eq!(browser.decide(&browser.open(&format!("/oauth2.0/show?{dialect}")).await, "allow").await.status, 303);
    for (route, query) in [
        ("GET /oauth2/authorize", &standard),
        ("POST /oauth2/authorize", &standard),
        ("GET /oauth2.0/show", &dialect),
        ("POST /oauth2.0/show", &dialect),
    ] {
        let (method, path) = route.split_once(' ').unwrap();
        // Two hours later, so that the session's use is noted as well.
        let prepare = async || site.clock.advance(7200);
        let run = async |(): &()| match method {
            "GET" => browser.open(&format!("{path}?{query}")).await,
            _ => post(&browser, path, query).await,
        };
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            let code = ended.or_else(run(&())).await.parameter("code").expect(&case);
            let redeemed = if *query == standard {
                site.redeem(&client, &code, VERIFIER).await
            } else {
                let body = tests::json!({ "client_id": client.id, "client_secrets": client.secret, "code": code });
                site.post("/oauth2.0/granttoken", None, body).await
            };
            assert_eq!(redeemed.status, 200, "{case}: {}", redeemed.body);
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_a_consent_that_met_a_failing_table_can_be_given_again_by_the_same_form() {
    let site = TestSite::start().await;
    let browser = newcomer(&site, &fresh("sakura")).await.browser;
    let prepare = async || {
        let client = site.client().await;
        let page = browser.authorize(&client.query(SCOPE)).await;
        assert_eq!(page.status, 200);
        (client, page)
    };
    let run = async |(_, page): &(Client, Reply)| browser.decide(page, "allow").await;
    let after = async |state: &(Client, Reply), ended: Ended| {
        let ((client, _), case) = (state, ended.case.clone());
        let code = ended.or_else(run(state)).await.parameter("code").expect(&case);
        assert_eq!(site.redeem(client, &code, VERIFIER).await.status, 200, "{case}");
        // It is remembered: the next request asks nothing.
        assert_eq!(browser.authorize(&client.query(SCOPE)).await.status, 303, "{case}");
    };
    withstands(&site, "POST /oauth2/authorize", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_consent_beside_another_tabs_keeps_both_or_only_the_other() {
    let site = TestSite::start().await;
    let (them, table) = (newcomer(&site, &fresh("sakura")).await, elsewhere(&site).await);
    let user_id = them.user.user_id.parse().unwrap();
    let app = site.site.app();
    let prepare = async || {
        let client = site.client().await;
        let page = them.browser.authorize(&client.query("openid profile")).await;
        assert_eq!(page.status, 200);
        (client, page)
    };
    let run = async |(client, page): &(Client, Reply)| {
        // Where it was given before, it stays as it is.
        let (table, now, attempt) = (table.clone(), app.clock.now(), Attempt::new(&app.entropy));
        let grant = Grant {
            grant_id: GrantId::new(&app.entropy),
            user_id,
            client_id: client.id.parse().unwrap(),
            scope: "openid email".parse().unwrap(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        site.proxy.meanwhile("PutItem USER/GRANT", async move {
            table.put_grant(&grant, attempt).await.unwrap();
        });
        them.browser.decide(page, "allow").await
    };
    let after = async |state: &(Client, Reply), ended: Ended| {
        let ((client, _), case) = (state, ended.case.clone());
        let code = ended.or_else(run(state)).await.parameter("code").expect(&case);
        assert_eq!(site.redeem(client, &code, VERIFIER).await.status, 200, "{case}");
        let both = them.browser.authorize(&client.query("openid profile email")).await;
        assert_eq!(both.status, 303, "{case}: nothing is asked again");
    };
    withstands(&site, "POST /oauth2/authorize", prepare, run, after).await;
}

#[tokio::test]
async fn e61_an_application_of_the_sites_own_that_met_a_failing_table_can_ask_again() {
    let site = TestSite::start().await;
    let browser = newcomer(&site, &fresh("sakura")).await.browser;
    let prepare = async || {
        let client = site.client().await;
        site.change_client(&client, |client| client.policies.first_party = true).await;
        client
    };
    let run = async |client: &Client| browser.authorize(&client.query(SCOPE)).await;
    let after = async |client: &Client, ended: Ended| {
        let case = ended.case.clone();
        let code = ended.or_else(run(client)).await.parameter("code").expect(&case);
        assert_eq!(site.redeem(client, &code, VERIFIER).await.status, 200, "{case}");
    };
    withstands(&site, "GET /oauth2/authorize", prepare, run, after).await;
}
