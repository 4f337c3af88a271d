//! A collection: kept, changed, listed and shown.

use std::cell::Cell;

use super::people::newcomer;
use super::{Ended, withstands};
use tests::{Browser, Reply, TestSite, Value, json};

async fn owner(site: &TestSite) -> Browser<'_> {
    newcomer(site, "sakura").await.browser
}

async fn entry(site: &TestSite, owner: &Browser<'_>, subject: u32) -> Reply {
    site.send(owner.http.get(site.url(&format!("/collections/{subject}"))), None).await
}

async fn put(site: &TestSite, owner: &Browser<'_>, subject: u32, entry: Value) -> Reply {
    site.send(owner.http.put(site.url(&format!("/collections/{subject}"))).json(&entry), None).await
}

#[tokio::test]
async fn e61_a_new_entry_is_written_once() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    let next = Cell::new(0);
    let prepare = async || next.replace(next.get() + 1) + 1;
    let run = async |subject: &u32| put(&site, &owner, *subject, json!({ "status": "wish" })).await;
    let after = async |subject: &u32, ended: Ended| {
        let case = &ended.case;
        if !ended.well() {
            let there = entry(&site, &owner, *subject).await.status;
            assert_eq!(there, if ended.unsaid { 200 } else { 404 }, "{case}");
            assert_eq!(run(subject).await.status, if ended.unsaid { 200 } else { 201 }, "{case}");
        }
        assert_eq!(entry(&site, &owner, *subject).await.json()["version"], 1, "{case}");
    };
    withstands(&site, "PUT /collections/{subject_id}", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_change_of_an_entry_is_made_once_and_a_retry_of_it_is_no_conflict() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    put(&site, &owner, 1, json!({ "status": "wish" })).await;
    for (route, patch) in [("PUT /collections/{subject_id}", false), ("PATCH /collections/{subject_id}", true)] {
        let prepare = async || {
            let before = entry(&site, &owner, 1).await;
            let rating = before.json()["rating"].as_u64().unwrap_or_default() % 10 + 1;
            (before.header("etag").to_owned(), before.json()["version"].as_u64().unwrap(), rating)
        };
        let run = async |(etag, _, rating): &(String, u64, u64)| {
            let url = site.url("/collections/1");
            let request = if patch {
                owner.http.patch(url).json(&json!({ "rating": rating }))
            } else {
                owner.http.put(url).json(&json!({ "status": "watching", "rating": rating }))
            };
            site.send(request.header("if-match", etag), None).await
        };
        let after = async |state: &(String, u64, u64), ended: Ended| {
            let (_, version, rating) = state;
            let changed = ended.well() || ended.unsaid;
            let now = entry(&site, &owner, 1).await.json();
            assert_eq!(now["version"], version + u64::from(changed), "{}", ended.case);
            if !changed {
                assert_eq!(run(state).await.status, 200, "{}", ended.case);
            }
            assert_eq!(entry(&site, &owner, 1).await.json()["rating"], *rating, "{}", ended.case);
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_an_entry_is_removed_once_and_a_retry_of_it_is_no_conflict() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    for conditional in [false, true] {
        let prepare = async || put(&site, &owner, 1, json!({ "status": "wish" })).await.header("etag").to_owned();
        let run = async |etag: &String| {
            let request = owner.http.delete(site.url("/collections/1"));
            let request = if conditional { request.header("if-match", etag) } else { request };
            site.send(request, None).await
        };
        let after = async |etag: &String, ended: Ended| {
            let gone = ended.well() || ended.unsaid;
            assert_eq!(entry(&site, &owner, 1).await.status, if gone { 404 } else { 200 }, "{}", ended.case);
            if !gone {
                assert_eq!(run(etag).await.status, 204, "{}", ended.case);
            }
        };
        withstands(&site, "DELETE /collections/{subject_id}", prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_an_episode_is_marked_once() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    let episodes = "/collections/9717/episodes";
    let prepare = async || {
        let body = json!({ "mark": null, "up_to": 2 });
        site.send(owner.http.put(site.url(episodes)).json(&body), None).await;
    };
    let many = async |(): &()| {
        site.send(owner.http.put(site.url(episodes)).json(&json!({ "mark": "done", "up_to": 2 })), None).await
    };
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(many(&())).await.status / 100, 2, "{case}");
        assert_eq!(entry(&site, &owner, 9717).await.json()["progress"]["main"], 2, "{case}");
    };
    many(&()).await;
    withstands(&site, "PUT /collections/{subject_id}/episodes", prepare, many, after).await;
    let first = site.site.fakes().unwrap().control().bangumi().episodes(9717, 0)[0];
    let one = async |(): &()| {
        let path = format!("{episodes}/{first}");
        site.send(owner.http.put(site.url(&path)).json(&json!({ "mark": "done" })), None).await
    };
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(one(&())).await.status, 200, "{case}");
        assert_eq!(entry(&site, &owner, 9717).await.json()["progress"]["main"], 1, "{case}");
    };
    withstands(&site, "PUT /collections/{subject_id}/episodes/{episode_id}", prepare, one, after).await;
    let list = async |(): &()| site.send(owner.http.get(site.url(episodes)), None).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(list(&())).await.json()["items"].as_array().map(Vec::len), Some(1), "{case}");
    };
    one(&()).await;
    withstands(&site, "GET /collections/{subject_id}/episodes", async || (), list, after).await;
}

#[tokio::test]
async fn e61_a_removal_is_undone_once_and_what_was_removed_is_listed() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    let listed = async || site.send(owner.http.get(site.url("/collections/removed")), None).await;
    let prepare = async || {
        put(&site, &owner, 1, json!({ "status": "wish" })).await;
        let removed = site.send(owner.http.delete(site.url("/collections/1")), None).await;
        assert_eq!(removed.status, 204);
    };
    let restore = async |(): &()| {
        let request = owner.http.post(site.url("/collections/1/restore")).json(&json!({}));
        site.send(request, None).await
    };
    let after = async |(): &(), ended: Ended| {
        let back = ended.well() || ended.unsaid;
        assert_eq!(entry(&site, &owner, 1).await.status, if back { 200 } else { 404 }, "{}", ended.case);
        assert_eq!(ended.or_else(restore(&())).await.status, 200, "a retry is no conflict");
        assert_eq!(entry(&site, &owner, 1).await.status, 200);
    };
    withstands(&site, "POST /collections/{subject_id}/restore", prepare, restore, after).await;

    prepare().await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(listed()).await.json()["items"][0]["subject_id"], 1, "{case}");
    };
    withstands(&site, "GET /collections/removed", async || (), async |(): &()| listed().await, after).await;
}

#[tokio::test]
async fn e61_entries_and_lists_answer_503_while_the_table_fails_and_then_as_before() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    for subject in 1..=3 {
        put(&site, &owner, subject, json!({ "status": "done" })).await;
    }
    for (route, path) in [
        ("GET /collections/{subject_id}", "/collections/2"),
        ("GET /collections", "/collections?limit=2"),
        ("GET /collections", "/collections?limit=2&sort=-rating"),
        ("GET /collections/activity", "/collections/activity?limit=2"),
        ("GET /users/{username}/collections", "/users/sakura/collections?limit=2"),
    ] {
        let run = async |(): &()| site.send(owner.http.get(site.url(path)), None).await;
        // A cursor is sealed anew each time.
        let shown = |reply: &Reply| -> Value {
            let json = reply.json();
            json.get("items").unwrap_or(&json).clone()
        };
        let usual = shown(&run(&()).await);
        assert_eq!(usual.as_array().map_or(2, Vec::len), 2);
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(shown(&ended.or_else(run(&())).await), usual, "{case}: nothing is missing");
        };
        withstands(&site, route, async || (), run, after).await;
    }
}

#[tokio::test]
async fn e61_numbers_are_worked_out_whether_or_not_they_can_be_kept() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    let prepare = async || {
        site.clock.advance(1);
        let rating = json!(site.clock.now().0 % 10 + 1);
        put(&site, &owner, 1, json!({ "status": "done", "rating": rating })).await;
        rating
    };
    let run = async |_: &Value| site.send(owner.http.get(site.url("/collections/stats")), None).await;
    let after = async |rating: &Value, ended: Ended| {
        let case = ended.case.clone();
        let mean = ended.or_else(run(rating)).await.json()["ratings"]["mean"].as_f64();
        assert_eq!(mean, rating.as_f64(), "{case}");
    };
    withstands(&site, "GET /collections/stats", prepare, run, after).await;
}

/// Somebody with an entry, in a browser, and their form token.
async fn at_the_page(site: &TestSite) -> (Browser<'_>, String) {
    let owner = owner(site).await;
    put(site, &owner, 9717, json!({ "status": "watching" })).await;
    let csrf = owner.open("/account").await.input("csrf");
    (owner, csrf)
}

#[tokio::test]
async fn e61_the_collections_pages_are_shown_or_503() {
    let site = TestSite::start().await;
    let (owner, _) = at_the_page(&site).await;
    for (route, path, words) in [
        ("GET /me/collections", "/me/collections", "title-9717"),
        ("GET /me/collections/{subject_id}", "/me/collections/9717", "id=\"save\""),
        ("GET /me/collections/add", "/me/collections/add?q=CLANNAD", "role=\"search\""),
        ("GET /me/collections/sync", "/me/collections/sync", "/connections"),
    ] {
        // What Bangumi says is kept.
        assert_eq!(owner.open(path).await.status, 200);
        let run = async |(): &()| owner.open(path).await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            let shown = ended.or_else(run(&())).await;
            assert!(shown.body.contains(words), "{case}: {}", shown.body);
        };
        withstands(&site, route, async || (), run, after).await;
    }
}

#[tokio::test]
async fn e61_a_click_on_the_collections_pages_counts_once() {
    let site = TestSite::start().await;
    let (owner, csrf) = at_the_page(&site).await;
    let watched = async || entry(&site, &owner, 9717).await.json()["progress"]["main"].as_u64().unwrap();
    let next = async |_: &u64| owner.submit("/me/collections", &[("csrf", &csrf), ("subject_id", "9717")]).await;
    let after = async |before: &u64, ended: Ended| {
        let case = &ended.case;
        let counted = ended.well() || ended.unsaid;
        assert_eq!(watched().await, before + u64::from(counted), "{case}");
    };
    let prepare = async || {
        // Before the last one.
        put(&site, &owner, 9717, json!({ "status": "watching" })).await;
        let none = json!({ "mark": null, "up_to": 9999 });
        site.send(owner.http.put(site.url("/collections/9717/episodes")).json(&none), None).await;
        watched().await
    };
    withstands(&site, "POST /me/collections", prepare, next, after).await;

    let rating = Cell::new(0);
    let prepare = async || {
        rating.set(rating.get() % 10 + 1);
        rating.get().to_string()
    };
    let save = async |rating: &String| {
        let pairs = [("csrf", csrf.as_str()), ("action", "save"), ("status", "watching"), ("rating", rating)];
        owner.submit("/me/collections/9717", &pairs).await
    };
    let after = async |rating: &String, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(save(rating)).await.status, 303, "{case}");
        assert_eq!(entry(&site, &owner, 9717).await.json()["rating"].to_string(), *rating, "{case}");
    };
    withstands(&site, "POST /me/collections/{subject_id}", prepare, save, after).await;
}

#[tokio::test]
async fn e61_a_file_goes_out_whole_and_what_a_cut_import_left_the_next_one_does() {
    let site = TestSite::start().await;
    let owner = owner(&site).await;
    put(&site, &owner, 1, json!({ "status": "wish" })).await;
    let export = async |(): &()| site.send(owner.http.get(site.url("/collections/export?format=csv")), None).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert!(ended.or_else(export(&())).await.body.contains("\n1,"), "{case}");
    };
    withstands(&site, "GET /collections/export", async || (), export, after).await;

    let rating = Cell::new(0);
    let prepare = async || {
        site.clock.advance(1);
        rating.set(rating.get() % 10 + 1);
        rating.get()
    };
    let import = async |rating: &u32| {
        let items =
            json!([{ "subject_id": 1, "rating": rating }, { "subject_id": 2, "status": "done", "rating": rating }]);
        let request = owner.http.post(site.url("/collections/import")).json(&json!({ "items": items }));
        site.send(request, None).await
    };
    let after = async |rating: &u32, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(import(rating)).await.status, 200, "{case}");
        for subject in [1, 2] {
            assert_eq!(entry(&site, &owner, subject).await.json()["rating"], *rating, "{case}");
        }
    };
    withstands(&site, "POST /collections/import", prepare, import, after).await;
}
