//! Deleting an account frees what was bound to it.

use shared::store::links::Linked;
use tests::{PASSWORD, Remote, json};

use super::{account, attempt, bind, owner, start, tokens};

#[tokio::test]
async fn a_deleted_accounts_bindings_are_anybodys_at_once_and_nothing_of_them_is_left() {
    let site = start(&Remote::start().await).await;
    let (app, sakura, tomoyo) = (site.site.app(), site.register("sakura").await, site.register("tomoyo").await);
    bind(&site, &sakura, "bangumi", "1", Some(&tokens(app, "first", 3600))).await;
    bind(&site, &sakura, "weibo", "1", None).await;
    let token = site.sign_in(&sakura).await;
    assert_eq!(site.delete("/account", Some(&token), json!({ "password": PASSWORD })).await.status, 204);
    for at in ["bangumi", "weibo"] {
        assert_eq!(owner(&site, at, "1").await, None, "{at}");
        assert_eq!(bind(&site, &tomoyo, at, "1", None).await, Linked::Done, "{at}");
    }
    // Nobody renews the tokens of who is gone.
    site.site.run_scheduled("sweep").await.unwrap();
    let left = site.dump().await.into_iter().filter(|item| item["PK"]["S"] == format!("USER#{}", sakura.user_id));
    assert_eq!(left.count(), 0);
    assert!(app.store.list_links(tomoyo.user_id.parse().unwrap()).await.unwrap().len() == 2);
}

#[tokio::test]
async fn a_binding_that_comes_between_is_not_left_behind() {
    let site = start(&Remote::start().await).await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    let before = account(&site, &user).await;
    let links = app.store.list_links(before.user_id).await.unwrap();
    assert_eq!(bind(&site, &user, "bangumi", "1", None).await, Linked::Done);
    // Who deletes has read an account without bindings.
    assert!(!app.store.delete_user(&before, &links, None, app.clock.now(), attempt(app)).await.unwrap());
    assert_eq!(owner(&site, "bangumi", "1").await, Some(before.user_id));
    let (now, links) = (account(&site, &user).await, app.store.list_links(before.user_id).await.unwrap());
    assert!(app.store.delete_user(&now, &links, None, app.clock.now(), attempt(app)).await.unwrap());
    assert_eq!(owner(&site, "bangumi", "1").await, None);
    assert_eq!(bind(&site, &user, "bangumi", "1", None).await, Linked::UserGone, "and none comes afterwards");
}
