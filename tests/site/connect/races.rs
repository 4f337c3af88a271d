//! At the same time.

use tests::{TestSite, json};

use super::kept;

#[tokio::test]
async fn l59_of_two_people_who_bind_one_account_at_once_one_succeeds_and_the_other_is_told() {
    for round in 0..5 {
        let site = TestSite::start().await;
        let (one, other) = (site.member("sakura").await, site.member("tomoyo").await);
        let mut backs = Vec::new();
        for browser in [&one, &other] {
            let there = browser.begin_to_bind("bangumi").await;
            backs.push(browser.allow_there(&there, "kero").await);
        }
        let (first, second) = tokio::join!(one.open(&backs[0]), other.open(&backs[1]));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "round {round}: {} {}", first.body, second.body);
        let lost = if first.status == 409 { first } else { second };
        assert!(lost.body.contains("bound to another account here"), "{}", lost.body);
        assert_eq!(kept(&site).await[1..], [1, 1, 0]);
    }
}

#[tokio::test]
async fn l57_of_two_callbacks_with_one_state_one_is_taken() {
    let site = TestSite::start().await;
    site.browser().join_from("weibo", "sakura", "kinomoto").await;
    for round in 0..5 {
        let browser = site.browser();
        let there = browser.begin("weibo").await;
        let back = browser.allow_there(&there, "sakura").await;
        let before = kept(&site).await[0];
        let (first, second) = tokio::join!(browser.open(&back), browser.open(&back));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 400], "round {round}");
        assert_eq!(kept(&site).await[0], before + 1, "one session");
    }
}

#[tokio::test]
async fn l59_of_two_creations_from_one_pending_account_one_is_made() {
    for round in 0..5 {
        let site = TestSite::start().await;
        let browser = site.browser();
        browser.come_from("bangumi", "sakura").await;
        let create = |username: &'static str| {
            let browser = &browser;
            async move {
                let body = json!({ "action": "create", "username": username });
                browser.post("/connect/bangumi/pending", &body).await
            }
        };
        let (first, second) = tokio::join!(create("kinomoto"), create("daidouji"));
        let won = [&first, &second].into_iter().filter(|reply| reply.status == 201).count();
        assert_eq!(won, 1, "round {round}: {} {}", first.body, second.body);
        assert_eq!(kept(&site).await, [1, 1, 1, 0]);
        let lost = if first.status == 201 { second } else { first };
        assert!([400, 409].contains(&lost.status), "{}", lost.body);
    }
}

#[tokio::test]
async fn l59_of_two_newcomers_with_one_account_elsewhere_one_gets_it_and_the_other_comes_in_by_it() {
    let site = TestSite::start().await;
    let (one, other) = (site.browser(), site.browser());
    for browser in [&one, &other] {
        browser.come_from("weibo", "sakura").await;
    }
    let (first, second) = tokio::join!(
        one.choose("weibo", "create", &[("username", "kinomoto")]),
        other.choose("weibo", "create", &[("username", "daidouji")]),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{} {}", first.body, second.body);
    let (winner, loser, lost) = if first.status == 303 { (&one, &other, second) } else { (&other, &one, first) };
    // They are the same person, after all.
    assert_eq!(loser.open(&lost.href("again")).await.status, 303);
    assert_eq!(loser.come_from("weibo", "sakura").await.location(), "/");
    assert_eq!(loser.me().await["user_id"], winner.me().await["user_id"]);
}
