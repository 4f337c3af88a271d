//! Who is let in when, and how much at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::fakes::{Endpoint, Pulse};
use shared::collection::sync::Place;
use shared::id::Attempt;
use tests::{TestSite, Value, json};

use super::{asked, bound, control, later, run, watch, world, writes};

#[tokio::test]
async fn edits_that_follow_each_other_go_together() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 3);
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    let subject = sakura.all().await[0].subject_id;
    for rating in 1..=5 {
        later(&site, 2);
        sakura.patch(subject, json!({ "rating": rating })).await;
    }
    run(&site).await;
    assert_eq!(writes(&site), 0, "not yet");
    later(&site, 30);
    run(&site).await;
    assert_eq!((writes(&site), world(&site).collection("sakura")[&subject].rate), (1, 5));
    // Changed and changed back: there is nothing to be told.
    sakura.patch(subject, json!({ "rating": 1 })).await;
    sakura.patch(subject, json!({ "rating": 5 })).await;
    later(&site, 30);
    run(&site).await;
    assert_eq!(writes(&site), 1);
}

#[tokio::test]
async fn two_that_run_at_once_do_not_do_it_twice() {
    let site = TestSite::start().await;
    for name in ["sakura", "tomoyo", "syaoran"] {
        world(&site).fill(name, 60);
        bound(&site, name).await;
    }
    tokio::join!(run(&site), run(&site), run(&site));
    assert_eq!(asked(&site, Endpoint::Collections), 3 * 2, "each is read once");
    let pages = control(&site).requests_to("bangumi", Endpoint::Collections);
    let distinct: BTreeSet<_> =
        pages.iter().map(|page| (page.path.clone(), page.query("offset").map(str::to_owned))).collect();
    assert_eq!(distinct.len(), 6);
}

#[tokio::test]
async fn what_was_changed_while_it_ran_goes_soon_after() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 3);
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    let subject = sakura.all().await[0].subject_id;
    later(&site, 2 * 24 * 3600);
    let (url, token) = (site.url(&format!("/collections/{subject}")), sakura.token().await);
    let edit = site.http.patch(url).bearer_auth(token).json(&json!({ "rating": 10 }));
    // Before its end is written, and after everything was looked at.
    let clock = site.clock.clone();
    site.proxy.meanwhile("Query LSI3", async move {
        clock.advance(1);
        edit.send().await.unwrap();
    });
    run(&site).await;
    site.proxy.heal();
    let due = sakura.state().await.next_run_at.unwrap() - site.clock.now();
    assert!(due <= 30, "not tomorrow: {due}");
    later(&site, 30);
    run(&site).await;
    sakura.assert_in_step("soon after").await;
}

#[tokio::test]
async fn who_may_not_ask_bangumi_any_more_waits_and_goes_on() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 120);
    let sakura = bound(&site, "sakura").await;
    let app = site.site.app();
    while app.store.claim_requests(50, app.clock.now_millis(), Attempt::new(&app.entropy)).await.unwrap() {}
    run(&site).await;
    assert_eq!(asked(&site, Endpoint::Collections), 0);
    let seen = sakura.sync().await;
    assert_eq!((&seen["state"], &seen["setback"], &seen["attention"]), (&json!("running"), &Value::Null, &Value::Null));
    later(&site, 60);
    run(&site).await;
    sakura.assert_in_step("after a minute").await;
    // Never more than the bucket gives, whoever asks.
    let all = control(&site).requests().iter().filter(|asked| asked.provider == "bangumi").count();
    assert!(all < 60, "{all}");
}

/// The time runs away at one of the requests.
fn late(site: &TestSite, at: usize, seconds: i64) -> Pulse {
    let (clock, left) = (site.clock.clone(), AtomicUsize::new(at));
    Arc::new(move || {
        if left.fetch_sub(1, Ordering::SeqCst) == 0 {
            clock.advance(seconds);
        }
        true
    })
}

#[tokio::test]
async fn a_run_whose_time_is_over_keeps_its_place_and_shows_how_far_it_is() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 170);
    let sakura = bound(&site, "sakura").await;
    // Two moments for each request to Bangumi: in the middle of the second page.
    control(&site).watch(Some(late(&site, 45, 250)));
    run(&site).await;
    watch(&site, None);
    let state = sakura.state().await;
    let Place::Full { offset, .. } = state.progress.place else { panic!("{:?}", state.progress.place) };
    assert!(offset > 0 && offset < 170, "{offset}");
    assert_eq!(state.lease_id, None, "it is given back");
    let seen = sakura.sync().await;
    assert_eq!(seen["state"], "running");
    let progress = &seen["progress"];
    assert!(progress["seen"].as_u64() >= Some(u64::from(offset)) && progress["of"] == 170, "{progress}");
    run(&site).await;
    sakura.assert_in_step("gone on").await;
    let offsets: Vec<_> = control(&site)
        .requests_to("bangumi", Endpoint::Collections)
        .iter()
        .map(|page| page.query("offset").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(offsets.iter().filter(|offset| *offset == "0").count(), 1, "not from the beginning: {offsets:?}");
    assert_eq!(sakura.sync().await["last_run"]["counts"]["pulled"], 170);
}

#[tokio::test]
async fn more_people_than_one_look_finds_are_all_looked_after() {
    let site = TestSite::start().await;
    let app = site.site.app();
    let mut people = Vec::new();
    for n in 0..12 {
        let name = format!("person-{n}");
        world(&site).fill(&name, 2);
        people.push(bound(&site, &name).await);
    }
    run(&site).await;
    for them in &people {
        them.assert_in_step(&them.name).await;
    }
    assert!(app.store.list_due_syncs(0, app.clock.now(), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn where_nobody_may_ask_bangumi_nobody_begins() {
    let site = TestSite::start().await;
    for n in 0..30 {
        bound(&site, &format!("person-{n}")).await;
    }
    let app = site.site.app();
    while app.store.claim_requests(50, app.clock.now_millis(), Attempt::new(&app.entropy)).await.unwrap() {}
    site.proxy.forget();
    run(&site).await;
    let leases =
        site.proxy.calls().iter().filter(|call| call.request.to_string().contains("lease_until = :until")).count();
    assert!((1..=16).contains(&leases), "only as many as begin at once, of thirty: {leases}");
}
