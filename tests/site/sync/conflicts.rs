//! What changed on both sides in different ways.

use local::fakes::Endpoint;
use shared::bangumi::Modify;
use tests::{TestSite, Value, json};

use super::{Bound, bound, later, run, world, writes};

const DAY: i64 = 2 * 24 * 3600;

/// Somebody with a few entries, whose first one was changed on both sides; here last. Gives its number.
async fn torn<'s>(site: &'s TestSite, settings: Value) -> (Bound<'s>, u32) {
    world(site).fill("sakura", 6);
    let sakura = bound(site, "sakura").await;
    sakura.set(settings).await;
    run(site).await;
    let subject = sakura.all().await[0].subject_id;
    later(site, 10);
    let there = Modify { rate: Some(2), comment: Some("那边".into()), kind: Some(4), ..Modify::default() };
    world(site).edit("sakura", subject, &there);
    later(site, 10);
    // The comment is the same on both sides; the tags changed on one alone.
    let here = json!({ "rating": 9, "comment": "那边", "status": "dropped", "tags": ["校园"] });
    sakura.patch(subject, here).await;
    later(site, 60);
    (sakura, subject)
}

#[tokio::test]
async fn who_wants_to_be_asked_is_and_nothing_else_waits_for_that() {
    let site = TestSite::start().await;
    let (sakura, subject) = torn(&site, json!({ "conflicts": "ask" })).await;
    run(&site).await;
    let row = world(&site).collection("sakura").remove(&subject).unwrap();
    assert_eq!(
        (row.rate, row.kind, row.tags),
        (2, 4, vec!["校园".to_owned()]),
        "only what nobody has to be asked about"
    );
    let here = sakura.entry(subject).await.unwrap();
    assert_eq!((here.rating, here.status.as_str()), (Some(9), "dropped"));
    assert_eq!(sakura.sync().await["conflicts"], 1);
    let asked = sakura.conflicts().await.remove(0);
    assert_eq!(asked["subject_id"], subject);
    assert!(asked["subject"]["name"].is_string());
    let fields = [
        json!({ "field": "status", "mine": "dropped", "theirs": "on_hold" }),
        json!({ "field": "rating", "mine": 9, "theirs": 2 }),
    ];
    assert_eq!(asked["fields"], json!(fields));
    // Asked once: another run changes nothing, and tells nobody anything.
    let before = (sakura.entry(subject).await, writes(&site));
    later(&site, DAY);
    run(&site).await;
    assert_eq!((sakura.entry(subject).await, writes(&site)), before);

    // One field after the other.
    let wrong = sakura.settle(subject, json!({ "choice": "both", "field": 7 })).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    assert_eq!(sakura.settle(subject, json!({ "choice": "mine", "field": "tags" })).await.status, 404);
    let settled = sakura.settle(subject, json!({ "choice": "mine", "field": "rating" })).await.json();
    assert_eq!(settled["conflict"]["fields"].as_array().map(Vec::len), Some(1));
    let settled = sakura.settle(subject, json!({ "choice": "theirs" })).await.json();
    assert_eq!((&settled["conflict"], &settled["entry"]["status"]), (&Value::Null, &json!("on_hold")));
    assert_eq!(sakura.settle(subject, json!({ "choice": "mine" })).await.status, 404);
    assert_eq!(sakura.sync().await["conflicts"], 0);
    later(&site, 60);
    run(&site).await;
    assert_eq!(world(&site).collection("sakura")[&subject].rate, 9);
    sakura.assert_in_step("settled").await;
}

#[tokio::test]
async fn a_rule_settles_it_by_itself() {
    for (rule, rate, kind) in [("newest", 9, 5), ("mine", 9, 5), ("theirs", 2, 4)] {
        let site = TestSite::start().await;
        let (sakura, subject) = torn(&site, json!({ "conflicts": rule })).await;
        run(&site).await;
        sakura.assert_in_step(rule).await;
        let row = world(&site).collection("sakura").remove(&subject).unwrap();
        assert_eq!((row.rate, row.kind), (rate, kind), "{rule}");
        assert_eq!(sakura.sync().await["conflicts"], 0, "{rule}");
    }
}

#[tokio::test]
async fn a_rule_that_is_chosen_later_settles_what_waits() {
    let site = TestSite::start().await;
    let (sakura, subject) = torn(&site, json!({ "conflicts": "ask" })).await;
    run(&site).await;
    assert_eq!(sakura.sync().await["conflicts"], 1);
    sakura.set(json!({ "conflicts": "theirs" })).await;
    run(&site).await;
    assert_eq!(sakura.sync().await["conflicts"], 0);
    assert_eq!(sakura.entry(subject).await.unwrap().rating, Some(2));
    sakura.assert_in_step("by the rule").await;
}

#[tokio::test]
async fn what_is_asked_about_follows_both_sides() {
    let site = TestSite::start().await;
    let (sakura, subject) = torn(&site, json!({ "conflicts": "ask" })).await;
    run(&site).await;
    // It is made the same there, by hand.
    later(&site, 10);
    world(&site).edit(
        "sakura",
        subject,
        &Modify { rate: Some(9), kind: Some(5), comment: Some("".into()), ..Modify::default() },
    );
    later(&site, DAY);
    run(&site).await;
    assert_eq!(sakura.sync().await["conflicts"], 0, "nothing is left to be asked");
    sakura.assert_in_step("by hand").await;
}

#[tokio::test]
async fn one_way_is_one_way() {
    let site = TestSite::start().await;
    let (sakura, subject) = torn(&site, json!({ "direction": "pull", "conflicts": "mine" })).await;
    run(&site).await;
    assert_eq!(writes(&site), 0, "nothing goes there");
    let here = sakura.entry(subject).await.unwrap();
    assert_eq!((here.rating, here.comment.as_deref()), (Some(9), Some("那边")));
    // Now the other way alone: what is here goes, what is there does not come.
    sakura.set(json!({ "direction": "push" })).await;
    world(&site).edit("sakura", 201, &Modify { kind: Some(1), ..Modify::default() });
    run(&site).await;
    assert_eq!(world(&site).collection("sakura")[&subject].rate, 9);
    assert!(sakura.entry(201).await.is_none());
    // And neither.
    sakura.set(json!({ "direction": "off" })).await;
    run(&site).await;
    assert_eq!(sakura.sync().await["next_run_at"], Value::Null);
    let looks = || super::asked(&site, Endpoint::Collections) + super::asked(&site, Endpoint::Collection);
    let before = (looks(), writes(&site));
    sakura.put(202, json!({ "status": "wish" })).await;
    later(&site, 8 * 24 * 3600);
    run(&site).await;
    assert_eq!((looks(), writes(&site)), before);
    // Wanted again, all that happened meanwhile is found.
    sakura.set(json!({ "direction": "both" })).await;
    run(&site).await;
    sakura.assert_in_step("both ways again").await;
}
