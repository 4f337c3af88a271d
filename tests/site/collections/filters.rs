//! Looking for some of one's own entries.

use super::{ids, put, somebody, walk};
use tests::{TestSite, json};

#[tokio::test]
async fn entries_are_found_by_tag_rating_and_privacy_and_by_all_together() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for subject in 1..=12_u32 {
        let entry = json!({
            "status": if subject % 2 == 0 { "done" } else { "wish" },
            "tags": if subject % 3 == 0 { vec!["京アニ", "TV"] } else { vec!["TV"] },
            "rating": if subject > 10 { json!(null) } else { json!(subject) },
            "private": subject % 4 == 0,
        });
        put(&site, &token, subject, entry).await;
        site.clock.advance(1);
    }
    for (query, expected) in [
        ("tag=%E4%BA%AC%E3%82%A2%E3%83%8B", vec![12, 9, 6, 3]),
        ("tag=%E4%BA%AC", vec![]),
        ("rating_min=8", vec![10, 9, 8]),
        ("rating_max=2", vec![2, 1]),
        ("rating_min=4&rating_max=6", vec![6, 5, 4]),
        ("rating_min=7&rating_max=6", vec![]),
        ("private=true", vec![12, 8, 4]),
        ("private=false&status=done&sort=updated_at", vec![2, 6, 10]),
        ("tag=TV&rating_min=5&private=true", vec![8]),
    ] {
        for limit in [1, 2, 100] {
            let pages = walk(&site, Some(&token), &format!("/collections?{query}&limit={limit}")).await;
            assert_eq!(pages.concat(), expected, "{query}");
            assert!(pages.iter().all(|page| page.len() <= limit), "{query}");
            assert_eq!(pages.len(), expected.len().div_ceil(limit).max(1), "{query}: no page too many");
        }
    }
}

#[tokio::test]
async fn what_is_looked_for_wrongly_is_refused_and_a_cursor_belongs_to_what_was_looked_for() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for query in ["rating_min=0", "rating_max=11", "rating_min=x", "private=yes", "tag=a&tag=b"] {
        assert_eq!(site.get(&format!("/collections?{query}"), Some(&token)).await.status, 400, "{query}");
    }
    for (length, status) in [(50, 200), (51, 400)] {
        let long = format!("/collections?tag={}", "a".repeat(length));
        assert_eq!(site.get(&long, Some(&token)).await.status, status);
    }
    for subject in 1..=3 {
        put(&site, &token, subject, json!({ "status": "wish", "rating": 9 })).await;
    }
    let page = site.get("/collections?rating_min=8&limit=1", Some(&token)).await.json();
    assert_eq!(ids(&page), [3]);
    let cursor = page["next_cursor"].as_str().unwrap();
    for query in ["rating_min=9", "rating_min=8&private=false", "limit=1"] {
        let reply = site.get(&format!("/collections?{query}&cursor={cursor}"), Some(&token)).await;
        assert_eq!(reply.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_rare_find_in_a_long_collection_is_reached_by_pages_that_may_be_empty() {
    let site = TestSite::start().await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    let token = site.sign_in(&user).await;
    let id = user.user_id.parse().unwrap();
    for subject in 1..=2_005_u32 {
        let rating = (subject == 1).then_some(10);
        let new = shared::collection::Entry::new(subject, shared::collection::Status::Done, app.clock.now_millis());
        let entry = shared::collection::Entry { rating, version: 1, ..new };
        let attempt = shared::id::Attempt::new(&app.entropy);
        assert!(app.store.put_entry(id, &entry, None, attempt).await.unwrap());
    }
    let pages = walk(&site, Some(&token), "/collections?rating_min=10&limit=5").await;
    assert_eq!(pages, [vec![], vec![], vec![1]]);
}
