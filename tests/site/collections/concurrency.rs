//! Many at once.

use super::{put, somebody};
use tests::{Reply, TestSite, Value, json};
use tokio::task::JoinSet;

/// Sends all at once, and returns the answers in the order in which they came.
async fn at_once(requests: impl IntoIterator<Item = reqwest::RequestBuilder>) -> Vec<Reply> {
    let mut sent = JoinSet::new();
    for request in requests {
        sent.spawn(async move { Reply::read(request.send().await.unwrap()).await });
    }
    sent.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_different_fields_at_once_all_land() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    let changes = super::full();
    let changes = changes.as_object().unwrap();
    let patch = |(name, value): (&String, &Value)| {
        site.http.patch(site.url("/collections/1")).bearer_auth(&token).json(&json!({ name: value }))
    };
    for reply in at_once(changes.iter().map(patch)).await {
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let entry = site.get("/collections/1", Some(&token)).await.json();
    for (name, value) in changes {
        assert_eq!(&entry[name], value, "{name}");
    }
    assert_eq!(entry["version"], 1 + changes.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_changes_of_the_same_version_one_wins_and_the_others_are_412() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let etag = put(&site, &token, 1, json!({ "status": "wish" })).await.header("etag").to_owned();
    let patch = |rating: u8| {
        let request = site.http.patch(site.url("/collections/1")).bearer_auth(&token).header("if-match", &etag);
        request.json(&json!({ "rating": rating }))
    };
    let mut statuses: Vec<_> = at_once((1..=10).map(patch)).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[412; 9][..]));
    assert_eq!(site.get("/collections/1", Some(&token)).await.json()["version"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_add_the_same_entry_one_is_told_that_it_is_new() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let add = |_| site.http.put(site.url("/collections/1")).bearer_auth(&token).json(&json!({ "status": "wish" }));
    let mut statuses: Vec<_> = at_once((0..10).map(add)).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!((&statuses[..9], statuses[9]), (&[200; 9][..], 201));
    assert_eq!(site.get("/collections/1", Some(&token)).await.json()["version"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn different_entries_do_not_get_in_each_others_way() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let add = |subject: u32| {
        let request = site.http.put(site.url(&format!("/collections/{subject}"))).bearer_auth(&token);
        request.json(&json!({ "status": "wish" }))
    };
    assert!(at_once((1..=30).map(add)).await.iter().all(|reply| reply.status == 201));
    let all = site.get("/collections?limit=100", Some(&token)).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 30);
}
