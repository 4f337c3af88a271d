//! A day in the life of somebody with an account at Bangumi.

use local::fakes::{Endpoint, Fault};
use shared::bangumi::Modify;
use tests::{TestSite, json};

use super::{asked, bound, control, later, run, world, writes};

#[tokio::test]
async fn a_day_in_the_life() {
    let site = TestSite::start().await;
    let world = world(&site);
    world.fill("sakura", 300);

    // She binds her account, and what she collected there is here a minute later.
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    sakura.assert_in_step("in the morning").await;
    assert_eq!(sakura.sync().await["last_run"]["counts"]["pulled"], 300);
    assert_eq!(writes(&site), 0, "the world is told nothing of that");
    let ids: Vec<_> = world.collection("sakura").into_keys().collect();

    // On the train she watches an episode here, and another there; she rates one here and writes about it there.
    later(&site, 3_600);
    let episodes = world.episodes(9717, 0);
    let first = site
        .put("/collections/9717/episodes", Some(&sakura.token().await), json!({ "mark": "done", "up_to": 1 }))
        .await;
    assert_eq!(first.status, 201, "{}", first.body);
    world.edit("sakura", 9717, &Modify { kind: Some(3), ..Modify::default() });
    world.mark("sakura", 9717, &episodes[1..2], 2);
    sakura.patch(ids[10], json!({ "rating": 10 })).await;
    world.edit("sakura", ids[10], &Modify { comment: Some("在火车上看完了".into()), ..Modify::default() });
    later(&site, 60);
    run(&site).await;
    sakura.assert_in_step("on the train").await;
    let both = sakura.entry(9717).await.unwrap();
    assert_eq!(both.marks.iter().count(), 2, "both episodes are watched on both sides");
    let rated = sakura.entry(ids[10]).await.unwrap();
    assert_eq!((rated.rating, rated.comment.as_deref()), (Some(10), Some("在火车上看完了")));

    // At noon she rates one both here and there, differently: she is asked.
    later(&site, 3_600);
    sakura.patch(ids[20], json!({ "rating": 9 })).await;
    world.edit("sakura", ids[20], &Modify { rate: Some(6), comment: Some("一般".into()), ..Modify::default() });
    later(&site, 60);
    run(&site).await;
    let asked_about = sakura.conflicts().await;
    assert_eq!(asked_about.len(), 1);
    assert_eq!(asked_about[0]["fields"], json!([{ "field": "rating", "mine": 9, "theirs": 6 }]));
    assert_eq!(sakura.settle(ids[20], json!({ "choice": "theirs" })).await.status, 200);
    later(&site, 60);
    run(&site).await;
    sakura.assert_in_step("at noon").await;

    // She removes one here, and wants it to be dropped there; and removes one there, which she is asked about.
    let dropped = ids.iter().copied().find(|id| world.collection("sakura")[id].kind != 5).unwrap();
    sakura.set(json!({ "deletions": "dropped" })).await;
    sakura.delete(dropped).await;
    world.remove("sakura", ids[30]);
    later(&site, 60);
    run(&site).await;
    assert_eq!(world.collection("sakura")[&dropped].kind, 5);
    assert_eq!(sakura.conflicts().await[0]["fields"][0]["field"], "presence");
    assert_eq!(sakura.settle(ids[30], json!({ "choice": "theirs" })).await.status, 200);
    sakura.assert_in_step_but("in the afternoon", &[dropped]).await;

    // In the evening Bangumi is down; she goes on all the same.
    control(&site).set("bangumi", Endpoint::Collections, Fault::Status(502));
    later(&site, 3_600);
    sakura.patch(ids[40], json!({ "status": "done", "rating": 8 })).await;
    sakura.patch(ids[40], json!({ "comment": "终于" })).await;
    later(&site, 60);
    run(&site).await;
    assert_eq!(sakura.sync().await["setback"], "unavailable");
    assert_ne!(world.collection("sakura")[&ids[40]].comment, "终于");
    control(&site).heal();
    later(&site, 3_600);
    let before = writes(&site);
    run(&site).await;
    assert_eq!(writes(&site), before + 1, "both at once");
    sakura.assert_in_step_but("in the evening", &[dropped]).await;

    // At night she unbinds the account. Each side goes its own way, and nobody asks Bangumi for her any more.
    let unbound = site.delete("/connections/bangumi", Some(&sakura.token().await), json!({})).await;
    assert_eq!(unbound.status, 204, "{}", unbound.body);
    let (there, requests) = (world.collection("sakura"), control(&site).requests().len());
    sakura.patch(ids[50], json!({ "rating": 1 })).await;
    later(&site, 8 * 24 * 3600);
    run(&site).await;
    assert_eq!((world.collection("sakura"), control(&site).requests().len()), (there, requests));
    assert_eq!(sakura.all().await.len(), 299, "three hundred and one, but for two that she removed");
    assert!(asked(&site, Endpoint::Collections) > 0);
}
