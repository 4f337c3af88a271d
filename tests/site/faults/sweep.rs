//! What is left of deleted accounts goes, however often the sweep is cut off.

use shared::collection::Edit;
use shared::id::{Attempt, ClientId};
use shared::oauth::Client as Application;
use shared::oauth::metadata::Requested;
use shared::store::keys::TOKEN_SHARDS;

use super::people::{Newcomer, newcomer};
use super::{Ended, fresh, told, withstands};
use tests::flow::REDIRECT;
use tests::{Client, Fault, Reply, TestSite, Value, json};

/// Somebody who owned an application and a collection, and has just deleted their account. Returns the application.
async fn departed(site: &TestSite) -> Client {
    let app = site.site.app();
    let attempt = || Attempt::new(&app.entropy);
    let Newcomer { user, .. } = newcomer(site, &fresh("sakura")).await;
    let user = app.store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap();
    for subject in 1..=2 {
        let edit = Edit::parse(json!({ "status": "wish" }).as_object().unwrap()).unwrap();
        let entry = edit.put(subject, None, app.clock.now_millis()).unwrap();
        assert!(app.store.put_entry(user.user_id, &entry, None, attempt()).await.unwrap());
    }
    let requested = Requested { redirect_uris: Some(vec![REDIRECT.to_owned()]), ..Requested::default() };
    let (id, metadata) = (ClientId::new(&app.entropy), requested.complete(&[]).unwrap());
    let client = Application::new(id, metadata, None, Some(user.user_id), app.clock.now());
    app.store.create_client(&client, attempt()).await.unwrap();
    assert!(app.store.delete_user(&user, &[], None, app.clock.now(), attempt()).await.unwrap());
    Client { id: id.to_string(), secret: None }
}

/// Whether the application is still known: then who comes from it is asked to sign in.
async fn known(site: &TestSite, client: &Client) -> bool {
    site.browser().authorize(&client.query("openid")).await.status == 303
}

async fn sweep(site: &TestSite) -> Reply {
    told(site.site.run_scheduled("sweep").await.map(|()| Value::Null))
}

/// Nothing is left to do, and nothing that is left undone.
async fn assert_swept(site: &TestSite, client: &Client, case: &str) {
    site.proxy.forget();
    assert_eq!(sweep(site).await.status, 200, "{case}");
    let calls = site.proxy.calls();
    // What is due: accounts, sign-outs, letters, and the tokens of each shard.
    assert!(
        calls.len() == 3 + usize::from(TOKEN_SHARDS) && calls.iter().all(tests::faults::Call::is_read),
        "{case}: {calls:?}"
    );
    assert!(!known(site, client).await, "{case}");
}

#[tokio::test]
async fn e61_what_a_sweep_left_undone_the_next_one_does() {
    let site = TestSite::start().await;
    let prepare = async || departed(&site).await;
    let run = async |_: &Client| sweep(&site).await;
    let after = async |client: &Client, ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(client)).await;
        assert_eq!(reply.status, 200, "{case}: {}", reply.body);
        assert_swept(&site, client, &case).await;
    };
    withstands(&site, "sweep", prepare, run, after).await;
}

#[tokio::test]
async fn e61_sweeps_that_are_all_cut_off_get_further_each_time() {
    let site = TestSite::start().await;
    for fault in Fault::ALL {
        let client = departed(&site).await;
        let mut cuts = 0;
        loop {
            site.proxy.fail_from(cuts, fault);
            let swept = sweep(&site).await;
            site.proxy.heal();
            if swept.status == 200 {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 0, "{fault:?}");
        assert_swept(&site, &client, &format!("{fault:?} later each time")).await;
    }
}
