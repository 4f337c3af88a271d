//! What a run does, step by step.

use local::fakes::Endpoint;
use shared::bangumi::Modify;
use tests::{TestSite, json};

use super::{asked, bound, later, run, world, writes};

#[tokio::test]
async fn the_first_run_brings_everything_and_tells_bangumi_nothing() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 130);
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    sakura.assert_in_step("imported").await;
    assert_eq!(sakura.all().await.len(), 130);
    assert_eq!(writes(&site), 0);
    assert_eq!(asked(&site, Endpoint::Collections), 3, "pages of fifty");
    assert!(world(&site).timeline("sakura").is_empty());
    let state = sakura.state().await;
    assert_eq!((state.progress.last.pulled, state.progress.last.of), (130, 130));
    let next = state.next_run_at.unwrap() - site.clock.now();
    assert!((18 * 3600..=30 * 3600).contains(&next), "once a day: {next}");
    // Each of them shows its work without asking anybody, and is as old as it is there.
    let entry = sakura.all().await.remove(0);
    assert!(!entry.work.unwrap().name.is_empty());
    assert_eq!(entry.updated_at, world(&site).collection("sakura")[&entry.subject_id].updated_at);
}

#[tokio::test]
async fn a_run_where_nothing_changed_is_one_question() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 130);
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    later(&site, 2 * 24 * 3600);
    site.site.run_scheduled("sweep").await.unwrap();
    let before = super::control(&site).requests().len();
    run(&site).await;
    let requests = super::control(&site).requests().split_off(before);
    assert_eq!(requests.len(), 1, "{:?}", requests.iter().map(|asked| &asked.path).collect::<Vec<_>>());
    assert_eq!(sakura.state().await.progress.last.pulled, 0);
}

#[tokio::test]
async fn changes_go_both_ways_and_each_once() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 20);
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    let ids: Vec<_> = sakura.all().await.iter().map(|entry| entry.subject_id).collect();
    later(&site, 100);
    world(&site).edit("sakura", ids[0], &Modify { kind: Some(5), comment: Some("没意思".into()), ..Modify::default() });
    sakura.patch(ids[1], json!({ "rating": 10, "tags": ["京アニ"], "comment": "好" })).await;
    let one = site
        .put("/collections/9717/episodes", Some(&sakura.token().await), json!({ "mark": "done", "up_to": 3 }))
        .await;
    assert!(one.status < 300, "{}", one.body);
    later(&site, 100);
    run(&site).await;
    sakura.assert_in_step("both ways").await;
    let told = world(&site).timeline("sakura").len();
    // That there is one more now is no reason to look at everything.
    let before = asked(&site, Endpoint::Collections);
    later(&site, 60);
    let now = site.post("/collections/sync", Some(&sakura.token().await), json!({})).await;
    assert_eq!(now.status, 202);
    run(&site).await;
    assert_eq!(asked(&site, Endpoint::Collections), before + 1);
    later(&site, 60);
    // Nothing is left to be done, and nothing is said twice.
    run(&site).await;
    later(&site, 2 * 24 * 3600);
    run(&site).await;
    later(&site, 8 * 24 * 3600);
    site.site.run_scheduled("sweep").await.unwrap();
    run(&site).await;
    assert_eq!(world(&site).timeline("sakura").len(), told);
    sakura.assert_in_step("still").await;
}
