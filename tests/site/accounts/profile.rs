//! `GET` and `PATCH /account`.

use serde_json::Value;
use tests::{PASSWORD, TestSite, json};

use super::{documented, fields};

#[tokio::test]
async fn the_account_is_shown_to_its_owner_alone() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let reply = site.get("/account", Some(&token)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(fields(&reply), documented());
    assert_eq!(reply.json()["user_id"], user.user_id.as_str());

    let nobody = site.get("/account", None).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    for garbage in ["garbage", "a.b.c"] {
        let reply = site.get("/account", Some(garbage)).await;
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"), "{garbage}");
    }
    // By cookie it is the same account.
    let browser = site.browser();
    browser.sign_in(&user).await;
    let by_cookie = site.send(browser.http.get(site.url("/account")), None).await;
    assert_eq!(by_cookie.json(), reply.json());
}

#[tokio::test]
async fn every_field_can_be_changed_and_emptied() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let values = [
        ("username", json!("tomoyo")),
        ("email", json!("tomoyo@moe.example")),
        ("phone", json!("+8613800138000")),
        ("nickname", json!("知世")),
        ("avatar", json!("https://img.example/tomoyo.png")),
        ("intro", json!("films everything\n🌸")),
    ];
    for (field, value) in &values {
        let before = site.get("/account", Some(&token)).await.json();
        let reply = site.patch("/account", Some(&token), json!({ *field: value })).await;
        assert_eq!(reply.status, 200, "{field}: {}", reply.body);
        let mut expected = before;
        expected[*field] = value.clone();
        assert_eq!(reply.json(), expected, "only {field} changed");
        assert_eq!(site.get("/account", Some(&token)).await.json(), expected, "and stays so");
    }
    for field in ["email", "phone", "nickname", "avatar", "intro"] {
        let reply = site.patch("/account", Some(&token), json!({ field: null })).await;
        assert_eq!((reply.status, &reply.json()[field]), (200, &Value::Null), "{field}: {}", reply.body);
    }
    // All at once, and what nobody may set is not set.
    let mut all: Value = values.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
    all["user_id"] = json!("somebody-else");
    all["email_verified"] = json!(true);
    all["created_at"] = json!("1999-01-01T00:00:00Z");
    let reply = site.patch("/account", Some(&token), all).await.json();
    assert_eq!(reply["user_id"], user.user_id.as_str());
    assert_eq!(reply["email_verified"], false);
    assert_eq!(reply["created_at"], "2026-01-01T00:00:00Z");
    for (field, value) in &values {
        assert_eq!(&reply[*field], value);
    }
}

#[tokio::test]
async fn a_changed_identifier_signs_in_and_the_old_one_is_free() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let changes = json!({ "username": "tomoyo", "email": "tomoyo@moe.example", "phone": "13800138000" });
    assert_eq!(site.patch("/account", Some(&token), changes).await.status, 200);
    let login =
        async |name: &str| site.post("/login", None, json!({ "username": name, "password": PASSWORD })).await.status;
    for name in ["tomoyo", "TOMOYO@moe.example", "+8613800138000"] {
        assert_eq!(login(name).await, 200, "{name}");
    }
    for name in ["sakura", "sakura@moe.example"] {
        assert_eq!(login(name).await, 401, "{name}");
    }
    let other = site.register("sakura").await;
    assert_ne!(other.user_id, user.user_id);
    // An identifier that was taken away is free as well.
    assert_eq!(site.patch("/account", Some(&token), json!({ "phone": null })).await.status, 200);
    let phone = json!({ "phone": "13800138000", "password": PASSWORD });
    assert_eq!(site.post("/register", None, phone).await.status, 201);
}

#[tokio::test]
async fn a_name_may_change_its_case_and_is_still_taken() {
    let site = TestSite::start().await;
    let token = site.sign_in(&site.register("sakura").await).await;
    let reply = site.patch("/account", Some(&token), json!({ "username": "SaKuRa" })).await;
    assert_eq!((reply.status, &reply.json()["username"]), (200, &json!("SaKuRa")));
    let again = json!({ "username": "sakura", "password": PASSWORD });
    assert_eq!(site.post("/register", None, again).await.status, 409);
}

#[tokio::test]
async fn somebody_elses_identifier_is_refused_and_nothing_else_changes() {
    let site = TestSite::start().await;
    site.register("tomoyo").await;
    let token = site.sign_in(&site.register("sakura").await).await;
    let before = site.get("/account", Some(&token)).await.json();
    let body = json!({ "email": "free@moe.example", "username": "Tomoyo", "nickname": "x" });
    let reply = site.patch("/account", Some(&token), body).await;
    assert_eq!((reply.status, reply.wrong_fields()), (409, vec!["username".to_owned()]));
    assert_eq!(site.get("/account", Some(&token)).await.json(), before);
    let free = json!({ "email": "free@moe.example", "password": PASSWORD });
    assert_eq!(site.post("/register", None, free).await.status, 201);
}

#[tokio::test]
async fn the_last_identifier_stays() {
    let site = TestSite::start().await;
    let token = site.sign_in(&site.register("sakura").await).await;
    let both = site.patch("/account", Some(&token), json!({ "username": null, "email": null })).await;
    assert_eq!((both.status, &both.json()["errors"][0]["code"]), (422, &json!("last_identifier")));
    assert_eq!(site.patch("/account", Some(&token), json!({ "username": null })).await.status, 200);
    let last = site.patch("/account", Some(&token), json!({ "email": "" })).await;
    assert_eq!((last.status, &last.json()["errors"][0]["code"]), (422, &json!("last_identifier")));
    // It may be swapped for another.
    let swap = site.patch("/account", Some(&token), json!({ "email": null, "phone": "13800138000" })).await;
    assert_eq!(swap.status, 200, "{}", swap.body);
}

#[tokio::test]
async fn a_new_address_or_number_is_unconfirmed_and_a_kept_one_stays_confirmed() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    site.patch("/account", Some(&token), json!({ "phone": "13800138000" })).await;
    // Confirming comes with mail; until then the table is told.
    let app = site.site.app();
    let before = app.store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap();
    let confirmed = shared::account::User { email_verified: true, phone_verified: true, ..before.clone() };
    app.store.update_user(&before, &confirmed, shared::id::Attempt::new(&app.entropy)).await.unwrap();

    let same = json!({ "email": "Sakura@moe.example", "phone": "+8613800138000", "nickname": "x" });
    let reply = site.patch("/account", Some(&token), same).await.json();
    assert_eq!((&reply["email_verified"], &reply["phone_verified"]), (&json!(true), &json!(true)));
    let reply = site.patch("/account", Some(&token), json!({ "email": "new@moe.example" })).await.json();
    assert_eq!((&reply["email_verified"], &reply["phone_verified"]), (&json!(false), &json!(true)));
    let reply = site.patch("/account", Some(&token), json!({ "phone": "13800138001" })).await.json();
    assert_eq!(reply["phone_verified"], false);
}

#[tokio::test]
async fn wrong_changes_are_named_and_change_nothing() {
    let site = TestSite::start().await;
    let token = site.sign_in(&site.register("sakura").await).await;
    let before = site.get("/account", Some(&token)).await.json();
    for (field, value) in [
        ("username", json!("no")),
        ("email", json!("no")),
        ("phone", json!(13_800_138_000_i64)),
        ("nickname", json!("x".repeat(51))),
        ("avatar", json!("http://img.example/a.png")),
        ("avatar", json!("javascript:alert(1)")),
        ("avatar", json!("data:image/png;base64,AA")),
        ("intro", json!({ "a": 1 })),
    ] {
        let mut body = json!({ "intro": "also this", "nickname": "and this" });
        body[field] = value.clone();
        let reply = site.patch("/account", Some(&token), body).await;
        assert_eq!((reply.status, reply.wrong_fields()), (422, vec![field.to_owned()]), "{value}");
    }
    assert_eq!(site.get("/account", Some(&token)).await.json(), before);
    let form = site.http.patch(site.url("/account")).form(&[("nickname", "x")]);
    assert_eq!(site.send(form, Some(&token)).await.status, 415);
}

#[tokio::test]
async fn the_account_can_be_changed_by_cookie_too() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let request = browser.http.patch(site.url("/account")).json(&json!({ "nickname": "桜" }));
    let reply = site.send(request, None).await;
    assert_eq!((reply.status, &reply.json()["nickname"]), (200, &json!("桜")));
}

#[tokio::test]
async fn two_changes_at_once_are_both_made() {
    let site = TestSite::start().await;
    let token = site.sign_in(&site.register("sakura").await).await;
    let (one, two) = tokio::join!(
        site.patch("/account", Some(&token), json!({ "nickname": "桜" })),
        site.patch("/account", Some(&token), json!({ "intro": "cards" })),
    );
    assert_eq!((one.status, two.status), (200, 200));
    let account = site.get("/account", Some(&token)).await.json();
    assert_eq!((&account["nickname"], &account["intro"]), (&json!("桜"), &json!("cards")));
}

#[tokio::test]
async fn an_applications_token_opens_no_account() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let scope = "openid profile email phone offline_access collections:read collections:write";
    let token = browser.authorize_and_redeem(&client, scope).await.access_token;
    let own = site.token(&client, &[("grant_type", "client_credentials")]).await.json()["access_token"].clone();
    let body =
        json!({ "nickname": "x", "password": PASSWORD, "old_password": PASSWORD, "new_password": "something else" });
    for token in [token.as_str(), own.as_str().unwrap()] {
        for reply in [
            site.get("/account", Some(token)).await,
            site.patch("/account", Some(token), body.clone()).await,
            site.delete("/account", Some(token), body.clone()).await,
            site.post("/account/password", Some(token), body.clone()).await,
            site.post("/logout", Some(token), json!({})).await,
        ] {
            assert_eq!((reply.status, reply.error().as_str()), (403, "insufficient_scope"), "{}", reply.body);
            assert!(reply.header("www-authenticate").contains("insufficient_scope"));
        }
    }
    // Where token and cookie come together, the token decides.
    let both = site.send(browser.http.get(site.url("/account")), Some(&token)).await;
    assert_eq!(both.status, 403);
}
