//! A collection: kept, changed, listed and shown.

use std::cell::Cell;

use super::{Ended, every, sampled, withstands};
use tests::{Reply, TestSite, Value, json};

async fn owner(site: &TestSite) -> String {
    let user = site.register("sakura").await;
    site.sign_in(&user).await
}

async fn entry(site: &TestSite, token: &str, subject: u32) -> Reply {
    site.get(&format!("/collections/{subject}"), Some(token)).await
}

#[tokio::test]
async fn e61_a_new_entry_is_written_once() {
    let site = TestSite::start().await;
    let token = owner(&site).await;
    let next = Cell::new(0);
    let prepare = async || next.replace(next.get() + 1) + 1;
    let run = async |subject: &u32| {
        site.put(&format!("/collections/{subject}"), Some(&token), json!({ "status": "wish" })).await
    };
    let after = async |subject: &u32, ended: &Ended| {
        if !ended.well() {
            assert_eq!(entry(&site, &token, *subject).await.status, if ended.unsaid { 200 } else { 404 });
            assert_eq!(run(subject).await.status, if ended.unsaid { 200 } else { 201 }, "{}", ended.case);
        }
        assert_eq!(entry(&site, &token, *subject).await.json()["version"], 1, "{}", ended.case);
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_change_of_an_entry_is_made_once_and_a_retry_of_it_is_no_conflict() {
    let site = TestSite::start().await;
    let token = owner(&site).await;
    site.put("/collections/1", Some(&token), json!({ "status": "wish" })).await;
    for patch in [false, true] {
        let prepare = async || {
            let before = entry(&site, &token, 1).await;
            let rating = before.json()["rating"].as_u64().unwrap_or_default() % 10 + 1;
            (before.header("etag").to_owned(), before.json()["version"].as_u64().unwrap(), rating)
        };
        let run = async |(etag, _, rating): &(String, u64, u64)| {
            let url = site.url("/collections/1");
            let request = if patch {
                site.http.patch(url).json(&json!({ "rating": rating }))
            } else {
                site.http.put(url).json(&json!({ "status": "watching", "rating": rating }))
            };
            site.send(request.header("if-match", etag), Some(&token)).await
        };
        let after = async |state: &(String, u64, u64), ended: &Ended| {
            let (_, version, rating) = state;
            let changed = ended.well() || ended.unsaid;
            let now = entry(&site, &token, 1).await.json();
            assert_eq!(now["version"], version + u64::from(changed), "{}", ended.case);
            if !changed {
                assert_eq!(run(state).await.status, 200, "{}", ended.case);
            }
            assert_eq!(entry(&site, &token, 1).await.json()["rating"], *rating, "{}", ended.case);
        };
        withstands(&site, every, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_an_entry_is_removed_once_and_a_retry_of_it_is_no_conflict() {
    let site = TestSite::start().await;
    let token = owner(&site).await;
    for conditional in [false, true] {
        let prepare = async || {
            let put = site.put("/collections/1", Some(&token), json!({ "status": "wish" })).await;
            put.header("etag").to_owned()
        };
        let run = async |etag: &String| {
            let request = site.http.delete(site.url("/collections/1"));
            let request = if conditional { request.header("if-match", etag) } else { request };
            site.send(request, Some(&token)).await
        };
        let after = async |etag: &String, ended: &Ended| {
            let gone = ended.well() || ended.unsaid;
            assert_eq!(entry(&site, &token, 1).await.status, if gone { 404 } else { 200 }, "{}", ended.case);
            if !gone {
                assert_eq!(run(etag).await.status, 204, "{}", ended.case);
            }
        };
        withstands(&site, every, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_lists_answer_503_while_the_table_fails_and_then_as_before() {
    let site = TestSite::start().await;
    let token = owner(&site).await;
    for subject in 1..=3 {
        site.put(&format!("/collections/{subject}"), Some(&token), json!({ "status": "done" })).await;
    }
    for (path, token) in [("/collections?limit=2", Some(token.as_str())), ("/users/sakura/collections?limit=2", None)] {
        let run = async |(): &()| site.get(path, token).await;
        let items = |reply: &Reply| -> Value { reply.json()["items"].clone() };
        let usual = items(&run(&()).await);
        assert_eq!(usual.as_array().unwrap().len(), 2);
        let after = async |(): &(), ended: &Ended| {
            if ended.well() {
                assert_eq!(items(&ended.reply), usual, "{}: nothing is missing", ended.case);
            }
            assert_eq!(items(&run(&()).await), usual, "{}", ended.case);
        };
        withstands(&site, sampled, async || (), run, after).await;
    }
}
