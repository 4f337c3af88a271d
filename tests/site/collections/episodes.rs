//! Progress by episode.

use local::fakes::{Endpoint, Fault};
use tests::{Reply, TestSite, Value, json};

use super::{put, somebody};

/// 魔法少女まどか☆マギカ
const SUBJECT: u32 = 9717;

/// The ids of a work's episodes of a kind: 0 main, 1 special.
fn episodes(site: &TestSite, subject: u32, kind: u8) -> Vec<u32> {
    site.site.fakes().unwrap().control().bangumi().episodes(subject, kind)
}

/// A work that has main episodes and special ones.
fn with_specials(site: &TestSite) -> u32 {
    (1..390).find(|&id| !episodes(site, id, 1).is_empty() && episodes(site, id, 0).len() > 2).unwrap()
}

async fn mark(site: &TestSite, token: &str, subject: u32, episode: u32, mark: Value) -> Reply {
    let path = format!("/collections/{subject}/episodes/{episode}");
    site.put(&path, Some(token), json!({ "mark": mark })).await
}

async fn mark_many(site: &TestSite, token: &str, subject: u32, body: Value) -> Reply {
    site.put(&format!("/collections/{subject}/episodes"), Some(token), body).await
}

/// The episodes that are marked, and how.
async fn marked(site: &TestSite, token: &str, subject: u32) -> Vec<(u64, String)> {
    let list = site.get(&format!("/collections/{subject}/episodes"), Some(token)).await;
    assert_eq!(list.status, 200, "{}", list.body);
    let json = list.json();
    let items = json["items"].as_array().unwrap().iter();
    items.map(|item| (item["episode_id"].as_u64().unwrap(), item["mark"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn marking_an_episode_collects_the_anime_and_special_ones_are_counted_apart() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let subject = with_specials(&site);
    let (main, special) = (episodes(&site, subject, 0), episodes(&site, subject, 1));
    let first = mark(&site, &token, subject, main[0], json!("done")).await;
    assert_eq!((first.status, &first.json()["entry"]["status"]), (201, &json!("watching")), "{}", first.body);
    assert_eq!(first.json()["entry"]["progress"], json!({ "main": 1, "special": 0 }));
    let second = mark(&site, &token, subject, special[0], json!("done")).await;
    assert_eq!((second.status, &second.json()["offer"]), (200, &json!(null)));
    mark(&site, &token, subject, main[1], json!("wish")).await;
    let entry = site.get(&format!("/collections/{subject}"), Some(&token)).await;
    assert_eq!(entry.json()["progress"], json!({ "main": 1, "special": 1 }));
    let mut expected =
        vec![(u64::from(main[0]), "done"), (u64::from(main[1]), "wish"), (u64::from(special[0]), "done")];
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(id, mark)| (id, mark.to_owned())).collect();
    assert_eq!(marked(&site, &token, subject).await, expected);
    // Taken back, and the same again: nothing more happens.
    let undone = mark(&site, &token, subject, special[0], json!(null)).await;
    let again = mark(&site, &token, subject, special[0], json!(null)).await;
    assert_eq!(undone.json()["entry"]["progress"]["special"], 0);
    assert_eq!(again.json()["entry"]["version"], undone.json()["entry"]["version"]);
}

#[tokio::test]
async fn all_up_to_an_episode_are_marked_at_once_and_the_last_one_offers_done_which_nothing_undoes() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let main = episodes(&site, SUBJECT, 0);
    put(&site, &token, SUBJECT, json!({ "status": "on_hold", "rating": 9 })).await;
    let seven = mark_many(&site, &token, SUBJECT, json!({ "mark": "done", "up_to": 7 })).await;
    assert_eq!(seven.status, 200, "{}", seven.body);
    assert_eq!(seven.json()["entry"]["progress"]["main"], 7);
    assert_eq!((&seven.json()["entry"]["status"], &seven.json()["offer"]), (&json!("on_hold"), &json!(null)));
    let rest: Vec<_> = main[7..].to_vec();
    let all = mark_many(&site, &token, SUBJECT, json!({ "mark": "done", "episodes": rest })).await;
    assert_eq!((&all.json()["offer"], &all.json()["entry"]["rating"]), (&json!("done"), &json!(9)));
    let path = format!("/collections/{SUBJECT}");
    let done = site.patch(&path, Some(&token), json!({ "status": "done" })).await.json();
    assert_eq!(done["progress"]["main"], main.len());
    let fewer = mark(&site, &token, SUBJECT, main[0], json!(null)).await.json();
    assert_eq!((&fewer["entry"]["status"], &fewer["offer"]), (&json!("done"), &json!(null)));
    // A PUT replaces what is said of the work, and not what was watched of it.
    let replaced = put(&site, &token, SUBJECT, json!({ "status": "wish" })).await.json();
    assert_eq!((&replaced["rating"], &replaced["progress"]["main"]), (&json!(null), &json!(main.len() - 1)));
}

#[tokio::test]
async fn what_is_no_episode_of_the_anime_or_no_mark_is_refused_and_marks_nothing() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let (main, other) = (episodes(&site, SUBJECT, 0), episodes(&site, with_specials(&site), 0));
    put(&site, &token, SUBJECT, json!({ "status": "watching" })).await;
    for (episode, body, status) in [
        (other[0], json!("done"), 404),
        (main[0], json!("seen"), 422),
        (main[0], json!(2), 422),
        (0, json!("done"), 400),
    ] {
        assert_eq!(mark(&site, &token, SUBJECT, episode, body.clone()).await.status, status, "{episode} {body}");
    }
    for (body, status) in [
        (json!({ "mark": "done" }), 422),
        (json!({ "episodes": [main[0]] }), 422),
        (json!({ "mark": "done", "up_to": 3, "episodes": [main[0]] }), 422),
        (json!({ "mark": "done", "up_to": 0 }), 422),
        (json!({ "mark": "done", "up_to": "3" }), 422),
        (json!({ "mark": "done", "episodes": [] }), 422),
        (json!({ "mark": "done", "episodes": ["1"] }), 422),
        (json!({ "mark": "done", "episodes": [main[0], other[0]] }), 404),
        (json!({ "mark": "done", "up_to": 0.5 }), 404),
    ] {
        assert_eq!(mark_many(&site, &token, SUBJECT, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(marked(&site, &token, SUBJECT).await, []);
    // An anime that there is not; one that is not collected, of which nothing is said.
    assert_eq!(mark(&site, &token, 399, 1, json!("done")).await.status, 404);
    let subject = with_specials(&site);
    assert_eq!(mark(&site, &token, subject, other[0], json!(null)).await.status, 404);
    assert_eq!(site.get(&format!("/collections/{subject}"), Some(&token)).await.status, 404);
    assert_eq!(site.get(&format!("/collections/{subject}/episodes"), Some(&token)).await.status, 404);
}

#[tokio::test]
async fn marks_are_ones_own_want_the_scope_and_the_version_that_was_named() {
    let site = TestSite::start().await;
    let (token, other) = (somebody(&site, "sakura").await, somebody(&site, "tomoyo").await);
    let main = episodes(&site, SUBJECT, 0);
    let etag = mark(&site, &token, SUBJECT, main[0], json!("done")).await.header("etag").to_owned();
    assert_eq!(site.get(&format!("/collections/{SUBJECT}/episodes"), Some(&other)).await.status, 404);
    let path = site.url(&format!("/collections/{SUBJECT}/episodes/{}", main[1]));
    let body = json!({ "mark": "done" });
    assert_eq!(site.send(site.http.put(&path).json(&body), None).await.status, 401);
    let conditional = || site.http.put(&path).json(&body).header("if-match", &etag);
    assert_eq!(site.send(conditional(), Some(&token)).await.status, 200);
    let late = json!({ "mark": "dropped" });
    let late = site.send(site.http.put(&path).json(&late).header("if-match", &etag), Some(&token)).await;
    assert_eq!(late.status, 412);
}

#[tokio::test]
async fn without_bangumi_what_is_known_can_be_marked_and_the_rest_is_a_503_that_changes_nothing() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let main = episodes(&site, SUBJECT, 0);
    mark(&site, &token, SUBJECT, main[0], json!("done")).await;
    site.clock.advance(2 * 24 * 3600);
    site.site.fakes().unwrap().control().set("bangumi", Endpoint::Episodes, Fault::Html);
    let user = site.register("tomoyo").await;
    let token = site.sign_in(&user).await;
    assert_eq!(mark(&site, &token, SUBJECT, main[1], json!("done")).await.status, 201);
    let unknown = with_specials(&site);
    let episode = episodes(&site, unknown, 0)[0];
    assert_eq!(mark(&site, &token, unknown, episode, json!("done")).await.status, 503);
    assert_eq!(site.get(&format!("/collections/{unknown}"), Some(&token)).await.status, 404);
}
