//! The page of bound accounts.

use shared::id::LeaseId;
use tests::{Remote, json};

use super::{attempt, bind, connections, newcomer, owner, provider, start, tokens};

#[tokio::test]
async fn s49_the_account_page_leads_to_bound_accounts_each_with_a_button_that_ends_it() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    assert_eq!(browser.open("/connections").await.location(), "/login?continue=/connections");
    browser.sign_in(&user).await;
    bind(&site, &user, "bangumi", "1", None).await;
    assert!(browser.open("/account").await.body.contains("href=\"/connections\""));
    let page = browser.open("/connections").await;
    for there in ["id=\"unbind-bangumi\"", "action=\"/connect/weibo\"", "action=\"/connect/acwing\""] {
        assert!(page.body.contains(there), "{there}: {}", page.body);
    }
    assert!(!page.body.contains("/connect/bangumi"), "it is bound");
    let csrf = page.input("csrf");
    let done = browser.submit("/connections", &[("csrf", &csrf), ("provider", "bangumi")]).await;
    assert_eq!((done.status, done.location()), (303, "/connections?done=unbound"));
    assert_eq!(owner(&site, "bangumi", "1").await, None);
    assert!(browser.open(done.location()).await.body.contains("role=\"status\""));
}

#[tokio::test]
async fn s49_what_is_bound_and_what_could_be_is_told_in_json() {
    let site = start(&Remote::start().await).await;
    let (_, browser) = newcomer(&site, "sakura", "weibo", "1").await;
    let told = connections(&site, &browser).await;
    assert_eq!(told["items"][0]["provider"], "weibo");
    let available = json!([{ "provider": "acwing", "name": "AcWing" }, { "provider": "bangumi", "name": "Bangumi" }]);
    assert_eq!(told["available"], available);
}

#[tokio::test]
async fn a_broken_binding_is_said_to_be_so_since_when_and_can_be_bound_again() {
    let site = start(&Remote::start().await).await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    bind(&site, &user, "bangumi", "1", Some(&tokens(app, "first", 600))).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    site.clock.advance(60);
    let link = app.store.find_link(user.user_id.parse().unwrap(), &provider("bangumi")).await.unwrap().unwrap();
    let lease = LeaseId::new(&app.entropy);
    let leased = app.store.lease_tokens(&link, lease, app.clock.now(), attempt(app)).await.unwrap().unwrap();
    assert!(app.store.break_link(&leased, None, app.clock.now(), attempt(app)).await.unwrap());
    let item = connections(&site, &browser).await["items"][0].clone();
    assert_eq!((&item["state"], &item["since"]), (&json!("needs_attention"), &json!("2026-01-01T00:01:00Z")));
    let page = browser.open("/connections").await;
    assert!(page.body.contains("action=\"/connect/bangumi\"") && page.body.contains("2026-01-01"), "{}", page.body);
}

#[tokio::test]
async fn a15_unbinding_by_a_form_that_is_not_ours_is_refused() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    bind(&site, &user, "bangumi", "1", None).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/connections").await.input("csrf");
    let foreign = [("csrf", csrf.as_str()), ("provider", "bangumi")];
    assert_eq!(browser.submit_from("/connections", &foreign, "https://evil.example").await.status, 403);
    assert_eq!(browser.submit("/connections", &[("provider", "bangumi")]).await.status, 403);
    let other = site.browser();
    other.sign_in(&user).await;
    assert_eq!(other.submit("/connections", &foreign).await.status, 403, "another browser's");
    assert!(owner(&site, "bangumi", "1").await.is_some());
}

#[tokio::test]
async fn s55_the_page_sends_who_signed_in_long_ago_to_sign_in_again() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    bind(&site, &user, "bangumi", "1", None).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/connections").await.input("csrf");
    site.clock.advance(600);
    let sent = browser.submit("/connections", &[("csrf", &csrf), ("provider", "bangumi")]).await;
    assert_eq!((sent.status, sent.location()), (303, "/login?continue=/connections"));
    assert!(owner(&site, "bangumi", "1").await.is_some());
}

#[tokio::test]
async fn l58_the_page_says_that_the_last_way_in_stays() {
    let site = start(&Remote::start().await).await;
    let (_, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    let csrf = browser.open("/connections").await.input("csrf");
    let refused = browser.submit("/connections", &[("csrf", &csrf), ("provider", "bangumi")]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("role=\"alert\""), "{}", refused.body);
}
