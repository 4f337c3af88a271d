//! Works, as Bangumi describes them: asked once, kept for a time, and there while Bangumi is not.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use local::fakes::{Control, Endpoint, Fault};
use tests::{TestSite, Value, json};

fn control(site: &TestSite) -> &Control {
    site.site.fakes().unwrap().control()
}

fn asked(site: &TestSite, endpoint: Endpoint) -> usize {
    control(site).requests_to("bangumi", endpoint).len()
}

const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn a_work_is_asked_for_once_and_kept() {
    let site = TestSite::start().await;
    for _ in 0..3 {
        let reply = site.get("/subjects/9717", None).await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"), "{}", reply.body);
        let work = reply.json();
        assert_eq!((&work["name"], &work["name_cn"]), (&json!("魔法少女まどか☆マギカ"), &json!("魔法少女小圆")));
        assert_eq!(
            (&work["episodes"], &work["date"], &work["stale"]),
            (&json!(12), &json!("2011-01-06"), &json!(false))
        );
        assert!(work["cover"]["common"].as_str().unwrap().starts_with("https://lain.bgm.tv/"));
    }
    assert_eq!(asked(&site, Endpoint::Subject), 1);
    site.clock.advance(7 * DAY - 1);
    site.get("/subjects/9717", None).await;
    assert_eq!(asked(&site, Endpoint::Subject), 1, "an old work is good for a week");
    site.clock.advance(1);
    site.get("/subjects/9717", None).await;
    assert_eq!(asked(&site, Endpoint::Subject), 2);
    // One that nobody knows the date of, without a cover or a length.
    assert_eq!(site.get("/subjects/37", None).await.json()["episodes"], Value::Null);
    assert_eq!(site.get("/subjects/3", None).await.json()["cover"], Value::Null);
    site.clock.advance(DAY);
    site.get("/subjects/37", None).await;
    assert_eq!(asked(&site, Endpoint::Subject), 5, "… is asked for every day");
}

#[tokio::test]
async fn what_is_kept_is_shown_while_bangumi_is_away() {
    let site = TestSite::start().await;
    let paths = ["/subjects/9717", "/subjects/9717/episodes", "/subjects?q=CLANNAD", "/calendar"];
    for path in paths {
        assert_eq!(site.get(path, None).await.json()["stale"], false, "{path}");
    }
    site.clock.advance(8 * DAY);
    for endpoint in [Endpoint::Subject, Endpoint::Episodes, Endpoint::Search, Endpoint::Calendar] {
        control(&site).set("bangumi", endpoint, Fault::Html);
    }
    for path in paths {
        let reply = site.get(path, None).await;
        assert_eq!((reply.status, &reply.json()["stale"]), (200, &json!(true)), "{path}");
    }
    for path in ["/subjects/253", "/subjects/253/episodes", "/subjects?q=EVA"] {
        let reply = site.get(path, None).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, "30"), "{path}: {}", reply.body);
    }
    control(&site).heal();
    site.clock.advance(60);
    for path in paths {
        assert_eq!(site.get(path, None).await.json()["stale"], false, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_asked_for_again_for_an_hour() {
    let site = TestSite::start().await;
    for _ in 0..2 {
        assert_eq!(site.get("/subjects/400", None).await.status, 404);
    }
    assert_eq!(asked(&site, Endpoint::Subject), 1);
    site.clock.advance(3_600);
    assert_eq!(site.get("/subjects/400", None).await.status, 404);
    assert_eq!(asked(&site, Endpoint::Subject), 2);
    assert_eq!(site.get("/subjects/391", None).await.json()["id"], 291, "it was merged");
    for wrong in ["0", "-1", "+1", "01", "x", "4294967296"] {
        assert_eq!(site.get(&format!("/subjects/{wrong}"), None).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn strangers_cannot_make_this_site_ask_without_end() {
    let site = TestSite::start().await;
    for id in 1..=150 {
        assert_eq!(site.get(&format!("/subjects/{id}"), None).await.status, 200, "{id}");
    }
    let refused = site.get("/subjects/151", None).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(site.get("/subjects/150", None).await.status, 200, "what is known costs nobody anything");
    assert_eq!(asked(&site, Endpoint::Subject), 150);
    site.clock.advance(15 * 60);
    assert_eq!(site.get("/subjects/151", None).await.status, 200);
}

#[tokio::test]
async fn all_episodes_are_there_main_and_special_ones() {
    let site = TestSite::start().await;
    let reply = site.get("/subjects/899/episodes", None).await.json();
    let items = reply["items"].as_array().unwrap();
    let of = |kind: &str| items.iter().filter(|item| item["type"] == kind).count();
    assert_eq!((of("main"), of("special"), of("opening")), (1_150, 6, 1));
    assert_eq!(asked(&site, Endpoint::Episodes), 6, "two hundred at a time");
    site.get("/subjects/899/episodes", None).await;
    assert_eq!(asked(&site, Endpoint::Episodes), 6);
    assert!(site.get("/subjects/37/episodes", None).await.json()["items"].as_array().unwrap().is_empty());
    assert_eq!(site.get("/subjects/400/episodes", None).await.status, 404);
}

#[tokio::test]
async fn a_search_goes_on_to_its_end_and_each_page_is_asked_for_once() {
    let site = TestSite::start().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut path = "/subjects?q=魔法".to_owned();
        let mut ids = Vec::new();
        loop {
            let page = site.get(&path, None).await.json();
            ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/subjects?q=魔法&cursor={cursor}");
        }
        let unique: std::collections::BTreeSet<_> = ids.iter().collect();
        assert!(ids.len() > 20 && unique.len() == ids.len(), "{ids:?}");
        seen.push((ids, asked(&site, Endpoint::Search)));
    }
    assert_eq!(seen[0], seen[1]);
    site.get("/subjects?q=%20ｃｌａｎｎａｄ", None).await;
    let before = asked(&site, Endpoint::Search);
    assert_eq!(site.get("/subjects?q=Clannad%20", None).await.json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(asked(&site, Endpoint::Search), before, "the same words");
    let cursor = site.get("/subjects?q=魔法&limit=1", None).await.json()["next_cursor"].as_str().unwrap().to_owned();
    let long = "a".repeat(101);
    for query in [
        "",
        "?q=",
        "?q=%20",
        &format!("?q={long}"),
        "?q=a&limit=0",
        "?q=a&limit=21",
        "?q=a&q=b",
        "?q=a&cursor=x",
        &format!("?q=a&limit=1&cursor={cursor}"),
        &format!("?q=魔法&limit=2&cursor={cursor}"),
    ] {
        assert_eq!(site.get(&format!("/subjects{query}"), None).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn the_calendar_is_the_week_and_may_be_ones_own() {
    let site = TestSite::start().await;
    let week = site.get("/calendar", None).await.json();
    let days = week["days"].as_array().unwrap();
    assert_eq!(days.iter().map(|day| day["weekday"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    let today = days.iter().filter(|day| day["today"] == true).count();
    assert_eq!(today, 1);
    let shown: Vec<_> = days.iter().flat_map(|day| day["items"].as_array().unwrap()).collect();
    assert!(shown.len() > 5);
    let one = shown[0]["id"].as_u64().unwrap();

    assert_eq!(site.get("/calendar?mine=true", None).await.status, 401);
    assert_eq!(site.get("/calendar?mine=1", None).await.status, 400);
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    site.put(&format!("/collections/{one}"), Some(&token), json!({ "status": "watching" })).await;
    let other = shown[1]["id"].as_u64().unwrap();
    site.put(&format!("/collections/{other}"), Some(&token), json!({ "status": "dropped" })).await;
    let mine = site.get("/calendar?mine=true", Some(&token)).await.json();
    let days = mine["days"].as_array().unwrap().iter();
    let ids: Vec<_> = days.flat_map(|day| day["items"].as_array().unwrap()).map(|item| item["id"].as_u64()).collect();
    assert_eq!(ids, [Some(one)]);
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let without = browser.authorize_and_redeem(&client, "openid").await;
    assert_eq!(site.get("/calendar?mine=true", Some(&without.access_token)).await.status, 403);

    site.get("/calendar", None).await;
    assert_eq!(asked(&site, Endpoint::Calendar), 1);
    site.clock.advance(6 * 3_600);
    site.get("/calendar", None).await;
    assert_eq!(asked(&site, Endpoint::Calendar), 2);
}

#[tokio::test]
async fn what_is_newer_stays() {
    use shared::id::Attempt;
    use shared::store::works::{Kept, Shelf};
    let site = TestSite::start().await;
    let (app, shelf) = (site.site.app(), Shelf::calendar());
    let attempt = || Attempt::new(&app.entropy);
    let now = app.clock.now();
    let kept = |value: String, fetched_at| Kept { value: Some(value), fetched_at };
    app.store.keep(&shelf, &kept("new".to_owned(), now), 1, attempt()).await.unwrap();
    app.store.keep(&shelf, &kept("old".to_owned(), now + -1), 1, attempt()).await.unwrap();
    app.store.keep(&shelf, &kept("x".repeat(400_000), now + 1), 1, attempt()).await.unwrap();
    let found: Kept<String> = app.store.find_kept(&shelf).await.unwrap().unwrap();
    assert_eq!((found.value.as_deref(), found.fetched_at), (Some("new"), now), "nor does what is too long come there");
    let unreadable: Option<Kept<u32>> = app.store.find_kept(&shelf).await.unwrap();
    assert!(unreadable.is_none());
}
