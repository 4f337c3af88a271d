//! What was removed, and can come back; and what somebody did to their collection.

use super::{full, ids, put, somebody, walk};
use tests::{Reply, TestSite, Value, json};

async fn remove(site: &TestSite, token: &str, subject_id: u32) {
    let path = format!("/collections/{subject_id}");
    assert_eq!(site.delete(&path, Some(token), json!({})).await.status, 204);
}

async fn restore(site: &TestSite, token: &str, subject_id: u32) -> Reply {
    site.post(&format!("/collections/{subject_id}/restore"), Some(token), json!({})).await
}

/// What happened, the latest first: subject, what, and the fields that changed.
async fn told(site: &TestSite, token: &str) -> Vec<(u64, String, Vec<String>)> {
    let page = site.get("/collections/activity?limit=100", Some(token)).await.json();
    let told = page["items"].as_array().unwrap().iter().map(|change| {
        let fields = change["fields"].as_array().unwrap().iter();
        let fields = fields.map(|field| field["field"].as_str().unwrap().to_owned()).collect();
        (change["subject_id"].as_u64().unwrap(), change["happened"].as_str().unwrap().to_owned(), fields)
    });
    told.collect()
}

#[tokio::test]
async fn what_was_removed_comes_back_as_it_was_for_30_days() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let before = put(&site, &token, 1, full()).await.json();
    remove(&site, &token, 1).await;
    for list in ["/collections", "/collections?status=done", "/users/sakura/collections"] {
        assert_eq!(ids(&site.get(list, Some(&token)).await.json()), [0; 0], "{list}");
    }
    site.clock.advance(30 * 24 * 60 * 60 - 1);
    let token = site.sign_in(&user).await;
    let restored = restore(&site, &token, 1).await;
    assert_eq!(restored.status, 200, "{}", restored.body);
    for (name, value) in before.as_object().unwrap() {
        if !["updated_at", "version"].contains(&name.as_str()) {
            assert_eq!(&restored.json()[name], value, "{name}");
        }
    }
    assert_eq!(site.get("/collections/1", Some(&token)).await.json(), restored.json());
    let again = restore(&site, &token, 1).await;
    assert_eq!((again.status, again.json()), (200, restored.json()), "its answer can be lost");

    remove(&site, &token, 1).await;
    site.clock.advance(30 * 24 * 60 * 60);
    let token = site.sign_in(&user).await;
    assert_eq!(restore(&site, &token, 1).await.status, 404);
    assert_eq!(ids(&site.get("/collections/removed", Some(&token)).await.json()), [0; 0]);
    assert_eq!(restore(&site, &token, 2).await.status, 404, "it never was there");
}

#[tokio::test]
async fn what_can_come_back_is_listed_the_latest_first_and_to_nobody_else() {
    let site = TestSite::start().await;
    let (token, other) = (somebody(&site, "sakura").await, somebody(&site, "tomoyo").await);
    for subject in 1..=5 {
        put(&site, &token, subject, json!({ "status": "wish" })).await;
    }
    for subject in [3, 1, 5] {
        site.clock.advance(1);
        remove(&site, &token, subject).await;
    }
    assert_eq!(walk(&site, Some(&token), "/collections/removed?limit=2").await, [vec![5, 1], vec![3]]);
    let page = site.get("/collections/removed", Some(&token)).await.json();
    assert_eq!(page["items"][0]["deleted_at"], site.clock.now_millis().to_string());
    restore(&site, &token, 1).await;
    assert_eq!(walk(&site, Some(&token), "/collections/removed?limit=2").await, [vec![5, 3]]);
    assert_eq!(walk(&site, Some(&other), "/collections/removed?limit=2").await, [vec![0_u64; 0]]);
    assert_eq!(restore(&site, &other, 3).await.status, 404);
}

#[tokio::test]
async fn each_change_is_told_with_what_was_before_and_what_is_after() {
    let site = TestSite::start().await;
    let (token, other) = (somebody(&site, "sakura").await, somebody(&site, "tomoyo").await);
    put(&site, &token, 1, json!({ "status": "watching", "tags": ["京アニ"] })).await;
    put(&site, &token, 1, json!({ "status": "watching", "tags": ["京アニ"] })).await;
    site.patch("/collections/1", Some(&token), json!({ "rating": 9, "status": "done" })).await;
    remove(&site, &token, 1).await;
    remove(&site, &token, 1).await;
    restore(&site, &token, 1).await;
    remove(&site, &token, 1).await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    let fields = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let expected = [
        ("added", fields(&["status"])),
        ("removed", vec![]),
        ("restored", vec![]),
        ("removed", vec![]),
        ("changed", fields(&["rating", "status"])),
        ("added", fields(&["status", "tags"])),
    ];
    assert_eq!(told(&site, &token).await, expected.map(|(happened, fields)| (1, happened.to_owned(), fields)));
    let page = site.get("/collections/activity?limit=5", Some(&token)).await.json();
    assert_eq!(page["items"][4]["fields"][0], json!({ "field": "rating", "before": null, "after": 9 }));
    assert_eq!(told(&site, &other).await, []);
}

#[tokio::test]
async fn changes_are_told_page_by_page_and_not_to_those_who_may_not_read() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for subject in 1..=5 {
        put(&site, &token, subject, json!({ "status": "wish" })).await;
    }
    let all = walk(&site, Some(&token), "/collections/activity?limit=2").await;
    assert_eq!(all, [vec![5, 4], vec![3, 2], vec![1]]);
    for path in ["/collections/activity", "/collections/removed"] {
        assert_eq!(site.get(path, None).await.status, 401, "{path}");
        assert_eq!(site.get(&format!("{path}?limit=0"), Some(&token)).await.status, 400, "{path}");
        assert_eq!(site.get(&format!("{path}?cursor=x"), Some(&token)).await.status, 400, "{path}");
    }
    let cursor = site.get("/collections/activity?limit=1", Some(&token)).await.json();
    let Value::String(cursor) = &cursor["next_cursor"] else { panic!("{cursor}") };
    let elsewhere = site.get(&format!("/collections/removed?cursor={cursor}"), Some(&token)).await;
    assert_eq!(elsewhere.status, 400, "a cursor belongs to its list");
}
