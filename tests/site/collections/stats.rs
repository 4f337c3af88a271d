//! A collection in numbers.

use shared::bangumi::Modify;
use tests::{TestSite, Value, json};

use super::{put, somebody};

async fn stats(site: &TestSite, token: &str) -> Value {
    let reply = site.get("/collections/stats", Some(token)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

#[tokio::test]
async fn the_numbers_are_those_of_the_entries_and_follow_every_change() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    assert_eq!(stats(&site, &token).await["entries"], 0);
    for (subject, status, rating) in [(1, "done", json!(8)), (2, "done", json!(4)), (3, "wish", json!(null))] {
        site.clock.advance(1);
        put(&site, &token, subject, json!({ "status": status, "rating": rating, "tags": ["TV"] })).await;
    }
    let seen = stats(&site, &token).await;
    assert_eq!(seen["entries"], 3);
    let ratings = json!({ "rated": 2, "mean": 6.0, "spread": 2.0, "histogram": [0, 0, 0, 1, 0, 0, 0, 1, 0, 0] });
    assert_eq!(seen["ratings"], ratings);
    assert_eq!(seen["by_tag"], json!([{ "tag": "TV", "entries": 3, "rated": 2, "mean": 6.0 }]));
    assert_eq!(seen["by_status"][0], json!({ "status": "done", "entries": 2, "rated": 2, "mean": 6.0 }));
    let years = seen["by_year"].as_array().unwrap();
    assert_eq!(years.iter().map(|year| year["entries"].as_u64().unwrap()).sum::<u64>(), 3);
    site.clock.advance(1);
    let marked = site.put("/collections/9717/episodes", Some(&token), json!({ "mark": "done", "up_to": 3 })).await;
    assert_eq!(marked.status, 201);
    let before = seen["episodes"]["main"].as_u64().unwrap();
    assert_eq!(stats(&site, &token).await["episodes"]["main"], before + 3);
    site.clock.advance(1);
    assert_eq!(site.delete("/collections/1", Some(&token), json!({})).await.status, 204);
    assert_eq!(stats(&site, &token).await["ratings"]["mean"], 4.0);
    assert_eq!(site.get("/collections/stats", None).await.status, 401);
}

#[tokio::test]
async fn what_has_not_changed_is_not_worked_out_again() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "done" })).await;
    let first = stats(&site, &token).await;
    site.proxy.forget();
    assert_eq!(stats(&site, &token).await, first);
    let calls = site.proxy.calls();
    assert!(calls.iter().all(|call| call.is_read()), "nothing is written");
    let of_entries = calls.iter().filter(|call| call.request["IndexName"] == "LSI2").count();
    assert_eq!((of_entries, calls.len()), (0, 4), "who asks, the newest change, the synchronisation, the numbers");
}

#[tokio::test]
async fn what_comes_from_bangumi_counts_as_well() {
    let site = TestSite::start().await;
    let world = site.site.fakes().unwrap().control().bangumi();
    world.fill("sakura", 5);
    let sakura = crate::sync::bound(&site, "sakura").await;
    let token = sakura.token().await;
    assert_eq!(stats(&site, &token).await["entries"], 0);
    crate::sync::run(&site).await;
    assert_eq!(stats(&site, &token).await["entries"], 5);
    site.clock.advance(2 * 24 * 3600);
    world.edit("sakura", 9717, &Modify { kind: Some(2), rate: Some(10), ..Modify::default() });
    crate::sync::run(&site).await;
    let seen = stats(&site, &sakura.token().await).await;
    assert_eq!(
        (&seen["entries"], &seen["ratings"]["histogram"][9].as_u64().is_some_and(|tens| tens > 0)),
        (&json!(6), &true)
    );
}
