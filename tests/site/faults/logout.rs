//! Signing out, where clients want to be told.

use super::people::{Newcomer, newcomer};
use super::{Ended, fresh, told, withstands};
use shared::id::{Attempt, LogoutId};
use shared::store::logouts::{Listener, Logout};
use tests::remote::Answer;
use tests::{Client, Remote, Reply, TestSite, Value, Wishes, json};

async fn prepared(remote: &Remote) -> (TestSite, Client) {
    let site = TestSite::start_with(Wishes { allow_private_fetch: true, ..Wishes::default() }).await;
    let uri = remote.put("/out", Answer::new(200, "text/plain", ""));
    let client = site.client_with(json!({ "backchannel_logout_uri": uri })).await;
    (site, client)
}

async fn signed_in(them: &Newcomer<'_>) -> bool {
    them.browser.open("/account").await.status == 200
}

#[tokio::test]
async fn e61_a_sign_out_is_done_when_it_says_so_and_its_clients_are_told() {
    let remote = Remote::start().await;
    let (site, client) = prepared(&remote).await;
    for route in ["GET /oauth2/logout", "POST /oauth2/logout", "POST /logout"] {
        let prepare = async || {
            let them = newcomer(&site, &fresh("sakura")).await;
            let id_token = them.browser.authorize_and_redeem(&client, "openid").await.id_token;
            (them, id_token, remote.requests().len())
        };
        let run = async |(them, id_token, _): &(Newcomer<'_>, String, usize)| match route {
            "GET /oauth2/logout" => them.browser.open(&format!("/oauth2/logout?id_token_hint={id_token}")).await,
            "POST /oauth2/logout" => them.browser.submit("/oauth2/logout", &[("id_token_hint", id_token)]).await,
            _ => them.browser.submit("/logout", &[("csrf", &them.csrf)]).await,
        };
        let after = async |state: &(Newcomer<'_>, String, usize), ended: Ended| {
            let case = ended.case.clone();
            assert!(ended.or_else(run(state)).await.status < 400, "{case}");
            assert!(!signed_in(&state.0).await, "{case}");
            // At once, or an hour later, or twice; never not at all.
            if remote.requests().len() == state.2 {
                site.clock.advance(3600);
                site.site.run_scheduled("sweep").await.unwrap();
            }
            assert!(remote.requests().len() > state.2, "{case}");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_the_question_whether_to_sign_out_waits_for_the_table() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    let run = async |(): &()| them.browser.open("/oauth2/logout").await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert!(ended.or_else(run(&())).await.body.contains("Sign out?"), "{case}");
        assert!(signed_in(&them).await, "{case}");
    };
    withstands(&site, "GET /oauth2/logout", async || (), run, after).await;
}

#[tokio::test]
async fn e61_a_sign_out_that_was_not_heard_is_told_of_by_some_sweep() {
    let remote = Remote::start().await;
    let (site, client) = prepared(&remote).await;
    let app = site.site.app();
    let user_id = newcomer(&site, &fresh("sakura")).await.user.user_id.parse().unwrap();
    let session_id = app.store.list_sessions(user_id, None, 1).await.unwrap()[0].session_id;
    let sweep = async || -> Reply { told(site.site.run_scheduled("sweep").await.map(|()| Value::Null)) };
    let prepare = async || {
        let logout = Logout {
            logout_id: LogoutId::new(&app.entropy),
            user_id,
            untold: vec![Listener { client_id: client.id.parse().unwrap(), session_id }],
            attempts: 0,
            due_at: app.clock.now(),
        };
        app.store.create_logout(&logout, Attempt::new(&app.entropy)).await.unwrap();
        remote.requests().len()
    };
    let run = async |_: &usize| sweep().await;
    let after = async |before: &usize, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(sweep()).await.status, 200, "{case}");
        for _ in 0..2 {
            site.clock.advance(7200);
            assert_eq!(sweep().await.status, 200, "{case}");
        }
        assert!(remote.requests().len() > *before, "{case}");
        let left = site.dump().await.iter().filter(|item| item["type"]["S"] == "logout").count();
        assert_eq!(left, 0, "{case}");
    };
    withstands(&site, "sweep", prepare, run, after).await;
}
