//! One entry: added, read, replaced, changed and removed.

use super::{full, put, somebody};
use tests::{TestSite, Value, json};

#[tokio::test]
async fn a_new_entry_is_201_with_every_default_and_reads_back_the_same() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let made = site.put("/collections/12", Some(&token), json!({ "status": "wish" })).await;
    assert_eq!(made.status, 201);
    let now = "2026-01-01T00:00:00Z";
    let expected = json!({
        "subject_id": 12, "status": "wish", "rating": null, "comment": null, "tags": [], "private": false,
        "rewatch_count": 0, "started_at": null, "finished_at": null,
        "progress": { "main": 0, "special": 0 }, "created_at": now, "updated_at": now, "version": 1,
    });
    let json = made.json();
    let mut own = moments_to_seconds(&json);
    assert!(own.as_object_mut().unwrap().remove("subject").unwrap()["name"].is_string());
    assert_eq!(own, expected);
    let read = site.get("/collections/12", Some(&token)).await;
    assert_eq!((read.status, read.json()), (200, json.clone()));
    assert_eq!(site.get("/collections", Some(&token)).await.json()["items"], json!([json]));
}

/// Moments may be told with fractions of a second.
fn moments_to_seconds(entry: &Value) -> Value {
    let mut entry = entry.clone();
    for field in ["created_at", "updated_at"] {
        entry[field] = entry[field].as_str().unwrap().replace(".000Z", "Z").into();
    }
    entry
}

#[tokio::test]
async fn every_field_is_kept_as_it_was_sent() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, full()).await;
    let entry = site.get("/collections/1", Some(&token)).await.json();
    for (name, value) in full().as_object().unwrap() {
        assert_eq!(&entry[name], value, "{name}");
    }
}

#[tokio::test]
async fn replacing_is_200_and_gives_defaults_to_what_did_not_come() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let made = put(&site, &token, 1, full()).await.json();
    site.clock.advance(60);
    let replaced = put(&site, &token, 1, json!({ "status": "dropped" })).await;
    assert_eq!(replaced.status, 200);
    let entry = replaced.json();
    assert_eq!(
        (&entry["status"], &entry["rating"], &entry["comment"]),
        (&json!("dropped"), &json!(null), &json!(null))
    );
    assert_eq!((&entry["tags"], &entry["private"], &entry["rewatch_count"]), (&json!([]), &json!(false), &json!(0)));
    assert_eq!((&entry["started_at"], &entry["finished_at"]), (&json!(null), &json!(null)));
    assert_eq!(entry["created_at"], made["created_at"]);
}

#[tokio::test]
async fn a_patch_changes_only_what_came_and_null_takes_away() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, full()).await;
    let changed = site.patch("/collections/1", Some(&token), json!({ "rating": null, "status": "on_hold" })).await;
    assert_eq!(changed.status, 200);
    let entry = changed.json();
    let expected = full();
    assert_eq!((&entry["rating"], &entry["status"]), (&json!(null), &json!("on_hold")));
    for name in ["comment", "tags", "private", "rewatch_count", "started_at", "finished_at"] {
        assert_eq!(entry[name], expected[name], "{name}");
    }
    let cleared = json!({ "comment": null, "started_at": null, "finished_at": null, "tags": [], "private": false });
    let entry = site.patch("/collections/1", Some(&token), cleared.clone()).await.json();
    for (name, value) in cleared.as_object().unwrap() {
        assert_eq!(&entry[name], value, "{name}");
    }
}

#[tokio::test]
async fn every_change_raises_version_and_updated_at_and_moves_the_etag_on() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let first = put(&site, &token, 1, json!({ "status": "wish" })).await;
    site.clock.advance(1);
    let second = put(&site, &token, 1, json!({ "status": "watching" })).await;
    site.clock.advance(1);
    let third = site.patch("/collections/1", Some(&token), json!({ "rating": 7 })).await;
    let read = site.get("/collections/1", Some(&token)).await;
    let versions: Vec<_> = [&first, &second, &third, &read].map(|reply| reply.json()["version"].clone()).into();
    assert_eq!(versions, [1, 2, 3, 3]);
    let times = [&first, &second, &third].map(|reply| reply.json()["updated_at"].as_str().unwrap().to_owned());
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
    let etags = [&first, &second, &third].map(|reply| reply.header("etag").to_owned());
    assert!(etags.iter().all(|etag| etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2), "{etags:?}");
    assert!(etags[0] != etags[1] && etags[1] != etags[2] && etags[0] != etags[2]);
    assert_eq!(read.header("etag"), etags[2]);
}

#[tokio::test]
async fn a_change_is_newer_than_the_one_before_also_by_a_clock_that_is_behind() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let first = put(&site, &token, 1, json!({ "status": "wish" })).await.json();
    let second = put(&site, &token, 1, json!({ "status": "watching" })).await.json();
    site.clock.advance(-5);
    let third = put(&site, &token, 1, json!({ "status": "done" })).await.json();
    let times = [first, second, third].map(|entry| entry["updated_at"].as_str().unwrap().to_owned());
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let made = put(&site, &token, 1, full()).await;
    site.clock.advance(60);
    site.proxy.forget();
    let again = put(&site, &token, 1, full()).await;
    let patched = site.patch("/collections/1", Some(&token), json!({ "rating": 9, "unknown": true })).await;
    for reply in [again, patched] {
        assert_eq!((reply.status, reply.json()), (200, made.json()));
        assert_eq!(reply.header("etag"), made.header("etag"));
    }
    let calls = site.proxy.calls();
    assert!(!calls.is_empty() && calls.iter().all(tests::faults::Call::is_read), "{calls:?}");
}

#[tokio::test]
async fn a_removed_entry_is_gone_and_comes_back_as_a_new_one() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let first = put(&site, &token, 1, full()).await;
    for _ in 0..2 {
        let removed = site.send(site.http.delete(site.url("/collections/1")), Some(&token)).await;
        assert_eq!((removed.status, removed.body.as_str()), (204, ""), "a removal can be sent again");
    }
    assert_eq!(site.get("/collections/1", Some(&token)).await.status, 404);
    assert_eq!(site.patch("/collections/1", Some(&token), json!({ "rating": 1 })).await.status, 404);
    assert_eq!(site.get("/collections", Some(&token)).await.json()["items"], json!([]));
    site.clock.advance(1);
    let second = site.put("/collections/1", Some(&token), json!({ "status": "wish" })).await;
    let json = second.json();
    assert_eq!((second.status, &json["version"], &json["rating"]), (201, &json!(3), &json!(null)));
    assert_ne!(second.header("etag"), first.header("etag"));
    assert_ne!(second.json()["created_at"], first.json()["created_at"]);
}

#[tokio::test]
async fn an_entry_that_is_not_there_is_404_and_patching_it_makes_none() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    assert_eq!(site.get("/collections/5", Some(&token)).await.status, 404);
    assert_eq!(site.patch("/collections/5", Some(&token), json!({ "status": "wish" })).await.status, 404);
    assert_eq!(site.get("/collections/5", Some(&token)).await.status, 404);
}

#[tokio::test]
async fn a_subject_is_a_whole_number_from_1_to_the_largest_of_32_bits() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for wrong in ["0", "-1", "+1", "01", "1.5", "abc", "4294967296", "%20", "1%2F2", "%E4%B8%80"] {
        let path = format!("/collections/{wrong}");
        for reply in [
            site.get(&path, Some(&token)).await,
            site.put(&path, Some(&token), full()).await,
            site.patch(&path, Some(&token), full()).await,
            site.delete(&path, Some(&token), json!({})).await,
        ] {
            assert_eq!(reply.status, 400, "{wrong}: {}", reply.body);
        }
    }
    for right in [1, u32::MAX] {
        assert_eq!(put(&site, &token, right, full()).await.json()["subject_id"], right);
    }
}

#[tokio::test]
async fn each_wrong_field_is_named_in_one_422_and_nothing_is_written() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let made = put(&site, &token, 1, full()).await.json();
    // Eleven equal tags would be one.
    let tags: Vec<_> = (0..11).map(|n| n.to_string()).collect();
    let wrong = json!({
        "status": "seen", "rating": 11, "comment": "長".repeat(381), "tags": tags, "private": "yes",
        "rewatch_count": -1, "started_at": "soon", "finished_at": "2024-13-01",
    });
    for reply in [
        site.put("/collections/1", Some(&token), wrong.clone()).await,
        site.patch("/collections/1", Some(&token), wrong.clone()).await,
    ] {
        assert_eq!(reply.status, 422);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let mut fields = reply.wrong_fields();
        fields.sort();
        let mut expected: Vec<_> = wrong.as_object().unwrap().keys().cloned().collect();
        expected.sort();
        assert_eq!(fields, expected);
    }
    assert_eq!(site.get("/collections/1", Some(&token)).await.json(), made);
}

#[tokio::test]
async fn the_bounds_of_each_field_are_where_they_are_said_to_be() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish" })).await;
    let tags = |count: usize| Value::from((0..count).map(|n| n.to_string()).collect::<Vec<_>>());
    for (field, good, bad) in [
        (
            "status",
            vec![json!("wish"), json!("watching"), json!("done"), json!("on_hold"), json!("dropped")],
            vec![json!("WISH"), json!(""), json!(null), json!(1)],
        ),
        (
            "rating",
            vec![json!(1), json!(10), json!(null)],
            vec![json!(0), json!(11), json!(7.5), json!("7"), json!(-1)],
        ),
        ("comment", vec![json!("番".repeat(380)), json!(null)], vec![json!("番".repeat(381)), json!(1), json!([])]),
        ("tags", vec![tags(10), tags(0)], vec![tags(11), json!("a"), json!([1]), json!([""]), json!(null)]),
        ("private", vec![json!(true), json!(false)], vec![json!("true"), json!(1), json!(null)]),
        ("rewatch_count", vec![json!(0), json!(9999)], vec![json!(-1), json!(1.5), json!("1"), json!(null)]),
        (
            "started_at",
            vec![json!("2024-02-29"), json!("2024-04-01T12:00:00Z"), json!(null)],
            vec![json!("2023-02-29"), json!("yesterday"), json!(20240401), json!("")],
        ),
        (
            "finished_at",
            vec![json!("2024-02-29"), json!("2024-04-01T12:00:00+09:00"), json!(null)],
            vec![json!("2024-04-01T25:00:00Z"), json!(true)],
        ),
    ] {
        for value in good {
            let reply = site.patch("/collections/1", Some(&token), json!({ field: value })).await;
            assert_eq!((reply.status, &reply.json()[field]), (200, &value), "{field}");
        }
        for value in bad {
            let reply = site.patch("/collections/1", Some(&token), json!({ field: value })).await;
            assert_eq!((reply.status, reply.wrong_fields()), (422, vec![field.to_owned()]), "{field}: {value}");
        }
    }
}

#[tokio::test]
async fn a_put_needs_a_status() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let reply = site.put("/collections/1", Some(&token), json!({ "rating": 5 })).await;
    assert_eq!((reply.status, reply.wrong_fields()), (422, vec!["status".to_owned()]));
    assert_eq!(site.get("/collections/1", Some(&token)).await.status, 404);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_told_so() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let put = |content_type: &'static str, body: &'static str| {
        site.send(
            site.http.put(site.url("/collections/1")).header("content-type", content_type).body(body),
            Some(&token),
        )
    };
    for body in ["", "{", "[]", "null", "\"wish\"", "{\"status\":\"wish\"} x"] {
        assert_eq!(put("application/json", body).await.status, 400, "{body}");
    }
    for content_type in ["application/x-www-form-urlencoded", "text/plain"] {
        assert_eq!(put(content_type, "{\"status\":\"wish\"}").await.status, 415, "{content_type}");
    }
    assert_eq!(put("application/json; charset=utf-8", "{\"status\":\"wish\"}").await.status, 201);
}
