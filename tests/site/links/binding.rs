//! Who an account elsewhere is bound to.

use shared::account::UserStatus;
use shared::store::links::{Created, Linked};
use tests::{Remote, json};

use super::{account, attempt, bind, create, create_for, link, newcomer, owner, pending, start};

#[tokio::test]
async fn l56_one_subject_at_two_providers_is_two_identities() {
    let site = start(&Remote::start().await).await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    assert_eq!(bind(&site, &sakura, "bangumi", "1", None).await, Linked::Done);
    assert_eq!(bind(&site, &tomoyo, "weibo", "1", None).await, Linked::Done);
    assert_eq!(owner(&site, "bangumi", "1").await.unwrap().to_string(), sakura.user_id);
    assert_eq!(owner(&site, "weibo", "1").await.unwrap().to_string(), tomoyo.user_id);
    assert_eq!(owner(&site, "acwing", "1").await, None);
    // Subjects are kept to the letter.
    for other in ["01", "1 ", "１"] {
        assert_eq!(owner(&site, "bangumi", other).await, None, "{other:?}");
    }
}

#[tokio::test]
async fn l58_a_known_name_or_address_links_nothing() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    // Somebody who is called the same elsewhere, and has the username as subject, is nobody here.
    assert_eq!(owner(&site, "bangumi", "sakura").await, None);
    assert_eq!(owner(&site, "bangumi", "sakura@moe.example").await, None);
    let (_, created, cookie) = create(&site, "sakura", "bangumi", "sakura").await;
    assert!(matches!(created, Created::Already(kinds) if kinds.len() == 1));
    assert_eq!(owner(&site, "bangumi", "sakura").await, None);
    let browser = site.browser();
    browser.accept(&cookie);
    assert_eq!(browser.open("/account").await.status, 303, "nobody is signed in");
    assert_eq!(site.get("/account", Some(&site.sign_in(&user).await)).await.json()["has_password"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l59_of_two_who_bind_one_account_at_once_one_wins_and_the_other_is_told() {
    let site = start(&Remote::start().await).await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    for n in 0..10 {
        let name = n.to_string();
        let provider = ["bangumi", "weibo", "acwing"][n % 3];
        let outcomes =
            tokio::join!(bind(&site, &sakura, provider, &name, None), bind(&site, &tomoyo, provider, &name, None));
        let winner = owner(&site, provider, &name).await;
        // Once both have one at the provider, that is what they are told.
        match outcomes {
            (Linked::Done, Linked::TakenByAnother) => assert_eq!(winner.unwrap().to_string(), sakura.user_id),
            (Linked::TakenByAnother, Linked::Done) => assert_eq!(winner.unwrap().to_string(), tomoyo.user_id),
            (Linked::Done, Linked::ProviderTaken) | (Linked::ProviderTaken, Linked::Done) if n > 2 => {}
            (Linked::ProviderTaken, Linked::TakenByAnother) | (Linked::TakenByAnother, Linked::ProviderTaken)
                if n > 2 => {}
            (Linked::ProviderTaken, Linked::ProviderTaken) if n > 5 => assert_eq!(winner, None),
            other => panic!("{n}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l59_of_two_newcomers_with_one_account_one_is_created_and_the_other_is_nobody() {
    let site = start(&Remote::start().await).await;
    for n in 0..5 {
        let (one, other, name) = (format!("sakura{n}"), format!("tomoyo{n}"), n.to_string());
        let outcomes = tokio::join!(create(&site, &one, "bangumi", &name), create(&site, &other, "bangumi", &name));
        let created = [&outcomes.0.1, &outcomes.1.1];
        assert!(created.contains(&&Created::Done) && created.contains(&&Created::TakenByAnother), "{created:?}");
        for (username, (account, created, cookie)) in [(one, outcomes.0), (other, outcomes.1)] {
            let exists = site.get(&format!("/users/{username}/collections"), None).await.status == 200;
            assert_eq!(exists, created == Created::Done);
            let browser = site.browser();
            browser.accept(&cookie);
            assert_eq!(browser.open("/account").await.status == 200, created == Created::Done);
            if created == Created::Done {
                assert_eq!(owner(&site, "bangumi", &name).await, Some(account.user_id));
            }
        }
    }
}

#[tokio::test]
async fn somebody_has_one_account_at_each_provider_and_binding_it_again_changes_nothing() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    let both = tokio::join!(bind(&site, &user, "bangumi", "1", None), bind(&site, &user, "bangumi", "2", None));
    assert!(matches!(both, (Linked::Done, Linked::ProviderTaken) | (Linked::ProviderTaken, Linked::Done)), "{both:?}");
    let (bound, free) = if both.0 == Linked::Done { ("1", "2") } else { ("2", "1") };
    assert_eq!(owner(&site, "bangumi", free).await, None);
    site.clock.advance(60);
    assert_eq!(bind(&site, &user, "bangumi", bound, None).await, Linked::Already);
    let token = site.sign_in(&user).await;
    let items = site.get("/connections", Some(&token)).await.json()["items"].clone();
    assert_eq!(
        items,
        json!([{
            "provider": "bangumi", "name": "Bangumi", "linked_at": "2026-01-01T00:00:00Z",
            "state": "healthy", "since": "2026-01-01T00:00:00Z",
        }])
    );
}

#[tokio::test]
async fn what_is_pending_is_used_once_within_ten_minutes_and_for_nothing_else() {
    let site = start(&Remote::start().await).await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    let hash = pending(&site, "bangumi", "1").await;
    assert!(app.store.find_pending(&hash, app.clock.now()).await.unwrap().is_some());
    let account = account(&site, &user).await;
    for (at, name) in [("weibo", "1"), ("bangumi", "2")] {
        let link = link(&site, &account, at, name, None);
        let outcome = app.store.link_pending(&account, &link, &hash, None, attempt(app)).await.unwrap();
        assert_eq!((outcome, owner(&site, at, name).await), (Linked::PendingGone, None), "{at} {name}");
    }
    let right = link(&site, &account, "bangumi", "1", None);
    assert_eq!(app.store.link_pending(&account, &right, &hash, None, attempt(app)).await.unwrap(), Linked::Done);
    assert!(app.store.find_pending(&hash, app.clock.now()).await.unwrap().is_none());
    let (_, created, _) = create_for(&site, "tomoyo", "bangumi", "9", &hash).await;
    assert_eq!((created, owner(&site, "bangumi", "9").await), (Created::PendingGone, None));

    let hash = pending(&site, "weibo", "7").await;
    site.clock.advance(599);
    assert!(app.store.find_pending(&hash, app.clock.now()).await.unwrap().is_some());
    site.clock.advance(1);
    assert!(app.store.find_pending(&hash, app.clock.now()).await.unwrap().is_none());
    let (_, created, _) = create_for(&site, "tomoyo", "weibo", "7", &hash).await;
    assert_eq!((created, owner(&site, "weibo", "7").await), (Created::PendingGone, None));
    let cancelled = pending(&site, "weibo", "8").await;
    app.store.delete_pending(&cancelled).await.unwrap();
    app.store.delete_pending(&cancelled).await.unwrap();
    let (_, created, _) = create_for(&site, "tomoyo", "weibo", "8", &cancelled).await;
    assert_eq!(created, Created::PendingGone);
}

#[tokio::test]
async fn nothing_is_bound_to_who_is_gone_or_signed_out_everywhere_meanwhile() {
    let site = start(&Remote::start().await).await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    let before = account(&site, &user).await;
    let token = site.sign_in(&user).await;
    let body = json!({ "old_password": user.password, "new_password": "another password" });
    assert_eq!(site.post("/account/password", Some(&token), body).await.status, 204);
    let try_it = async || {
        let link = link(&site, &before, "bangumi", "1", None);
        app.store.create_link(&before, &link, None, attempt(app)).await.unwrap()
    };
    assert_eq!(try_it().await, Linked::UserGone);
    let now = account(&site, &user).await;
    assert!(app.store.set_user_status(&now, UserStatus::Disabled, attempt(app)).await.unwrap());
    assert_eq!(bind(&site, &user, "bangumi", "1", None).await, Linked::UserGone);
    assert_eq!(owner(&site, "bangumi", "1").await, None);
}

#[tokio::test]
async fn who_came_with_an_account_elsewhere_is_signed_in_and_has_no_password() {
    let site = start(&Remote::start().await).await;
    let (user, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    assert_eq!(owner(&site, "bangumi", "1").await.unwrap().to_string(), user.user_id);
    let account = site.send(browser.http.get(site.url("/account")), None).await.json();
    assert_eq!((&account["username"], &account["has_password"]), (&json!("sakura"), &json!(false)));
}
