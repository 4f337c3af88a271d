//! The collection's pages, as a browser without scripts uses them.

use shared::bangumi::Modify;
use tests::{Browser, Reply, TestSite, json};

use super::{put, somebody};

/// A browser in which somebody is signed in, and their token.
async fn reader<'s>(site: &'s TestSite, name: &str) -> (Browser<'s>, String) {
    let user = site.register(name).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    (browser, site.sign_in(&user).await)
}

async fn act(browser: &Browser<'_>, path: &str, pairs: &[(&str, &str)]) -> Reply {
    let csrf = browser.open("/account").await.input("csrf");
    browser.submit(path, &[&[("csrf", csrf.as_str())], pairs].concat()).await
}

fn titles(page: &Reply) -> Vec<u32> {
    let ids = page.body.split("id=\"title-").skip(1).filter_map(|rest| rest.split('"').next());
    ids.map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn the_list_shows_what_is_asked_for_page_by_page() {
    let site = TestSite::start().await;
    let (browser, token) = reader(&site, "sakura").await;
    assert_eq!(site.browser().open("/me/collections").await.location(), "/login?continue=%2Fme%2Fcollections");
    let empty = browser.open("/me/collections").await;
    assert!(empty.status == 200 && empty.body.contains("Nothing is here yet"), "{}", empty.body);
    for subject in 1..=45_u32 {
        let status = if subject % 3 == 0 { "done" } else { "watching" };
        put(&site, &token, subject, json!({ "status": status, "rating": subject % 10 + 1 })).await;
        site.clock.advance(1);
    }
    let (mut path, mut seen) = ("/me/collections?sort=-updated_at".to_owned(), Vec::new());
    loop {
        let page = browser.open(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        seen.extend(titles(&page));
        if !page.body.contains("id=\"next\"") {
            break;
        }
        path = page.href("next");
    }
    assert_eq!(seen, (1..=45).rev().collect::<Vec<_>>());
    let done = browser.open("/me/collections?status=done").await;
    assert!(titles(&done).iter().all(|subject| subject % 3 == 0) && done.body.contains("aria-current=\"page\""));
    let best = browser.open("/me/collections?sort=-rating").await;
    assert_eq!(titles(&best)[0] % 10, 9);
    let none = browser.open("/me/collections?q=nothing+is+called+so").await;
    assert!(none.body.contains("Nothing here is like that"), "{}", none.body);
    assert_eq!(browser.open("/me/collections?status=seen").await.status, 400);
    // Covers are Bangumi's, and nothing else is from elsewhere.
    let policy = done.header("content-security-policy");
    assert!(
        policy.contains("img-src 'self' https://lain.bgm.tv;") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(done.body.contains("src=\"https://lain.bgm.tv/"));
    assert!(!browser.open("/account").await.header("content-security-policy").contains("lain"));
}

#[tokio::test]
async fn a_click_marks_the_next_episode_and_the_last_one_offers_more() {
    let site = TestSite::start().await;
    let (browser, token) = reader(&site, "sakura").await;
    let all = site.site.fakes().unwrap().control().bangumi().episodes(9717, 0).len();
    put(&site, &token, 9717, json!({ "status": "watching" })).await;
    let list = browser.open("/me/collections?status=watching").await;
    assert!(list.body.contains("0 of") && list.body.contains(">+1</button>"), "{}", list.body);
    let back =
        act(&browser, "/me/collections", &[("subject_id", "9717"), ("return_to", "/me/collections?status=watching")]);
    let back = back.await;
    assert_eq!((back.status, back.location()), (303, "/me/collections?status=watching"));
    let marked = async || site.get("/collections/9717", Some(&token)).await.json()["progress"]["main"].clone();
    assert_eq!(marked().await, 1);
    // Nowhere else than to these pages.
    for elsewhere in ["https://evil.example/", "//evil.example", "/account"] {
        let back = act(&browser, "/me/collections", &[("subject_id", "9717"), ("return_to", elsewhere)]).await;
        assert_eq!(back.location(), "/me/collections", "{elsewhere}");
    }
    assert_eq!(marked().await, 4);
    let page = browser.open("/me/collections/9717").await;
    assert_eq!(page.body.matches("aria-pressed=\"true\"").count(), 4);
    assert!(!page.body.contains("id=\"finish\""));
    let last = all.to_string();
    let done = act(&browser, "/me/collections/9717", &[("action", "up_to"), ("up_to", "9999")]).await;
    assert_eq!(done.status, 303, "{last}");
    let page = browser.open("/me/collections/9717").await;
    assert!(page.body.contains("id=\"finish\""), "{}", page.body);
    assert_eq!(site.get("/collections/9717", Some(&token)).await.json()["status"], "watching", "nothing by itself");
    assert_eq!(act(&browser, "/me/collections/9717", &[("action", "finish")]).await.status, 303);
    assert_eq!(site.get("/collections/9717", Some(&token)).await.json()["status"], "done");
    let first = site.site.fakes().unwrap().control().bangumi().episodes(9717, 0)[0].to_string();
    for expected in [all - 1, all] {
        let toggled = act(&browser, "/me/collections/9717", &[("action", "mark"), ("episode", &first)]).await;
        assert_eq!(toggled.status, 303, "{}", toggled.body);
        assert_eq!(marked().await, expected);
    }
    for (action, name, value) in
        [("mark", "episode", "1"), ("mark", "episode", "x"), ("up_to", "up_to", "-1"), ("up_to", "up_to", "NaN")]
    {
        let refused = act(&browser, "/me/collections/9717", &[("action", action), (name, value)]).await;
        assert!(matches!(refused.status, 404 | 422), "{action} {value}: {}", refused.status);
    }
}

#[tokio::test]
async fn an_entry_is_added_changed_removed_and_brought_back() {
    let site = TestSite::start().await;
    let (browser, token) = reader(&site, "sakura").await;
    let work = site.get("/subjects/9717", None).await.json();
    let name = work["name_cn"].as_str().filter(|name| !name.is_empty()).or(work["name"].as_str()).unwrap();
    let words: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let found = browser.open(&format!("/me/collections/add?q={words}")).await;
    assert!(found.body.contains("href=\"/me/collections/9717\""), "{}", found.body);
    assert!(browser.open("/me/collections/add?q=qqqqqqqq").await.body.contains("No anime is called like that"));
    assert!(browser.open("/me/collections/9717").await.body.contains("It is not among your anime yet"));

    let fields = [
        ("action", "save"),
        ("status", "watching"),
        ("rating", "9"),
        ("comment", "好看"),
        ("tags", "京アニ, two words，夏"),
        ("rewatch_count", "2"),
        ("started_at", "2026-01-01"),
        ("finished_at", ""),
        ("private", "true"),
    ];
    let saved = act(&browser, "/me/collections/9717", &fields).await;
    assert_eq!((saved.status, saved.location()), (303, "/me/collections/9717?done=saved"));
    assert!(browser.open(saved.location()).await.body.contains("role=\"status\""));
    let entry = site.get("/collections/9717", Some(&token)).await.json();
    assert_eq!(entry["tags"], json!(["京アニ", "two words", "夏"]));
    assert_eq!((&entry["rating"], &entry["private"], &entry["rewatch_count"]), (&json!(9), &json!(true), &json!(2)));

    // What is wrong is said, and what was typed is still there; nothing is changed.
    let mut wrong = fields;
    wrong[3] = ("comment", "<i>typed</i>");
    wrong[6] = ("started_at", "soon");
    let refused = act(&browser, "/me/collections/9717", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("&#60;i&#62;typed") && refused.body.contains("started_at-error"), "{}", refused.body);
    assert_eq!(site.get("/collections/9717", Some(&token)).await.json(), entry);

    assert_eq!(act(&browser, "/me/collections/9717", &[("action", "remove")]).await.status, 303);
    let page = browser.open("/me/collections/9717").await;
    assert!(page.body.contains("id=\"restore\"") && !page.body.contains("id=\"remove\""), "{}", page.body);
    assert_eq!(site.get("/collections/9717", Some(&token)).await.status, 404);
    assert_eq!(act(&browser, "/me/collections/9717", &[("action", "restore")]).await.status, 303);
    assert_eq!(site.get("/collections/9717", Some(&token)).await.json()["comment"], "好看");
    for path in ["/me/collections/0", "/me/collections/x", "/me/collections/4000000000"] {
        assert_eq!(browser.open(path).await.status, 404, "{path}");
    }
    assert_eq!(act(&browser, "/me/collections/9717", &[("action", "explode")]).await.status, 400);
}

#[tokio::test]
async fn a15_a_form_that_is_not_ours_changes_nothing() {
    let site = TestSite::start().await;
    let (browser, token) = reader(&site, "sakura").await;
    put(&site, &token, 12, json!({ "status": "wish" })).await;
    for (path, pairs) in [
        ("/me/collections", [("subject_id", "12"), ("return_to", "/")]),
        ("/me/collections/12", [("action", "remove"), ("status", "done")]),
        ("/me/collections/sync", [("action", "set"), ("direction", "off")]),
    ] {
        assert_eq!(browser.submit(path, &pairs).await.status, 403, "{path}");
        let csrf = browser.open("/account").await.input("csrf");
        let pairs = [&pairs[..], &[("csrf", csrf.as_str())]].concat();
        assert_eq!(browser.submit_from(path, &pairs, "https://evil.example").await.status, 403, "{path}");
        let other = site.browser().submit(path, &pairs).await;
        assert!(matches!(other.status, 303 | 403), "{path}: {}", other.status);
    }
    assert_eq!(site.get("/collections/12", Some(&token)).await.json()["version"], 1);
}

#[tokio::test]
async fn somebody_elses_entries_are_nobodys_business() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site, "sakura").await;
    let other = somebody(&site, "tomoyo").await;
    put(&site, &other, 9717, json!({ "status": "wish", "comment": "秘密" })).await;
    assert!(!browser.open("/me/collections").await.body.contains("9717"));
    assert!(!browser.open("/me/collections/9717").await.body.contains("秘密"));
}

#[tokio::test]
async fn the_synchronisation_is_shown_set_begun_and_settled() {
    let site = TestSite::start().await;
    let (browser, _) = reader(&site, "tomoyo").await;
    let unbound = browser.open("/me/collections/sync").await;
    assert!(unbound.body.contains("href=\"/connections\"") && !unbound.body.contains("id=\"now\""), "{}", unbound.body);
    assert_eq!(act(&browser, "/me/collections/sync", &[("action", "now")]).await.status, 409);

    let world = site.site.fakes().unwrap().control().bangumi();
    world.fill("sakura", 5);
    let sakura = crate::sync::bound(&site, "sakura").await;
    let browser = site.browser();
    browser.sign_in(sakura.user()).await;
    assert!(browser.open("/me/collections/sync").await.body.contains("class=\"running\""));
    crate::sync::run(&site).await;
    assert!(browser.open("/me/collections/sync").await.body.contains("class=\"idle\""));
    let subject = sakura.all().await[0].subject_id;
    site.clock.advance(10);
    world.edit("sakura", subject, &Modify { kind: Some(4), rate: Some(2), ..Modify::default() });
    sakura.patch(subject, json!({ "rating": 9 })).await;
    site.clock.advance(60);
    crate::sync::run(&site).await;
    let page = browser.open("/me/collections/sync").await;
    assert!(page.body.contains("name=\"field\" value=\"rating\""), "{}", page.body);
    let number = subject.to_string();
    let answer = [("action", "settle"), ("subject_id", &*number), ("field", "rating"), ("choice", "theirs")];
    for _ in 0..2 {
        // Settled already is settled, too.
        assert_eq!(act(&browser, "/me/collections/sync", &answer).await.status, 303);
    }
    assert_eq!(sakura.entry(subject).await.unwrap().rating, Some(2));
    let set = [("action", "set"), ("direction", "pull"), ("conflicts", "theirs"), ("deletions", "dropped")];
    assert_eq!(act(&browser, "/me/collections/sync", &set).await.status, 303);
    let settings = sakura.sync().await["settings"].clone();
    assert_eq!(settings, json!({ "direction": "pull", "conflicts": "theirs", "deletions": "dropped" }));
    assert!(browser.open("/me/collections/sync").await.body.contains("<option value=\"pull\" selected>"));
    let wrong = [("action", "set"), ("direction", "sideways")];
    assert_eq!(act(&browser, "/me/collections/sync", &wrong).await.status, 422);
    assert_eq!(act(&browser, "/me/collections/sync", &[("action", "now")]).await.status, 303);
    assert_eq!(act(&browser, "/me/collections/sync", &[("action", "never")]).await.status, 400);
}

#[tokio::test]
async fn a_bangumi_that_does_not_answer_leaves_pages_that_say_so() {
    use local::fakes::{Endpoint, Fault};
    let site = TestSite::start().await;
    let (browser, token) = reader(&site, "sakura").await;
    let control = site.site.fakes().unwrap().control();
    for endpoint in [Endpoint::Subject, Endpoint::Episodes, Endpoint::Search] {
        control.set("bangumi", endpoint, Fault::Status(503));
    }
    put(&site, &token, 12, json!({ "status": "wish" })).await;
    let page = browser.open("/me/collections/12").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("The episodes can’t be had now") || page.body.contains("The episodes can&#39;t be had now"),
        "{}",
        page.body
    );
    assert_eq!(browser.open("/me/collections/add?q=CLANNAD").await.status, 503);
    assert_eq!(act(&browser, "/me/collections", &[("subject_id", "12")]).await.status, 503);
    let list = browser.open("/me/collections").await;
    assert!(list.status == 200 && list.body.contains("#12"), "{}", list.body);
}
