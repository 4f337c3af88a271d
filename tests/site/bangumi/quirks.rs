//! The real one's ways.

use reqwest::Method;
use secrecy::ExposeSecret as _;
use shared::bangumi::{BangumiError, Modify};

use super::Bench;

impl Bench {
    /// A request with these headers beside the token's.
    async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let base = self.app().upstream.find("bangumi").unwrap().address("api").unwrap();
        let mut request = self.site.http.request(method, format!("{base}{path}")).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.bearer_auth(self.token.expose_secret()).send().await.unwrap().status().as_u16()
    }
}

const AGENT: (&str, &str) = ("user-agent", "moe/bangumoe/0.1.0 (https://example.org)");
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn it_is_strict_about_who_asks_and_what() {
    let bench = Bench::start().await;
    let path = "/v0/users/-/collections/253";
    for (headers, body, status) in [
        (&[AGENT, JSON][..], r#"{"type": 3}"#, 202),
        (&[JSON], r#"{"type": 3}"#, 403),
        (&[AGENT], r#"{"type": 3}"#, 400),
        (&[AGENT, ("content-type", "application/json; charset=utf-8")], r#"{"type": 3}"#, 400),
        (&[AGENT, JSON], r#"{"type": 3, "rewatch": 1}"#, 400),
        (&[AGENT, JSON], r#"{"ep_status": 3}"#, 400),
        (&[AGENT, JSON], r#"{"type": 6}"#, 400),
        (&[AGENT, JSON], r#"{"rate": 11}"#, 400),
        (&[AGENT, JSON], r#"{"tags": ["a"]}"#, 400),
        (&[AGENT, JSON], r#"{"tags": ["a b"]}"#, 400),
        (&[AGENT, JSON], r#"{"tags": 1}"#, 400),
        (&[AGENT, JSON], r#"{"private": 1}"#, 400),
        (&[AGENT, JSON], "[", 400),
    ] {
        assert_eq!(bench.raw(Method::POST, path, headers, body).await, status, "{headers:?} {body}");
    }
    let long = format!(r#"{{"comment": "{}"}}"#, "长".repeat(381));
    assert_eq!(bench.raw(Method::POST, path, &[AGENT, JSON], &long).await, 400);
    bench.world().set(|quirks| (quirks.strict_bodies, quirks.user_agent) = (false, false));
    assert_eq!(bench.raw(Method::POST, path, &[], r#"{"type": 3, "rewatch": 1}"#).await, 202);
    assert_eq!(bench.raw(Method::PATCH, path, &[JSON], r#"{"rate": 3}"#).await, 204);
    assert_eq!(bench.raw(Method::PATCH, "/v0/users/-/collections/51", &[JSON], r#"{"rate": 3}"#).await, 404);
    assert_eq!(bench.raw(Method::POST, "/v0/users/-/collections/51", &[JSON], r#"{"rate": 3}"#).await, 400);
    let episode = format!("/v0/users/-/collections/-/episodes/{}", bench.world().episodes(253, 0)[0]);
    assert_eq!(bench.raw(Method::PUT, &episode, &[JSON], r#"{"type": 2}"#).await, 204);
    assert_eq!(bench.raw(Method::PUT, &episode, &[JSON], r#"{"type": 4}"#).await, 400);
}

#[tokio::test]
async fn a_bad_token_is_refused_where_none_is_needed() {
    let bench = Bench::start().await;
    let base = bench.app().upstream.find("bangumi").unwrap().address("api").unwrap();
    for path in ["/v0/subjects/253", "/calendar", "/v0/users/sakura/collections", "/v0/episodes?subject_id=253"] {
        let request = bench.site.http.get(format!("{base}{path}")).header(AGENT.0, AGENT.1);
        let answer = request.bearer_auth("bad").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_refused_for_an_hour() {
    let bench = Bench::start().await;
    let (app, api) = (bench.app(), &bench.app().bangumi);
    bench.world().set(|quirks| quirks.requests = 3);
    let me = || api.me(app, &bench.token);
    for _ in 0..3 {
        me().await.unwrap();
    }
    assert_eq!(me().await.unwrap_err(), BangumiError::RateLimited);
    assert!(api.calendar(app).await.is_ok(), "others are not concerned");
    bench.site.clock.advance(3_599);
    assert_eq!(me().await.unwrap_err(), BangumiError::RateLimited);
    bench.site.clock.advance(1);
    for _ in 0..3 {
        me().await.unwrap();
    }
    bench.site.clock.advance(600);
    assert!(me().await.is_ok(), "the next window");
}

#[tokio::test]
async fn pages_have_a_most_and_an_end() {
    let bench = Bench::start().await;
    let (app, api, token) = (bench.app(), &bench.app().bangumi, &bench.token);
    bench.world().fill("sakura", 120);
    let page = |offset, limit| api.collections(app, token, "sakura", offset, limit);
    assert_eq!(page(0, 51).await.unwrap_err(), BangumiError::Refused);
    assert_eq!(page(121, 50).await.unwrap_err(), BangumiError::Refused);
    let end = page(120, 50).await.unwrap();
    assert_eq!((end.total, end.data.len()), (120, 0));
    let mut rows = Vec::new();
    for offset in [0, 50, 100] {
        rows.extend(page(offset, 50).await.unwrap().data);
    }
    assert_eq!(rows.len(), 120);
    assert!(rows.is_sorted_by(|one, next| one.updated_at >= next.updated_at), "the newest first");
    assert_eq!(api.episode_marks(app, token, 4, 0, 1_001).await.unwrap_err(), BangumiError::Refused);
    assert_eq!(api.episodes(app, 4, 0, 201).await.unwrap_err(), BangumiError::Refused);
    let found = api.search(app, "の", 0, 100).await.unwrap();
    assert_eq!((found.data.len(), found.limit), (20, 20));
    assert_eq!(api.search(app, "の", found.total + 1, 20).await.unwrap_err(), BangumiError::Refused);
    // An entry that goes while pages are read moves the others.
    let last_of_first = page(0, 50).await.unwrap().data.pop().unwrap().subject_id;
    let first_of_second = page(50, 50).await.unwrap().data.remove(0).subject_id;
    bench.world().remove("sakura", last_of_first);
    assert_ne!(page(50, 50).await.unwrap().data[0].subject_id, first_of_second);
}

#[tokio::test]
async fn entries_of_one_second_come_in_no_order() {
    let bench = Bench::start().await;
    for subject in 1..=30 {
        bench.edit(subject, 1);
    }
    let mut orders = Vec::new();
    for _ in 0..3 {
        let page = bench.app().bangumi.collections(bench.app(), &bench.token, "sakura", 0, 50).await.unwrap();
        orders.push(page.data.iter().map(|row| row.subject_id).collect::<Vec<_>>());
    }
    assert!(orders[0] != orders[1] || orders[1] != orders[2]);
}

#[tokio::test]
async fn private_entries_are_their_owners() {
    let bench = Bench::start().await;
    let (app, api) = (bench.app(), &bench.app().bangumi);
    bench.edit(253, 3);
    bench.world().moderate("sakura", 253);
    let other = bench.site.site.fakes().unwrap().bangumi_token("tomoyo", 604_800).unwrap();
    let own = api.collections(app, &bench.token, "sakura", 0, 50).await.unwrap();
    assert!(own.data[0].private, "it turned so by itself");
    assert_eq!(api.collections(app, &other, "sakura", 0, 50).await.unwrap().total, 0);
    assert_eq!(api.collection(app, &other, "sakura", 253).await.unwrap_err(), BangumiError::NotCollected);
    let open = Modify { private: Some(false), ..Modify::default() };
    api.save_collection(app, &bench.token, 253, &open).await.unwrap();
    assert!(api.collection(app, &bench.token, "sakura", 253).await.unwrap().private, "and stays so");
    let lines = bench.world().timeline("sakura").len();
    api.save_collection(app, &bench.token, 253, &Modify { kind: Some(2), ..Modify::default() }).await.unwrap();
    assert_eq!(bench.world().timeline("sakura").len(), lines, "nobody is told");
}

#[tokio::test]
async fn a_name_is_wanted_and_the_number_stops_working_once_there_is_one() {
    let bench = Bench::start().await;
    let (app, api) = (bench.app(), &bench.app().bangumi);
    let token = bench.site.site.fakes().unwrap().bangumi_token("382951", 604_800).unwrap();
    let read = |name| api.collections(app, &token, name, 0, 50);
    assert!(read("382951").await.is_ok());
    assert_eq!(read("-").await.unwrap_err(), BangumiError::NotFound);
    bench.world().rename("382951", "chosen");
    assert_eq!(read("382951").await.unwrap_err(), BangumiError::NotFound);
    assert_eq!(api.me(app, &token).await.unwrap().username, "chosen");
    assert!(read("chosen").await.is_ok());
    bench.world().set(|quirks| quirks.wants_username = false);
    assert!(read("382951").await.is_ok());
}

#[tokio::test]
async fn removed_works_are_counted_and_left_out() {
    let bench = Bench::start().await;
    let (app, api, token) = (bench.app(), &bench.app().bangumi, &bench.token);
    for subject in [253, 9_717] {
        bench.edit(subject, 2);
    }
    bench.world().remove_subject(253);
    let list = api.collections(app, token, "sakura", 0, 50).await.unwrap();
    assert_eq!((list.total, list.data.len()), (2, 1));
    assert_eq!(api.collection(app, token, "sakura", 253).await.unwrap_err(), BangumiError::NotFound);
    bench.world().set(|quirks| quirks.leaves_removed_out = false);
    assert_eq!(api.collections(app, token, "sakura", 0, 50).await.unwrap().data.len(), 2);
    bench.world().lock_subject(9_717);
    let any = Modify { rate: Some(1), ..Modify::default() };
    assert_eq!(api.save_collection(app, token, 9_717, &any).await.unwrap_err(), BangumiError::NotFound);
    assert_eq!(api.save_collection(app, token, 391, &any).await.unwrap_err(), BangumiError::NotFound, "merged");
}

#[tokio::test]
async fn edits_of_score_and_tags_on_the_web_go_unnoticed() {
    let bench = Bench::start().await;
    let (app, api, token) = (bench.app(), &bench.app().bangumi, &bench.token);
    bench.edit(253, 2);
    let seen = async || api.collection(app, token, "sakura", 253).await.unwrap();
    let before = seen().await;
    bench.site.clock.advance(60);
    let rate = Modify { rate: Some(7), tags: Some(vec!["TV".to_owned()]), ..Modify::default() };
    bench.world().edit("sakura", 253, &rate);
    let after = seen().await;
    assert_eq!((after.rate, after.updated_at), (7, before.updated_at));
    bench.world().set(|quirks| quirks.quiet_edits = false);
    bench.world().edit("sakura", 253, &rate);
    assert!(seen().await.updated_at > before.updated_at);
    let marks = api.episode_marks(app, token, 253, 0, 1_000).await.unwrap();
    assert!(marks.data.iter().all(|marked| marked.kind == 0), "done marks no episode");
    bench.site.clock.advance(60);
    bench.world().mark("sakura", 253, &bench.world().episodes(253, 0), 2);
    let row = seen().await;
    assert_eq!((row.ep_status, row.updated_at.as_second()), (26, app.clock.now().0));
    assert_eq!(bench.world().collection("sakura")[&253].marks.len(), 26);
}

#[tokio::test]
async fn a_work_without_episodes_has_no_list_of_them() {
    let bench = Bench::start().await;
    let base = bench.app().upstream.find("bangumi").unwrap().address("api").unwrap();
    let ask = async || {
        let request = bench.site.http.get(format!("{base}/v0/episodes?subject_id=37")).header(AGENT.0, AGENT.1);
        request.send().await.unwrap().json::<serde_json::Value>().await.unwrap()
    };
    assert!(ask().await["data"].is_null());
    assert!(bench.app().bangumi.episodes(bench.app(), 37, 0, 100).await.unwrap().data.is_empty());
    bench.world().set(|quirks| quirks.null_lists = false);
    assert!(ask().await["data"].is_array());
}
