//! Undoing a binding, but for the last way in.

use shared::store::links::{Linked, Remaining, Unlinked};
use tests::{Browser, Remote, Reply, TestSite, json};

use super::{attempt, bind, connections, newcomer, owner, provider, start};

async fn unbind(site: &TestSite, browser: &Browser<'_>, at: &str) -> Reply {
    site.send(browser.http.delete(site.url(&format!("/connections/{at}"))), None).await
}

#[tokio::test]
async fn what_is_unbound_is_anybodys_again_and_unbinding_it_twice_is_no_error() {
    let site = start(&Remote::start().await).await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    bind(&site, &sakura, "bangumi", "1", None).await;
    let token = site.sign_in(&sakura).await;
    for _ in 0..2 {
        assert_eq!(site.delete("/connections/bangumi", Some(&token), json!({})).await.status, 204);
        assert_eq!(owner(&site, "bangumi", "1").await, None);
    }
    assert_eq!(bind(&site, &tomoyo, "bangumi", "1", None).await, Linked::Done);
    // Another try does not reach what is somebody else's now.
    assert_eq!(site.delete("/connections/bangumi", Some(&token), json!({})).await.status, 204);
    assert_eq!(owner(&site, "bangumi", "1").await.unwrap().to_string(), tomoyo.user_id);
    assert_eq!(site.delete("/connections/No_Provider", Some(&token), json!({})).await.status, 404);
}

#[tokio::test]
async fn l58_the_last_way_in_cant_be_unbound() {
    let site = start(&Remote::start().await).await;
    let (user, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    let refused = unbind(&site, &browser, "bangumi").await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("last_way_to_sign_in")), "{}", refused.body);
    // Two ways, of which either may go, and then the other stays.
    assert_eq!(bind(&site, &user, "weibo", "1", None).await, Linked::Done);
    assert_eq!(unbind(&site, &browser, "bangumi").await.status, 204);
    assert_eq!(unbind(&site, &browser, "weibo").await.status, 409);
    assert_eq!(owner(&site, "weibo", "1").await.unwrap().to_string(), user.user_id);
    // With a password it may go, too.
    let body = json!({ "new_password": "correct horse battery" });
    let set = site.send(browser.http.post(site.url("/account/password")).json(&body), None).await;
    assert_eq!(set.status, 204, "{}", set.body);
    assert_eq!(unbind(&site, &browser, "weibo").await.status, 204);
}

#[tokio::test]
async fn l58_a_provider_that_the_site_has_no_more_is_no_way_in() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let (user, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    // As if `github` had been configured once.
    let (app, account) = (site.site.app(), super::account(&site, &user).await);
    let link =
        shared::store::links::Link::new(account.user_id, provider("github"), super::subject("7"), app.clock.now());
    assert_eq!(app.store.create_link(&account, &link, None, attempt(app)).await.unwrap(), Linked::Done);
    assert_eq!(unbind(&site, &browser, "bangumi").await.status, 409);
    let shown = connections(&site, &browser).await;
    assert_eq!(shown["items"][1]["name"], "github", "{shown}");
    assert_eq!(unbind(&site, &browser, "github").await.status, 204, "but it can be unbound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l58_of_two_unbindings_at_once_that_leave_each_others_one_succeeds() {
    let site = start(&Remote::start().await).await;
    for n in 0..10 {
        let name = n.to_string();
        let (user, browser) = newcomer(&site, &format!("sakura{n}"), "bangumi", &name).await;
        assert_eq!(bind(&site, &user, "weibo", &name, None).await, Linked::Done);
        let (one, other) = tokio::join!(unbind(&site, &browser, "bangumi"), unbind(&site, &browser, "weibo"));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        let left = [owner(&site, "bangumi", &name).await, owner(&site, "weibo", &name).await];
        assert_eq!(left.iter().flatten().count(), 1);
    }
}

#[tokio::test]
async fn l58_what_is_to_remain_is_looked_at_in_the_same_moment() {
    let site = start(&Remote::start().await).await;
    let app = site.site.app();
    let (user, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    bind(&site, &user, "weibo", "1", None).await;
    let links = app.store.list_links(user.user_id.parse().unwrap()).await.unwrap();
    let [bangumi, weibo] = &links[..] else { panic!("{links:?}") };
    for remaining in [Remaining::Password, Remaining::Link(&bangumi.provider), Remaining::Link(&provider("acwing"))] {
        let outcome = app.store.delete_link(bangumi, remaining, None, attempt(app)).await.unwrap();
        assert_eq!(outcome, Unlinked::LastWay, "{remaining:?}");
    }
    let first = app.store.delete_link(bangumi, Remaining::Link(&weibo.provider), None, attempt(app)).await.unwrap();
    let second = app.store.delete_link(weibo, Remaining::Link(&bangumi.provider), None, attempt(app)).await.unwrap();
    assert_eq!((first, second), (Unlinked::Done, Unlinked::LastWay));
    // It was not there any more when the answer to the first try was lost.
    let again = app.store.delete_link(bangumi, Remaining::Link(&weibo.provider), None, attempt(app)).await.unwrap();
    assert_eq!(again, Unlinked::Gone);
    assert_eq!(connections(&site, &browser).await["items"][0]["provider"], "weibo");
}

#[tokio::test]
async fn s55_unbinding_wants_a_sign_in_of_the_last_ten_minutes() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    bind(&site, &user, "bangumi", "1", None).await;
    let (old, browser) = (site.browser(), site.browser());
    old.sign_in(&user).await;
    site.clock.advance(1);
    browser.sign_in(&user).await;
    site.clock.advance(599);
    let refused = unbind(&site, &old, "bangumi").await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("fresh_sign_in_required")), "{}", refused.body);
    assert!(owner(&site, "bangumi", "1").await.is_some());
    assert_eq!(unbind(&site, &browser, "bangumi").await.status, 204);
}

#[tokio::test]
async fn bound_accounts_are_no_third_partys_to_see_or_undo() {
    let site = start(&Remote::start().await).await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    bind(&site, &user, "bangumi", "1", None).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid profile").await;
    let token = Some(tokens.access_token.as_str());
    assert_eq!(site.get("/connections", token).await.status, 403);
    assert_eq!(site.delete("/connections/bangumi", token, json!({})).await.status, 403);
    assert_eq!(site.get("/connections", None).await.status, 401);
    assert_eq!(site.delete("/connections/bangumi", None, json!({})).await.status, 401);
    let evil = browser.http.delete(site.url("/connections/bangumi")).header("origin", "https://evil.example");
    assert_eq!(site.send(evil, None).await.status, 403);
    assert!(owner(&site, "bangumi", "1").await.is_some());
}
