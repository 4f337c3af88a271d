//! What was removed on one of the sides. Nothing is ever removed on the other by itself.

use local::fakes::Endpoint;
use shared::bangumi::Modify;
use tests::{TestSite, json};

use super::{Bound, asked, bound, later, run, world, writes};

const DAY: i64 = 2 * 24 * 3600;

async fn in_step<'s>(site: &'s TestSite, settings: tests::Value) -> (Bound<'s>, u32) {
    world(site).fill("sakura", 6);
    let sakura = bound(site, "sakura").await;
    sakura.set(settings).await;
    run(site).await;
    let subject = sakura.all().await.into_iter().find(|entry| entry.status.as_str() != "dropped").unwrap().subject_id;
    later(site, 100);
    (sakura, subject)
}

#[tokio::test]
async fn what_was_removed_there_is_looked_at_alone_and_its_owner_asked() {
    let site = TestSite::start().await;
    let (sakura, subject) = in_step(&site, json!({ "conflicts": "theirs" })).await;
    world(&site).remove("sakura", subject);
    later(&site, DAY);
    let before = asked(&site, Endpoint::Collection);
    run(&site).await;
    assert_eq!(asked(&site, Endpoint::Collection), before + 1, "only what was missing");
    assert!(sakura.entry(subject).await.is_some(), "whatever the rule is");
    let conflict = sakura.conflicts().await.remove(0);
    assert_eq!(conflict["fields"], json!([{ "field": "presence", "mine": true, "theirs": false }]));
    assert_eq!(writes(&site), 0, "nor is it put back there");
    later(&site, 8 * 24 * 3600);
    run(&site).await;
    assert_eq!((sakura.conflicts().await.len(), writes(&site)), (1, 0), "still");
    // It is to be there.
    assert_eq!(sakura.settle(subject, json!({ "choice": "mine" })).await.status, 200);
    later(&site, 60);
    run(&site).await;
    sakura.assert_in_step("put back").await;
    // Once more; now it is to be gone here as well, and can be brought back.
    world(&site).remove("sakura", subject);
    later(&site, DAY);
    run(&site).await;
    let gone = sakura.settle(subject, json!({ "choice": "theirs", "field": "presence" })).await;
    assert_eq!((gone.status, &gone.json()["entry"]), (200, &json!(null)));
    later(&site, 60);
    run(&site).await;
    sakura.assert_in_step("gone on both").await;
    let back = site.post(&format!("/collections/{subject}/restore"), Some(&sakura.token().await), json!({})).await;
    assert_eq!(back.status, 200, "{}", back.body);
    later(&site, 60);
    run(&site).await;
    assert_eq!(world(&site).collection("sakura").len(), 6);
    sakura.assert_in_step("brought back").await;
}

#[tokio::test]
async fn what_a_list_leaves_out_is_not_gone() {
    let site = TestSite::start().await;
    let (sakura, subject) = in_step(&site, json!({})).await;
    // Bangumi leaves entries of removed works out of lists, and has nothing under their addresses either.
    world(&site).remove_subject(subject);
    later(&site, 8 * 24 * 3600);
    run(&site).await;
    assert!(sakura.entry(subject).await.is_some());
    assert_eq!(sakura.sync().await["conflicts"], 0);
}

#[tokio::test]
async fn what_is_removed_here_stays_there_or_is_dropped_there() {
    for (deletions, kind) in [("keep", None), ("dropped", Some(5))] {
        let site = TestSite::start().await;
        let (sakura, subject) = in_step(&site, json!({ "deletions": deletions })).await;
        let before = world(&site).collection("sakura")[&subject].kind;
        sakura.delete(subject).await;
        later(&site, 60);
        run(&site).await;
        let row = world(&site).collection("sakura").remove(&subject).unwrap();
        assert_eq!(row.kind, kind.unwrap_or(before), "{deletions}");
        let lines = world(&site).timeline("sakura").len();
        assert_eq!(lines, usize::from(kind.is_some()), "{deletions}");
        // Neither does it come back, nor is it told again.
        for days in [2, 8] {
            later(&site, days * 24 * 3600);
            run(&site).await;
        }
        assert!(sakura.entry(subject).await.is_none(), "{deletions}");
        assert_eq!(world(&site).timeline("sakura").len(), lines, "{deletions}");
        // Brought back here within its thirty days, it is as it was on both sides.
        let back = site.post(&format!("/collections/{subject}/restore"), Some(&sakura.token().await), json!({})).await;
        assert_eq!(back.status, 200, "{}", back.body);
        later(&site, 60);
        run(&site).await;
        sakura.assert_in_step(deletions).await;
    }
}

#[tokio::test]
async fn what_changes_there_after_it_was_removed_here_is_for_the_rule() {
    for (rule, comes_back) in [("ask", false), ("mine", false), ("theirs", true), ("newest", true)] {
        let site = TestSite::start().await;
        let (sakura, subject) = in_step(&site, json!({ "conflicts": rule })).await;
        sakura.delete(subject).await;
        later(&site, 60);
        run(&site).await;
        world(&site).edit("sakura", subject, &Modify { comment: Some("还在看".into()), ..Modify::default() });
        later(&site, DAY);
        run(&site).await;
        assert_eq!(sakura.entry(subject).await.is_some(), comes_back, "{rule}");
        assert_eq!(sakura.conflicts().await.len(), usize::from(rule == "ask"), "{rule}");
        if rule == "ask" {
            let asked = sakura.conflicts().await.remove(0);
            assert_eq!(asked["fields"], json!([{ "field": "presence", "mine": false, "theirs": true }]));
            assert_eq!(sakura.settle(subject, json!({ "choice": "theirs" })).await.status, 200);
        }
        if rule != "mine" {
            assert_eq!(sakura.entry(subject).await.unwrap().comment.as_deref(), Some("还在看"), "{rule}");
            sakura.assert_in_step(rule).await;
        }
    }
}
