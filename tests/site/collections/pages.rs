//! Pages of one's own collection.

use std::collections::BTreeSet;

use super::{ids, put, somebody, walk};
use tests::{TestSite, json};

const STATUSES: [&str; 5] = ["wish", "watching", "done", "on_hold", "dropped"];

/// 23 entries, whose times are sometimes equal; of every status.
async fn fill(site: &TestSite, token: &str) -> Vec<u64> {
    // Not in the order of their ids, and with ids whose text sorts otherwise than their number.
    let subjects: Vec<u64> = (1..=23).map(|n| (n * 7919) % 1009).collect();
    for (at, subject) in subjects.iter().enumerate() {
        put(site, token, u32::try_from(*subject).unwrap(), json!({ "status": STATUSES[at % 5] })).await;
        if at % 4 == 3 {
            site.clock.advance(1);
        }
    }
    subjects
}

#[tokio::test]
async fn cursors_walk_the_whole_list_exactly_once_in_both_orders_whatever_the_limit() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let all: BTreeSet<_> = fill(&site, &token).await.into_iter().collect();
    for limit in [1, 4, 22, 23, 24, 100] {
        let newest = walk(&site, Some(&token), &format!("/collections?limit={limit}")).await;
        let oldest = walk(&site, Some(&token), &format!("/collections?limit={limit}&sort=updated_at")).await;
        for pages in [&newest, &oldest] {
            assert_eq!(pages.len(), 23_usize.div_ceil(limit), "no page too many");
            assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit), "every page but the last is full");
            assert_eq!(pages.concat().len(), 23);
            assert_eq!(pages.concat().into_iter().collect::<BTreeSet<_>>(), all);
        }
        let reversed: Vec<_> = oldest.concat().into_iter().rev().collect();
        assert_eq!(newest.concat(), reversed);
    }
}

#[tokio::test]
async fn the_newest_change_comes_first_unless_asked_otherwise() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for subject in [3, 1, 2] {
        put(&site, &token, subject, json!({ "status": "wish" })).await;
        site.clock.advance(1);
    }
    put(&site, &token, 3, json!({ "status": "done" })).await;
    for (query, expected) in [("", [3, 2, 1]), ("?sort=-updated_at", [3, 2, 1]), ("?sort=updated_at", [1, 2, 3])] {
        let page = site.get(&format!("/collections{query}"), Some(&token)).await.json();
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["next_cursor"], json!(null));
    }
}

#[tokio::test]
async fn a_status_shows_its_own_entries_alone_and_pages_through_them() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let subjects = fill(&site, &token).await;
    for (at, status) in STATUSES.iter().enumerate() {
        let expected: Vec<_> = subjects.iter().copied().skip(at).step_by(5).collect();
        let mut newest = walk(&site, Some(&token), &format!("/collections?status={status}&limit=2")).await.concat();
        let oldest = walk(&site, Some(&token), &format!("/collections?status={status}&limit=2&sort=updated_at")).await;
        newest.reverse();
        assert_eq!((newest, oldest.concat()), (expected.clone(), expected), "{status}");
    }
    // An entry moves from one list to the other.
    site.patch(&format!("/collections/{}", subjects[0]), Some(&token), json!({ "status": "done" })).await;
    let wished = site.get("/collections?status=wish", Some(&token)).await.json();
    let done = site.get("/collections?status=done", Some(&token)).await.json();
    assert!(!ids(&wished).contains(&subjects[0]) && ids(&done)[0] == subjects[0]);
}

#[tokio::test]
async fn entries_that_change_during_a_walk_disturb_none_of_the_others() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for order in ["updated_at", "-updated_at"] {
        for subject in 1..=12 {
            put(&site, &token, subject, json!({ "status": "wish" })).await;
            site.clock.advance(1);
        }
        let list = format!("/collections?limit=3&sort={order}");
        let mut page = site.get(&list, Some(&token)).await.json();
        let mut seen = ids(&page);
        // The page's last entry, on which the cursor stands, is removed; one seen and one unseen change.
        let last = *seen.last().unwrap();
        site.delete(&format!("/collections/{last}"), Some(&token), json!({})).await;
        for subject in [seen[0], 6] {
            site.patch(&format!("/collections/{subject}"), Some(&token), json!({ "rating": 5 })).await;
        }
        let changed = [seen[0], 6];
        while let Some(cursor) = page["next_cursor"].as_str() {
            page = site.get(&format!("{list}&cursor={cursor}"), Some(&token)).await.json();
            seen.extend(ids(&page));
        }
        for subject in (1..=12).filter(|subject| !changed.contains(subject)) {
            assert_eq!(seen.iter().filter(|id| **id == subject).count(), 1, "{order} {subject}: {seen:?}");
        }
        for subject in 1..=12 {
            site.delete(&format!("/collections/{subject}"), Some(&token), json!({})).await;
        }
    }
}

#[tokio::test]
async fn a_limit_is_a_number_from_1_to_100_and_20_if_left_out() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    fill(&site, &token).await;
    for limit in ["0", "101", "-1", "1.5", "ten", "99999999999999999999", "%31%30%31"] {
        let reply = site.get(&format!("/collections?limit={limit}"), Some(&token)).await;
        assert_eq!((reply.status, reply.header("content-type")), (400, "application/problem+json"), "{limit}");
    }
    for (query, expected) in [("", 20), ("?limit=1", 1), ("?limit=100", 23), ("?limit=%31", 1)] {
        let page = site.get(&format!("/collections{query}"), Some(&token)).await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), expected, "{query}");
    }
}

#[tokio::test]
async fn an_unknown_status_or_order_or_a_parameter_given_twice_is_400() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for query in [
        "status=seen",
        "status=WISH",
        "sort=score",
        "sort=UPDATED_AT",
        "sort=%2Bupdated_at",
        "status=wish&status=done",
        "limit=1&limit=2",
        "sort=updated_at&sort=updated_at",
        "cursor=a&cursor=b",
    ] {
        assert_eq!(site.get(&format!("/collections?{query}"), Some(&token)).await.status, 400, "{query}");
    }
    assert_eq!(site.get("/collections?status=on%5Fhold&colour=red", Some(&token)).await.status, 200);
}

#[tokio::test]
async fn a_cursor_leads_on_only_in_the_list_that_gave_it() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (somebody(&site, "sakura").await, somebody(&site, "tomoyo").await);
    for token in [&sakura, &tomoyo] {
        fill(&site, token).await;
    }
    let page = site.get("/collections?limit=5&status=wish", Some(&sakura)).await.json();
    assert!(page["next_cursor"].is_null(), "five of 23 are wishes");
    let page = site.get("/collections?limit=2&status=wish", Some(&sakura)).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let same = site.get(&format!("/collections?status=wish&cursor={cursor}"), Some(&sakura)).await;
    assert_eq!(same.status, 200, "another limit is the same list");
    for (query, token) in [
        (format!("status=wish&cursor={cursor}"), &tomoyo),
        (format!("cursor={cursor}"), &sakura),
        (format!("status=done&cursor={cursor}"), &sakura),
        (format!("status=wish&sort=updated_at&cursor={cursor}"), &sakura),
        (format!("status=wish&cursor={}", &cursor[..cursor.len() - 2]), &sakura),
        (format!("status=wish&cursor={cursor}AA"), &sakura),
        ("status=wish&cursor=AAAA".to_owned(), &sakura),
        ("status=wish&cursor=%F0%9F%8C%B8".to_owned(), &sakura),
    ] {
        assert_eq!(site.get(&format!("/collections?{query}"), Some(token)).await.status, 400, "{query}");
    }
    // The list that others see of the same person is another one.
    let reply = site.get(&format!("/users/sakura/collections?status=wish&cursor={cursor}"), None).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn a_cursor_is_good_for_a_week_and_not_longer() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    fill(&site, &token).await;
    let page = site.get("/users/sakura/collections?limit=3", None).await.json();
    let path = format!("/users/sakura/collections?limit=3&cursor={}", page["next_cursor"].as_str().unwrap());
    site.clock.advance(7 * 86_400 - 1);
    assert_eq!(site.get(&path, None).await.status, 200);
    site.clock.advance(1);
    assert_eq!(site.get(&path, None).await.status, 400);
}

#[tokio::test]
async fn an_empty_collection_is_an_empty_page() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    assert_eq!(site.get("/collections", Some(&token)).await.json(), json!({ "items": [], "next_cursor": null }));
    assert_eq!(site.get("/users/sakura/collections", None).await.json(), json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_page_costs_the_same_however_long_the_collection_is() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let mut costs = Vec::new();
    for subjects in [1..=11, 12..=60] {
        for subject in subjects {
            put(&site, &token, subject, json!({ "status": "wish" })).await;
        }
        for path in ["/collections?limit=10", "/users/sakura/collections?limit=10&status=wish"] {
            site.proxy.forget();
            assert_eq!(site.get(path, Some(&token)).await.json()["items"].as_array().unwrap().len(), 10);
            let calls = site.proxy.calls();
            let read: u64 = calls.iter().filter_map(|call| call.answer["ScannedCount"].as_u64()).sum();
            costs.push((path, calls.len(), read));
        }
    }
    assert_eq!(costs[0], costs[2]);
    assert_eq!(costs[1], costs[3]);
}
