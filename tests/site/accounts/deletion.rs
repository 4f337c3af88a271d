//! `DELETE /account`, and what `sweep` does after it.

use tests::{Client, Fault, PASSWORD, TestSite, User, Value, json};

/// Somebody with everything that a person can have, also an application of their own.
struct Everything {
    user: User,
    session: String,
    access: String,
    refresh: String,
    app: Client,
    own_app: String,
}

async fn somebody(site: &TestSite) -> Everything {
    let user = site.register("sakura").await;
    let app = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let scope = "openid offline_access collections:read collections:write";
    let tokens = browser.authorize_and_redeem(&app, scope).await;
    let session = site.sign_in(&user).await;
    for subject in 1..=5 {
        let path = format!("/collections/{subject}");
        assert_eq!(site.put(&path, Some(&session), json!({ "status": "wish" })).await.status, 201);
    }
    let body = json!({ "client_name": "Mine", "redirect_uris": ["https://mine.example/cb"] });
    let own_app = site.post("/oauth2/register", Some(&session), body).await;
    assert_eq!(own_app.status, 201, "{}", own_app.body);
    let own_app = own_app.json().get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    Everything { user, session, access: tokens.access_token, refresh: tokens.refresh_token, app, own_app }
}

async fn delete(site: &TestSite, token: &str) {
    let reply = site.delete("/account", Some(token), json!({ "password": PASSWORD })).await;
    assert_eq!(reply.status, 204, "{}", reply.body);
}

/// What names that user in the table, but for the username, which is held.
async fn left_of(site: &TestSite, them: &Everything) -> Vec<String> {
    let items = site.dump().await;
    assert!(!items.is_empty(), "the signing keys at least are there");
    let of = |item: &Value, name: &str| {
        item.pointer(&format!("/{name}/S")).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let theirs = items.iter().filter(|item| {
        let text = item.to_string();
        [them.user.user_id.as_str(), "sakura@moe.example", &them.own_app].iter().any(|trace| text.contains(trace))
    });
    let keys = theirs.map(|item| format!("{} {}", of(item, "PK"), of(item, "SK")));
    keys.filter(|key| key != "IDENTIFIER#username#sakura IDENTIFIER").collect()
}

#[tokio::test]
async fn deleting_the_account_asks_for_its_password() {
    let site = TestSite::start().await;
    let token = site.sign_in(&site.register("sakura").await).await;
    let wrong = site.delete("/account", Some(&token), json!({ "password": "not the password" })).await;
    assert_eq!((wrong.status, wrong.wrong_fields()), (403, vec!["password".to_owned()]));
    let missing = site.delete("/account", Some(&token), json!({})).await;
    assert_eq!((missing.status, missing.wrong_fields()), (422, vec!["password".to_owned()]));
    assert_eq!(site.delete("/account", None, json!({ "password": PASSWORD })).await.status, 401);
    assert_eq!(site.get("/account", Some(&token)).await.status, 200);
    delete(&site, &token).await;
}

#[tokio::test]
async fn after_deletion_nothing_of_theirs_works_or_shows() {
    let site = TestSite::start().await;
    let them = somebody(&site).await;
    let public = "/users/sakura/collections";
    assert_eq!(site.get(public, None).await.status, 200);
    let browser = site.browser();
    browser.sign_in(&them.user).await;
    let code = browser.code(&them.app, "openid").await;
    delete(&site, &them.session).await;

    // At once, and no less once the rest is swept away.
    for _ in 0..2 {
        for name in ["sakura", "sakura@moe.example"] {
            let login = json!({ "username": name, "password": PASSWORD });
            assert_eq!(site.post("/login", None, login).await.status, 401, "{name}");
        }
        assert_eq!(site.get("/account", Some(&them.session)).await.status, 401);
        assert_eq!(site.send(browser.http.get(site.url("/account")), None).await.status, 401);
        assert_eq!(site.userinfo(&them.access).await.status, 401);
        assert_eq!(site.get("/collections", Some(&them.access)).await.status, 401);
        assert_eq!(site.put("/collections/1", Some(&them.access), json!({ "status": "done" })).await.status, 401);
        assert_eq!(site.refresh(&them.app, &them.refresh).await.error(), "invalid_grant");
        assert_eq!(site.redeem(&them.app, &code, tests::flow::VERIFIER).await.error(), "invalid_grant");
        assert_eq!(site.get(public, None).await.status, 404);
        site.site.run_scheduled("sweep").await.unwrap();
    }
}

#[tokio::test]
async fn an_address_is_free_again_at_once_and_a_username_after_thirty_days() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    delete(&site, &site.sign_in(&user).await).await;
    let register = async |body: Value| site.post("/register", None, body).await;
    let name = json!({ "username": "Sakura", "password": PASSWORD });
    let held = register(name.clone()).await;
    assert_eq!((held.status, held.wrong_fields()), (409, vec!["username".to_owned()]));
    let other = site.sign_in(&site.register("tomoyo").await).await;
    let renamed = site.patch("/account", Some(&other), json!({ "username": "sakura" })).await;
    assert_eq!((renamed.status, renamed.wrong_fields()), (409, vec!["username".to_owned()]));
    let email = json!({ "email": "sakura@moe.example", "password": PASSWORD });
    assert_eq!(register(email).await.status, 201);
    site.site.run_scheduled("sweep").await.unwrap();
    site.clock.advance(30 * 86_400 - 1);
    assert_eq!(register(name.clone()).await.status, 409);
    site.clock.advance(1);
    let taken = register(name).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    assert_ne!(taken.json()["user_id"], user.user_id.as_str());
    let login = json!({ "username": "sakura", "password": PASSWORD });
    assert_eq!(site.post("/login", None, login).await.status, 200);
}

#[tokio::test]
async fn the_sweep_leaves_nothing_of_a_deleted_account_and_touches_nobody_else() {
    let site = TestSite::start().await;
    let them = somebody(&site).await;
    let other = site.register("tomoyo").await;
    let token = site.sign_in(&other).await;
    assert_eq!(site.put("/collections/1", Some(&token), json!({ "status": "wish" })).await.status, 201);
    delete(&site, &them.session).await;
    assert!(left_of(&site, &them).await.len() > 10);
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!(left_of(&site, &them).await, Vec::<String>::new());
    assert_eq!(site.get("/collections/1", Some(&token)).await.status, 200);
    assert_eq!(site.get("/account", Some(&token)).await.status, 200);
}

#[tokio::test]
async fn a_sweep_that_is_cut_off_goes_on_the_next_time() {
    let site = TestSite::start().await;
    let them = somebody(&site).await;
    delete(&site, &them.session).await;
    // Each run gets a call further than the one before.
    let mut runs = 0;
    loop {
        site.proxy.fail_from(runs, Fault::CutBefore);
        if site.site.run_scheduled("sweep").await.is_ok() {
            break;
        }
        site.proxy.heal();
        // What comes after it in a run can be cut off, too.
        let left = left_of(&site, &them).await;
        let job = left.iter().any(|key| key.starts_with("PURGE#"));
        assert!(left.is_empty() || job, "the job stays until all is done: {left:?}");
        runs += 1;
    }
    site.proxy.heal();
    assert!(runs > 5, "cut off {runs} times");
    assert_eq!(left_of(&site, &them).await, Vec::<String>::new());
}
