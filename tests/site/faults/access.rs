//! What has access to an account: listed, and ended.

use super::people::{Newcomer, browser_of, newcomer};
use super::{Ended, fresh, withstands};
use tests::{Browser, Reply, TestSite, Tokens};

async fn delete(site: &TestSite, them: &Newcomer<'_>, path: &str) -> Reply {
    site.send(them.browser.http.delete(site.url(path)), None).await
}

#[tokio::test]
async fn e61_access_that_met_a_failing_table_can_be_withdrawn_again() {
    let site = TestSite::start().await;
    let (them, client) = (newcomer(&site, &fresh("sakura")).await, site.client().await);
    let prepare = async || them.browser.authorize_and_redeem(&client, "openid offline_access").await;
    for (route, by_form) in [("DELETE /account/apps/{client_id}", false), ("POST /account/apps", true)] {
        let run = async |_: &Tokens| {
            if by_form {
                return them.browser.submit("/account/apps", &[("csrf", &them.csrf), ("client_id", &client.id)]).await;
            }
            delete(&site, &them, &format!("/account/apps/{}", client.id)).await
        };
        let after = async |tokens: &Tokens, ended: Ended| {
            let case = ended.case.clone();
            assert!(ended.or_else(run(tokens)).await.status < 400, "{case}");
            assert_eq!(site.userinfo(&tokens.access_token).await.status, 401, "{case}");
            assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 400, "{case}");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_sessions_that_met_a_failing_table_can_be_ended_again() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    let app = site.site.app();
    let prepare = async || {
        let other = browser_of(&site, &them.user).await;
        let user = them.user.user_id.parse().unwrap();
        let sessions = app.store.list_sessions(user, None, 10).await.unwrap();
        let own = site.send(them.browser.http.get(site.url("/account/sessions")), None).await.json();
        let current = own["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap().clone();
        let mut ids = sessions.iter().map(|session| session.session_id.to_string());
        let id = ids.rfind(|id| current["session_id"] != id.as_str()).unwrap();
        (other, id)
    };
    for (route, one, by_form) in [
        ("DELETE /account/sessions/{session_id}", true, false),
        ("DELETE /account/sessions", false, false),
        ("POST /account/sessions", true, true),
        ("POST /account/sessions", false, true),
    ] {
        let run = async |(_, id): &(Browser<'_>, String)| match (one, by_form) {
            (true, false) => delete(&site, &them, &format!("/account/sessions/{id}")).await,
            (false, false) => delete(&site, &them, "/account/sessions").await,
            (true, true) => them.browser.submit("/account/sessions", &[("csrf", &them.csrf), ("session_id", id)]).await,
            (false, true) => {
                them.browser.submit("/account/sessions", &[("csrf", &them.csrf), ("others", "true")]).await
            }
        };
        let after = async |state: &(Browser<'_>, String), ended: Ended| {
            let case = ended.case.clone();
            let reply = ended.or_else(run(state)).await;
            assert!(reply.status < 400, "{case}: {}", reply.body);
            let other = site.send(state.0.http.get(site.url("/account")), None).await;
            assert_eq!(other.status, 401, "{case}");
            assert_eq!(them.browser.open("/account").await.status, 200, "{case}: this one stays");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_the_lists_answer_503_while_the_table_fails_and_then_as_before() {
    let site = TestSite::start().await;
    let (them, client) = (newcomer(&site, &fresh("sakura")).await, site.client().await);
    them.browser.authorize_and_redeem(&client, "openid").await;
    for (route, words) in [("GET /account/apps", "Anime Diary"), ("GET /account/sessions", "this browser")] {
        let run = async |(): &()| them.browser.open(route.trim_start_matches("GET ")).await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            let page = ended.or_else(run(&())).await;
            assert!(page.status == 200 && page.body.contains(words), "{case}: {}", page.body);
        };
        withstands(&site, route, async || (), run, after).await;
    }
}
