//! What a collection in step with Bangumi asks of the table.

use shared::bangumi::Modify;
use tests::{TestSite, json};

use crate::sync::{bound, control, later, run, world};

const DAY: i64 = 24 * 3600;

pub(super) async fn tour(site: &TestSite) {
    world(site).fill("li-meiling", 3);
    let meiling = bound(site, "li-meiling").await;
    run(site).await;
    let ids: Vec<_> = world(site).collection("li-meiling").into_keys().collect();

    // Both ways; and an entry is changed here between its being read and written.
    later(site, 10);
    world(site).edit("li-meiling", ids[0], &Modify { comment: Some("web".into()), ..Modify::default() });
    meiling.patch(ids[1], json!({ "rating": 10 })).await;
    later(site, 60);
    let (url, token) = (site.url(&format!("/collections/{}", ids[0])), meiling.token().await);
    let edit = site.http.patch(url).bearer_auth(token).json(&json!({ "tags": ["meanwhile"] }));
    site.proxy.meanwhile("TransactWriteItems COLLECTION/ENTRY", async move {
        let _ = edit.send().await;
    });
    run(site).await;
    site.proxy.heal();

    // One is missing there: all is looked at. Its owner is asked, and answers; so they do about two values.
    world(site).remove("li-meiling", ids[2]);
    world(site).edit("li-meiling", ids[1], &Modify { rate: Some(1), kind: Some(1), ..Modify::default() });
    meiling.patch(ids[1], json!({ "rating": 5 })).await;
    later(site, DAY * 2);
    run(site).await;
    let plan = site.post("/collections/sync", Some(&meiling.token().await), json!({ "dry_run": true })).await;
    assert_eq!(plan.status, 200, "{}", plan.body);
    assert_eq!(meiling.conflicts().await.len(), 2);
    for subject in [ids[1], ids[2]] {
        assert_eq!(meiling.settle(subject, json!({ "choice": "mine" })).await.status, 200);
    }
    meiling.set(json!({ "deletions": "dropped" })).await;
    assert_eq!(site.post("/collections/sync", Some(&meiling.token().await), json!({})).await.status, 202);
    run(site).await;

    // The tokens are renewed on the way; and then they can't be, which its owner is told.
    later(site, 8 * DAY);
    run(site).await;
    control(site).revoke_refresh_tokens("bangumi");
    later(site, 8 * DAY);
    run(site).await;
    assert_eq!(meiling.sync().await["state"], "attention");

    // The account goes, and all of this with it.
    let gone = site.delete("/account", Some(&meiling.token().await), json!({ "password": tests::PASSWORD })).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    site.site.run_scheduled("sweep").await.expect("the sweep");
}
