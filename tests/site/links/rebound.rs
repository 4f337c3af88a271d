//! A link that was unbound and bound again while somebody held what it was before.

use shared::id::LeaseId;
use shared::store::links::Link;
use tests::{Remote, TestSite, User};

use super::{attempt, bind, owner, provider, start, subject, tokens};

async fn stored(site: &TestSite, user: &User) -> Link {
    site.site.app().store.find_link(user.user_id.parse().unwrap(), &provider("bangumi")).await.unwrap().unwrap()
}

async fn unbind(site: &TestSite, user: &User) {
    let token = site.sign_in(user).await;
    let gone = site.delete("/connections/bangumi", Some(&token), tests::json!({})).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
}

#[tokio::test]
async fn whoever_holds_a_link_as_it_was_writes_nothing_over_the_one_that_came_after() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let user = site.register("sakura").await;
    for (again, seconds) in [("first", 0), ("second", 0), ("second", 1)] {
        bind(&site, &user, "bangumi", "first", Some(&tokens(app, "old", 3600))).await;
        let before = stored(&site, &user).await;
        unbind(&site, &user).await;
        site.clock.advance(seconds);
        bind(&site, &user, "bangumi", again, Some(&tokens(app, "new", 3600))).await;
        let now = stored(&site, &user).await;
        assert_eq!(now.version, before.version, "the version alone tells nothing");
        let store = &app.store;
        let lease = LeaseId::new(&app.entropy);
        assert!(store.lease_tokens(&before, lease, app.clock.now(), attempt(app)).await.unwrap().is_none());
        assert!(!store.replace_tokens(&before, &before, attempt(app)).await.unwrap());
        assert!(!store.put_tokens_off(&before, app.clock.now() + 60, attempt(app)).await.unwrap());
        let after = stored(&site, &user).await;
        assert_eq!((after.subject, after.tokens, after.version), (subject(again), now.tokens, now.version));
        unbind(&site, &user).await;
        assert_eq!(owner(&site, "bangumi", again).await, None);
    }
}

#[tokio::test]
async fn what_was_resealed_is_not_put_back() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let user = site.register("sakura").await;
    bind(&site, &user, "bangumi", "first", Some(&tokens(app, "old", 3600))).await;
    let before = stored(&site, &user).await;
    assert!(app.store.reseal_tokens(&before, "sealed otherwise", attempt(app)).await.unwrap());
    let lease = LeaseId::new(&app.entropy);
    assert!(app.store.lease_tokens(&before, lease, app.clock.now(), attempt(app)).await.unwrap().is_none());
    assert_eq!(stored(&site, &user).await.tokens.as_deref(), Some("sealed otherwise"));
}

#[tokio::test]
async fn an_identity_that_is_free_already_keeps_nobody_from_unbinding_or_leaving() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    for leaves in [false, true] {
        let name = if leaves { "tomoyo" } else { "sakura" };
        let user = site.register(name).await;
        bind(&site, &user, "weibo", name, None).await;
        let identities = site.dump().await.into_iter().filter(|item| item["SK"]["S"] == "UPSTREAM");
        for identity in identities {
            site.delete_item(&identity).await;
        }
        let token = site.sign_in(&user).await;
        let (path, body) = match leaves {
            true => ("/account", tests::json!({ "password": user.password })),
            false => ("/connections/weibo", tests::json!({})),
        };
        let reply = site.delete(path, Some(&token), body).await;
        assert_eq!(reply.status, 204, "{}", reply.body);
    }
}
