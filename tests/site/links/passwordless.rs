//! Accounts without a password.

use tests::{PASSWORD, Remote, json};

use super::{newcomer, owner, start};

#[tokio::test]
async fn s51_who_has_no_password_is_refused_as_a_wrong_one_is() {
    let site = start(&Remote::start().await).await;
    let (_, _) = newcomer(&site, "without", "bangumi", "1").await;
    site.register("sakura").await;
    let mut told = Vec::new();
    for (name, password) in [("without", PASSWORD), ("sakura", "not hers"), ("nobody", PASSWORD)] {
        site.proxy.forget();
        let refused = site.post("/login", None, json!({ "username": name, "password": password })).await;
        let calls = site.proxy.calls().into_iter().map(|call| call.operation).collect::<Vec<_>>();
        told.push((refused.status, refused.body, calls.len()));
    }
    assert_eq!(told[0].0, 401);
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    // An empty one is no password either.
    assert_eq!(site.post("/login", None, json!({ "username": "without", "password": "" })).await.status, 401);
}

#[tokio::test]
async fn s55_a_first_password_is_set_after_a_recent_sign_in_and_ends_every_other_session() {
    let site = start(&Remote::start().await).await;
    let (user, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    let set = async |body| site.send(browser.http.post(site.url("/account/password")).json(&body), None).await;
    assert_eq!(set(json!({ "new_password": "short" })).await.wrong_fields(), ["new_password"]);
    assert_eq!(set(json!({})).await.wrong_fields(), ["new_password"]);
    site.clock.advance(600);
    let refused = set(json!({ "new_password": PASSWORD })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("fresh_sign_in_required")));
    let sign_in = json!({ "username": user.username, "password": PASSWORD });
    assert_eq!(site.post("/login", None, sign_in.clone()).await.status, 401);

    let (_, browser) = newcomer(&site, "tomoyo", "bangumi", "2").await;
    let set = async |body| site.send(browser.http.post(site.url("/account/password")).json(&body), None).await;
    assert_eq!(set(json!({ "new_password": PASSWORD })).await.status, 204);
    assert_eq!(browser.open("/account").await.status, 200, "this session stays");
    assert_eq!(site.post("/login", None, json!({ "username": "tomoyo", "password": PASSWORD })).await.status, 200);
    // From now on the old one is asked for.
    assert_eq!(set(json!({ "new_password": "another password" })).await.wrong_fields(), ["old_password"]);
    let body = json!({ "old_password": "wrong", "new_password": "another password" });
    assert_eq!(set(body).await.wrong_fields(), ["old_password"]);
}

#[tokio::test]
async fn the_pages_forms_ask_nobody_for_a_password_that_they_have_not() {
    let site = start(&Remote::start().await).await;
    let (_, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    let page = browser.open("/account").await;
    assert!(!page.body.contains("old_password") && !page.body.contains("name=\"password\""), "{}", page.body);
    let csrf = page.input("csrf");
    let set = browser.submit("/account/password", &[("csrf", &csrf), ("new_password", PASSWORD)]).await;
    assert_eq!((set.status, set.location()), (303, "/account?saved=password"));
    let page = browser.open("/account").await;
    assert!(page.body.contains("old_password") && page.body.contains("name=\"password\""), "{}", page.body);

    let (_, browser) = newcomer(&site, "tomoyo", "bangumi", "2").await;
    let csrf = browser.open("/account").await.input("csrf");
    site.clock.advance(600);
    for (path, pairs) in [("/account/password", vec![("new_password", PASSWORD)]), ("/account/delete", vec![])] {
        let pairs = [vec![("csrf", csrf.as_str())], pairs].concat();
        let refused = browser.submit(path, &pairs).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.body.contains("id=\"sign_in_again\""), "{path}: {}", refused.body);
    }
    assert!(owner(&site, "bangumi", "2").await.is_some());
}

#[tokio::test]
async fn s55_without_a_password_the_account_is_deleted_after_a_recent_sign_in() {
    let site = start(&Remote::start().await).await;
    let (_, browser) = newcomer(&site, "sakura", "bangumi", "1").await;
    let delete = async || site.send(browser.http.delete(site.url("/account")).json(&json!({})), None).await;
    site.clock.advance(600);
    assert_eq!(delete().await.json()["code"], "fresh_sign_in_required");
    assert!(owner(&site, "bangumi", "1").await.is_some());
    let (_, browser) = newcomer(&site, "tomoyo", "bangumi", "2").await;
    let deleted = site.send(browser.http.delete(site.url("/account")).json(&json!({})), None).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_eq!(owner(&site, "bangumi", "2").await, None);
    assert_eq!(browser.open("/account").await.status, 303);
}

#[tokio::test]
async fn s55_another_e_mail_address_or_phone_number_wants_a_recent_sign_in() {
    let site = start(&Remote::start().await).await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let change = async |body| site.send(browser.http.patch(site.url("/account")).json(&body), None).await;
    assert_eq!(change(json!({ "email": "kinomoto@moe.example" })).await.status, 200);
    site.clock.advance(599);
    assert_eq!(change(json!({ "phone": "13800138000" })).await.status, 200);
    site.clock.advance(1);
    for body in [json!({ "email": "evil@moe.example" }), json!({ "phone": "13800138001" }), json!({ "email": null })] {
        let refused = change(body).await;
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("fresh_sign_in_required")));
    }
    // What does not change them goes on.
    let same = json!({ "nickname": "樱", "email": "kinomoto@moe.example", "phone": "+8613800138000" });
    assert_eq!(change(same).await.status, 200);
    let account = site.send(browser.http.get(site.url("/account")), None).await.json();
    assert_eq!((&account["email"], &account["nickname"]), (&json!("kinomoto@moe.example"), &json!("樱")));
}
