//! What a person shows to everybody.

use std::collections::BTreeSet;

use super::{full, ids, put, somebody, walk};
use tests::{PASSWORD, TestSite, json};

#[tokio::test]
async fn others_see_what_is_not_private_in_the_same_shape() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, full()).await;
    let mut shown = full();
    shown["private"] = json!(false);
    put(&site, &token, 2, shown).await;
    let own = site.get("/collections/2", Some(&token)).await.json();
    let everybodys = site.get("/users/sakura/collections", None).await;
    assert_eq!(everybodys.json(), json!({ "items": [own], "next_cursor": null }));
    // The owner too, and another one's token, see there what everybody sees.
    let stranger = somebody(&site, "tomoyo").await;
    for token in [&token, &stranger] {
        assert_eq!(site.get("/users/sakura/collections", Some(token)).await.json(), everybodys.json());
    }
}

#[tokio::test]
async fn an_entry_disappears_when_it_becomes_private_and_is_back_when_it_no_longer_is() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    for (private, by_put, expected) in
        [(true, false, vec![]), (false, false, vec![1]), (true, true, vec![]), (false, true, vec![1])]
    {
        if by_put {
            put(&site, &token, 1, json!({ "status": "done", "private": private })).await;
        } else {
            site.patch("/collections/1", Some(&token), json!({ "private": private })).await;
        }
        for query in ["", "?sort=updated_at", if by_put { "?status=done" } else { "?status=wish" }] {
            let page = site.get(&format!("/users/sakura/collections{query}"), None).await.json();
            assert_eq!(ids(&page), expected, "{private} {query}");
        }
    }
    site.delete("/collections/1", Some(&token), json!({})).await;
    assert_eq!(ids(&site.get("/users/sakura/collections", None).await.json()), [0; 0]);
}

#[tokio::test]
async fn the_public_list_takes_the_same_parameters_and_walks_as_far() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let statuses = ["wish", "watching", "done", "on_hold", "dropped"];
    for n in 1..=26_u32 {
        let entry = json!({ "status": statuses[n as usize % 5], "private": n % 3 == 0 });
        put(&site, &token, n, entry).await;
        if n % 4 == 0 {
            site.clock.advance(1);
        }
    }
    let shown: Vec<u64> = (1..=26).filter(|n| n % 3 != 0).collect();
    for limit in [1, 5, 100] {
        let oldest = walk(&site, None, &format!("/users/sakura/collections?sort=updated_at&limit={limit}")).await;
        assert_eq!(oldest.concat(), shown);
        let mut newest = walk(&site, None, &format!("/users/sakura/collections?limit={limit}")).await.concat();
        newest.reverse();
        assert_eq!(newest, shown);
    }
    let mut of_all = BTreeSet::new();
    for status in statuses {
        of_all.extend(walk(&site, None, &format!("/users/sakura/collections?limit=2&status={status}")).await.concat());
    }
    assert_eq!(of_all, shown.into_iter().collect());
    for query in ["limit=0", "limit=101", "status=seen", "sort=rating", "cursor=AAAA", "limit=1&limit=1"] {
        assert_eq!(site.get(&format!("/users/sakura/collections?{query}"), None).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_public_cursor_leads_on_in_that_persons_list_alone() {
    let site = TestSite::start().await;
    for name in ["sakura", "tomoyo"] {
        let token = somebody(&site, name).await;
        for subject in 1..=3 {
            put(&site, &token, subject, json!({ "status": "wish" })).await;
        }
    }
    let page = site.get("/users/sakura/collections?limit=1", None).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(site.get(&format!("/users/sakura/collections?cursor={cursor}"), None).await.status, 200);
    assert_eq!(site.get(&format!("/users/tomoyo/collections?cursor={cursor}"), None).await.status, 400);
}

#[tokio::test]
async fn a_name_is_found_however_its_letters_are_written_and_an_unknown_one_is_404() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    for name in ["SAKURA", "sak%75ra"] {
        assert_eq!(site.get(&format!("/users/{name}/collections"), None).await.status, 200, "{name}");
    }
    for name in ["tomoyo", "x", "%E6%A1%9C", "sakura%2F", "sakura@moe.example", "sakura%40moe.example", "%FF"] {
        let reply = site.get(&format!("/users/{name}/collections"), None).await;
        assert!(matches!(reply.status, 400 | 404), "{name}: {}", reply.status);
        assert_ne!(reply.body, r#"{"message":"Not Found"}"#, "{name} reached the function");
    }
    assert_eq!(site.get("/users/tomoyo/collections", None).await.status, 404);
}

#[tokio::test]
async fn a_deleted_account_shows_nothing_any_more() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    let deleted = site.delete("/account", Some(&token), json!({ "password": PASSWORD })).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_eq!(site.get("/users/sakura/collections", None).await.status, 404);
    assert_eq!(site.get("/collections", Some(&token)).await.status, 401);
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!(site.get("/users/sakura/collections", None).await.status, 404);
}
