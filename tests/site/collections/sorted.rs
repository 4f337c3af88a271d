//! Other orders than by the last change, the year of works, and words.

use super::{ids, put, somebody, walk};
use tests::{TestSite, json};

#[tokio::test]
async fn an_entry_shows_its_work_without_another_question() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 9717, json!({ "status": "wish" })).await;
    let shown = site.get("/collections", Some(&token)).await.json()["items"][0]["subject"].clone();
    let work = site.get("/subjects/9717", None).await.json();
    assert_eq!((&shown["name"], &shown["name_cn"]), (&work["name"], &work["name_cn"]));
    assert!(shown["cover"].as_str().is_some_and(|cover| cover.starts_with("https://lain.bgm.tv/")), "{shown}");
    // A change does not ask again; what is no work is an entry all the same.
    let control = site.site.fakes().unwrap().control();
    let before = control.requests().len();
    put(&site, &token, 9717, json!({ "status": "done" })).await;
    assert_eq!(control.requests().len(), before);
    let odd = site.put("/collections/4000000000", Some(&token), json!({ "status": "wish" })).await;
    assert_eq!((odd.status, &odd.json()["subject"]), (201, &json!(null)));
}

#[tokio::test]
async fn an_entry_waits_for_nobody_who_does_not_answer() {
    use local::fakes::{Endpoint, Fault};
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let control = site.site.fakes().unwrap().control();
    for fault in [Fault::Status(503), Fault::Cut, Fault::Slow] {
        control.set("bangumi", Endpoint::Subject, fault);
        let path = format!("/collections/{}", 100 + control.requests().len());
        let written = site.put(&path, Some(&token), json!({ "status": "wish" })).await;
        assert_eq!((written.status, &written.json()["subject"]), (201, &json!(null)), "{fault:?}");
    }
    control.heal();
    // It is found with the next change.
    let changed = site.patch("/collections/100", Some(&token), json!({ "rating": 5 })).await;
    assert!(changed.status == 404 || changed.json()["subject"]["name"].is_string());
}

/// A work: its number, rating, date and title.
type Ranked = (u64, Option<u64>, Option<String>, String);

#[tokio::test]
async fn each_order_is_one_from_both_ends_and_page_by_page() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let mut works = Vec::new();
    for subject in 1..=9_u32 {
        let rating = if subject % 3 == 0 { json!(null) } else { json!(subject * 7 % 10 + 1) };
        put(&site, &token, subject, json!({ "status": "wish", "rating": rating })).await;
        let entry = site.get(&format!("/collections/{subject}"), Some(&token)).await.json();
        let title = entry["subject"]["name_cn"].as_str().filter(|name| !name.is_empty());
        let title = title.or(entry["subject"]["name"].as_str()).unwrap_or_default().to_lowercase();
        works.push((u64::from(subject), rating.as_u64(), entry["subject"]["date"].as_str().map(str::to_owned), title));
        site.clock.advance(1);
    }
    // The last change is no order of these.
    put(&site, &token, 4, json!({ "status": "done", "rating": 9 })).await;
    works[3].1 = Some(9);
    let sorted = |key: &dyn Fn(&Ranked) -> Option<String>, descending: bool| {
        let mut with: Vec<_> = works.iter().filter_map(|work| Some((key(work)?, work.0))).collect();
        let mut without: Vec<_> = works.iter().filter(|work| key(work).is_none()).map(|work| work.0).collect();
        with.sort();
        without.sort_unstable();
        if descending {
            with.reverse();
            without.reverse();
        }
        with.into_iter().map(|(_, id)| id).chain(without).collect::<Vec<_>>()
    };
    for (prefix, descending) in [("", false), ("-", true)] {
        let expected = [
            ("created_at", sorted(&|work| Some(format!("{:03}", work.0)), descending)),
            ("rating", sorted(&|work| work.1.map(|rating| format!("{rating:02}")), descending)),
            ("date", sorted(&|work| work.2.clone(), descending)),
            ("title", sorted(&|work| Some(work.3.clone()), descending)),
        ];
        for (name, expected) in expected {
            for limit in [1, 4, 100] {
                let path = format!("/collections?sort={prefix}{name}&limit={limit}");
                assert_eq!(walk(&site, Some(&token), &path).await.concat(), expected, "{path}");
            }
        }
    }
    let page = site.get("/collections?sort=-rating&status=done", Some(&token)).await;
    assert_eq!(ids(&page.json()), [4]);
}

#[tokio::test]
async fn a_cursor_of_one_order_is_none_of_another_and_nonsense_is_refused() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for subject in 1..=3 {
        put(&site, &token, subject, json!({ "status": "wish", "rating": subject })).await;
    }
    let page = site.get("/collections?sort=rating&limit=1", Some(&token)).await.json();
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    for query in ["sort=-rating", "sort=title", "sort=rating&status=wish", "sort=updated_at", "sort=rating&year=2011"] {
        let refused = site.get(&format!("/collections?{query}&limit=1&cursor={cursor}"), Some(&token)).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.body);
    }
    for query in ["sort=name", "sort=-", "year=20", "year=abcd", "year=12345", &format!("q={}", "x".repeat(101))] {
        assert_eq!(site.get(&format!("/collections?{query}"), Some(&token)).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn entries_are_found_by_the_year_of_their_work_and_by_words() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for subject in 1..=12_u32 {
        put(&site, &token, subject, json!({ "status": "wish" })).await;
        site.clock.advance(1);
    }
    put(&site, &token, 20, json!({ "status": "wish", "comment": "Ｍａｄｏｋａ 最高", "tags": ["魔法少女"] })).await;
    let all = site.get("/collections?limit=100", Some(&token)).await.json()["items"].clone();
    let all = all.as_array().unwrap();
    let year = all[3]["subject"]["date"].as_str().unwrap()[..4].to_owned();
    let of = |wanted: &dyn Fn(&tests::Value) -> bool| {
        all.iter().filter(|item| wanted(item)).map(|item| item["subject_id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let expected = of(&|item| item["subject"]["date"].as_str().is_some_and(|date| date.starts_with(&year)));
    assert!(!expected.is_empty() && expected.len() < all.len());
    assert_eq!(ids(&site.get(&format!("/collections?year={year}"), Some(&token)).await.json()), expected);
    let name = all[3]["subject"]["name_cn"].as_str().unwrap().to_owned();
    let path = format!("/collections?q={}", form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>());
    let found = ids(&site.get(&path, Some(&token)).await.json());
    assert!(found.contains(&(all[3]["subject_id"].as_u64().unwrap())), "{name}: {found:?}");
    // However it is typed; all the words, wherever they are.
    for (words, expected) in
        [("madoka", vec![20]), ("MADOKA 魔法", vec![20]), ("madoka 百合", vec![]), (" ", of(&|_| true))]
    {
        let words: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
        assert_eq!(ids(&site.get(&format!("/collections?q={words}"), Some(&token)).await.json()), expected, "{words}");
    }
}
