//! What goes wrong on the way: nothing is lost, and nobody is bothered with what they can't mend.

use local::fakes::{Endpoint, Fault};
use shared::bangumi::Modify;
use tests::{TestSite, Value, json};

use super::{Bound, asked, bound, control, later, run, world, writes};

const DAY: i64 = 2 * 24 * 3600;

async fn in_step(site: &TestSite) -> (Bound<'_>, Vec<u32>) {
    world(site).fill("sakura", 8);
    let sakura = bound(site, "sakura").await;
    run(site).await;
    let ids = sakura.all().await.iter().map(|entry| entry.subject_id).collect();
    later(site, 100);
    (sakura, ids)
}

#[tokio::test]
async fn an_outage_puts_it_off_for_longer_each_time_and_is_nobodys_fault() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    world(&site).edit("sakura", ids[0], &Modify { rate: Some(1), ..Modify::default() });
    sakura.patch(ids[1], json!({ "rating": 10 })).await;
    later(&site, 60);
    for (endpoint, fault, name) in [
        (Endpoint::Collections, Fault::Status(503), "unavailable"),
        (Endpoint::Collections, Fault::Cut, "unavailable"),
        (Endpoint::Collections, Fault::HalfJson, "unavailable"),
        (Endpoint::Collections, Fault::Html, "unavailable"),
        (Endpoint::Collections, Fault::Status(429), "rate_limited"),
        (Endpoint::Save, Fault::Status(500), "unavailable"),
        (Endpoint::Save, Fault::Status(429), "rate_limited"),
    ] {
        control(&site).set("bangumi", endpoint, fault);
        run(&site).await;
        let seen = sakura.sync().await;
        assert_eq!((&seen["attention"], &seen["setback"]), (&Value::Null, &json!(name)), "{endpoint:?} {fault:?}");
        assert_ne!(seen["state"], "attention");
        let state = sakura.state().await;
        let pause = state.next_run_at.unwrap() - site.clock.now();
        let least = (300 << (state.progress.setbacks - 1).min(10)).min(6 * 3600) * 3 / 4;
        assert!((least..=least * 5 / 3 + 1).contains(&pause), "{endpoint:?} {fault:?}: {pause}");
        // Before that nobody asks.
        let before = control(&site).requests().len();
        later(&site, pause - 1);
        run(&site).await;
        assert_eq!(control(&site).requests().len(), before);
        later(&site, 1);
        control(&site).heal();
    }
    run(&site).await;
    sakura.assert_in_step("after the outage").await;
    let seen = sakura.sync().await;
    assert_eq!((&seen["setback"], &seen["state"]), (&Value::Null, &json!("idle")));
    assert_eq!(sakura.state().await.progress.setbacks, 0);
}

#[tokio::test]
async fn a_binding_that_bangumi_refuses_is_told_once_and_left_alone_until_it_is_mended() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    control(&site).revoke_refresh_tokens("bangumi");
    sakura.patch(ids[0], json!({ "rating": 10 })).await;
    // The token is over by then.
    later(&site, 8 * 24 * 3600);
    let letters = || site.site.fakes().unwrap().letters().len();
    let before = letters();
    run(&site).await;
    let seen = sakura.sync().await;
    assert_eq!((&seen["state"], &seen["attention"]), (&json!("attention"), &json!("bind_again")));
    assert_eq!(seen["next_run_at"], Value::Null);
    let told = letters();
    assert!(told <= before + 1);
    let requests = control(&site).requests().len();
    for _ in 0..3 {
        sakura.patch(ids[1], json!({ "rating": 9 })).await;
        later(&site, DAY);
        run(&site).await;
        site.site.run_scheduled("sweep").await.unwrap();
    }
    assert_eq!(control(&site).requests().len(), requests, "nobody tries again");
    assert_eq!(letters(), told, "nor is it told again");
    let refused = site.post("/collections/sync", Some(&sakura.token().await), json!({ "dry_run": true })).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    // Bound again, it goes on with what was waiting.
    let browser = site.browser();
    browser.sign_in(&sakura.user).await;
    assert_eq!(browser.bind("bangumi", "sakura").await.status, 303);
    run(&site).await;
    sakura.assert_in_step("bound again").await;
    assert_eq!(sakura.sync().await["state"], "idle");
}

#[tokio::test]
async fn what_waits_survives_that_the_account_is_unbound_and_bound_again() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    sakura.patch(ids[0], json!({ "rating": 10, "comment": "还没说" })).await;
    let unbound = site.delete("/connections/bangumi", Some(&sakura.token().await), json!({})).await;
    assert_eq!(unbound.status, 204, "{}", unbound.body);
    later(&site, 60);
    run(&site).await;
    assert_eq!(writes(&site), 0);
    assert_eq!(sakura.sync().await["state"], "unbound");
    // Both sides go on alone.
    sakura.put(9717, json!({ "status": "wish" })).await;
    world(&site).edit("sakura", ids[1], &Modify { comment: Some("web".into()), ..Modify::default() });
    later(&site, DAY);
    run(&site).await;
    let browser = site.browser();
    browser.sign_in(&sakura.user).await;
    assert_eq!(browser.bind("bangumi", "sakura").await.status, 303);
    run(&site).await;
    sakura.assert_in_step("bound again").await;
    assert_eq!(world(&site).collection("sakura")[&ids[0]].comment, "还没说");
    assert_eq!(sakura.entry(ids[1]).await.unwrap().comment.as_deref(), Some("web"));
    assert_eq!(sakura.sync().await["conflicts"], 0, "what was agreed on before is still known");
}

#[tokio::test]
async fn another_account_is_compared_from_the_beginning() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    let token = sakura.token().await;
    assert_eq!(site.delete("/connections/bangumi", Some(&token), json!({})).await.status, 204);
    run(&site).await;
    // There, one is the same, and one is not; and there is one more.
    world(&site).edit("syaoran", ids[0], &Modify { kind: Some(3), rate: Some(2), ..Modify::default() });
    world(&site).edit("syaoran", 200, &Modify { kind: Some(1), ..Modify::default() });
    sakura.patch(ids[0], json!({ "rating": 9 })).await;
    let browser = site.browser();
    browser.sign_in(&sakura.user).await;
    assert_eq!(browser.bind("bangumi", "syaoran").await.status, 303);
    let before = world(&site).collection("sakura");
    run(&site).await;
    assert_eq!(world(&site).collection("sakura"), before, "the other account is nobody's business any more");
    let there = world(&site).collection("syaoran");
    assert_eq!(there.len(), sakura.all().await.len());
    // Two values, and nothing that says which is newer: nobody's is written over.
    assert_eq!(there[&ids[0]].rate, 2);
    let asked: Vec<_> = sakura.conflicts().await.iter().map(|conflict| conflict["subject_id"].clone()).collect();
    assert_eq!(asked, [json!(ids[0])]);
}

#[tokio::test]
async fn a_renamed_user_is_found_again() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    world(&site).rename("sakura", "kinomoto");
    sakura.patch(ids[0], json!({ "rating": 10 })).await;
    later(&site, DAY);
    run(&site).await;
    sakura.assert_in_step("renamed").await;
    assert_eq!(sakura.sync().await["setback"], Value::Null);
}

#[tokio::test]
async fn what_bangumi_does_not_take_is_left_and_not_tried_again_until_it_changes() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    world(&site).lock_subject(ids[0]);
    world(&site).remove_subject(ids[1]);
    world(&site).merge_subject(ids[2], ids[3]);
    for id in &ids[..3] {
        sakura.patch(*id, json!({ "rating": 10 })).await;
    }
    sakura.patch(ids[4], json!({ "rating": 10 })).await;
    later(&site, 60);
    run(&site).await;
    assert_eq!(world(&site).collection("sakura")[&ids[4]].rate, 10, "the others do not wait for them");
    let counts = sakura.sync().await["last_run"]["counts"].clone();
    assert_eq!((&counts["refused"], &counts["pushed"]), (&json!(3), &json!(1)), "{counts}");
    let before = writes(&site);
    for days in [2, 8] {
        later(&site, days * 24 * 3600);
        run(&site).await;
    }
    assert_eq!(writes(&site), before);
    for id in &ids[..3] {
        assert_eq!(sakura.entry(*id).await.unwrap().rating, Some(10), "what is here stays");
    }
    assert_eq!(sakura.sync().await["conflicts"], 0);
    // Changed again, it is tried again.
    sakura.patch(ids[0], json!({ "rating": 9 })).await;
    later(&site, 60);
    run(&site).await;
    assert_eq!(writes(&site), before + 1);
}

#[tokio::test]
async fn what_bangumi_can_not_hold_stays_here_and_is_no_difference() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    let edit = json!({ "tags": ["神", "two words", "ＴＶ", "百合"], "comment": "  好  ", "rewatch_count": 3 });
    sakura.patch(ids[0], edit).await;
    later(&site, 60);
    run(&site).await;
    assert_eq!(world(&site).collection("sakura")[&ids[0]].tags, ["TV", "百合"]);
    let here = sakura.entry(ids[0]).await.unwrap();
    assert_eq!((here.tags.len(), here.rewatch_count), (4, 3));
    let before = (writes(&site), here);
    for days in [2, 8] {
        later(&site, days * 24 * 3600);
        run(&site).await;
    }
    assert_eq!((writes(&site), sakura.entry(ids[0]).await.unwrap()), before);
    // A change of the tags there keeps what can't be held there.
    world(&site).edit(
        "sakura",
        ids[0],
        &Modify { tags: Some(vec!["原创".into()]), kind: Some(1), ..Modify::default() },
    );
    later(&site, DAY);
    run(&site).await;
    let tags = sakura.entry(ids[0]).await.unwrap().tags;
    assert_eq!(tags, ["原创", "神", "two words"]);
}

#[tokio::test]
async fn an_entry_that_bangumi_keeps_private_is_not_fought_over() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    let subject = ids.into_iter().find(|id| !world(&site).collection("sakura")[id].private).unwrap();
    world(&site).moderate("sakura", subject);
    sakura.patch(subject, json!({ "rating": 10 })).await;
    later(&site, 60);
    run(&site).await;
    assert!(sakura.entry(subject).await.unwrap().private, "it is private there");
    sakura.patch(subject, json!({ "private": false })).await;
    for _ in 0..3 {
        later(&site, DAY);
        run(&site).await;
    }
    let before = writes(&site);
    for days in [2, 8] {
        later(&site, days * 24 * 3600);
        run(&site).await;
    }
    assert_eq!(writes(&site), before, "it is not sent again and again");
}

#[tokio::test]
async fn what_changes_there_without_saying_so_is_found_once_a_week() {
    let site = TestSite::start().await;
    let (sakura, ids) = in_step(&site).await;
    // An edit of the score alone leaves the time as it is.
    world(&site).edit("sakura", ids[5], &Modify { rate: Some(7), ..Modify::default() });
    let before = sakura.entry(ids[5]).await.unwrap().rating;
    later(&site, DAY);
    run(&site).await;
    assert_eq!(sakura.entry(ids[5]).await.unwrap().rating, before);
    later(&site, 6 * 24 * 3600);
    run(&site).await;
    assert_eq!(sakura.entry(ids[5]).await.unwrap().rating, Some(7));
    sakura.assert_in_step("after a week").await;
}

#[tokio::test]
async fn an_entry_that_came_there_in_no_order_makes_it_look_at_everything() {
    let site = TestSite::start().await;
    let (sakura, _) = in_step(&site).await;
    let before = asked(&site, Endpoint::Collections);
    world(&site).remove("sakura", sakura.all().await[0].subject_id);
    later(&site, DAY);
    run(&site).await;
    assert_eq!(asked(&site, Endpoint::Collections), before + 2, "the newest, then all");
}
