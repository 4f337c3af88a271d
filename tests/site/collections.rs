//! The collection: one's own entries, pages of them, and what others show.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use tests::{Reply, TestSite, Value, json};

mod concurrency;
mod entries;
mod episodes;
mod filters;
mod history;
mod page;
mod pages;
mod preconditions;
mod public;
mod scopes;
mod sorted;
mod stats;
mod transfer;

/// Somebody new, by the token of their own sign-in.
async fn somebody(site: &TestSite, username: &str) -> String {
    let user = site.register(username).await;
    site.sign_in(&user).await
}

/// Adds an entry, or replaces it.
async fn put(site: &TestSite, token: &str, subject_id: u32, entry: Value) -> Reply {
    let reply = site.put(&format!("/collections/{subject_id}"), Some(token), entry).await;
    assert!(matches!(reply.status, 200 | 201), "{} {}", reply.status, reply.body);
    reply
}

/// The `subject_id`s of a page.
fn ids(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|item| item["subject_id"].as_u64().unwrap()).collect()
}

/// Follows `next_cursor` from the list at `path` (with a query) to the end: the `subject_id`s of each page.
async fn walk(site: &TestSite, token: Option<&str>, path: &str) -> Vec<Vec<u64>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = site.get(&format!("{path}{cursor}"), token).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let page = reply.json();
        pages.push(ids(&page));
        assert!(pages.len() < 100, "the walk has no end");
        match &page["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            end => {
                assert!(end.is_null());
                return pages;
            }
        }
    }
}

/// An entry with every field set.
fn full() -> Value {
    json!({
        "status": "done", "rating": 9, "comment": "泣ける 😭", "tags": ["京アニ", "2011"], "private": true,
        "rewatch_count": 3, "started_at": "2011-04-05", "finished_at": "2011-09-13T22:30:00+09:00",
    })
}
