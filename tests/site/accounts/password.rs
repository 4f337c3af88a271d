//! `POST /account/password`.

use tests::{PASSWORD, TestSite, json};

const NEW: &str = "staple correct horse";

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_every_token_of_applications() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let (here, elsewhere) = (site.browser(), site.browser());
    here.sign_in(&user).await;
    elsewhere.sign_in(&user).await;
    let other = site.sign_in(&user).await;
    let tokens = elsewhere.authorize_and_redeem(&client, "openid offline_access").await;
    let code = here.code(&client, "openid offline_access").await;

    let body = json!({ "old_password": PASSWORD, "new_password": NEW });
    let reply = site.send(here.http.post(site.url("/account/password")).json(&body), None).await;
    assert_eq!(reply.status, 204, "{}", reply.body);

    assert_eq!(site.send(here.http.get(site.url("/account")), None).await.status, 200, "this session goes on");
    assert_eq!(site.send(elsewhere.http.get(site.url("/account")), None).await.status, 401);
    assert_eq!(site.get("/account", Some(&other)).await.status, 401);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    let refreshed = site.refresh(&client, &tokens.refresh_token).await;
    assert_eq!((refreshed.status, refreshed.error().as_str()), (400, "invalid_grant"));
    let redeemed = site.redeem(&client, &code, tests::flow::VERIFIER).await;
    assert_eq!((redeemed.status, redeemed.error().as_str()), (400, "invalid_grant"));

    let login = async |password: &str| {
        site.post("/login", None, json!({ "username": "sakura", "password": password })).await.status
    };
    assert_eq!((login(PASSWORD).await, login(NEW).await), (401, 200));
    // And applications can be let in anew.
    let tokens = here.authorize_and_redeem(&client, "openid offline_access").await;
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn by_bearer_token_the_session_behind_it_goes_on() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (token, other) = (site.sign_in(&user).await, site.sign_in(&user).await);
    let body = json!({ "old_password": PASSWORD, "new_password": NEW });
    assert_eq!(site.post("/account/password", Some(&token), body).await.status, 204);
    assert_eq!(site.get("/account", Some(&token)).await.status, 200);
    assert_eq!(site.get("/account", Some(&other)).await.status, 401);
}

#[tokio::test]
async fn s50_a_new_password_keeps_the_rules_and_needs_the_old_one() {
    let site = TestSite::start().await;
    let token = site.sign_in(&site.register("sakura").await).await;
    for (body, status, field, code) in [
        (json!({ "old_password": "not the password", "new_password": NEW }), 403, "old_password", "wrong_password"),
        (json!({ "old_password": PASSWORD, "new_password": "short" }), 422, "new_password", "too_short"),
        (json!({ "old_password": PASSWORD, "new_password": "x".repeat(129) }), 422, "new_password", "too_long"),
        (json!({ "old_password": PASSWORD, "new_password": "password1" }), 422, "new_password", "too_common"),
        (json!({ "old_password": PASSWORD }), 422, "new_password", "required"),
        (json!({ "new_password": NEW }), 422, "old_password", "required"),
        (json!({ "old_password": 5, "new_password": NEW }), 422, "old_password", "required"),
    ] {
        let reply = site.post("/account/password", Some(&token), body.clone()).await;
        let error = &reply.json()["errors"][0];
        assert_eq!((reply.status, &error["field"], &error["code"]), (status, &json!(field), &json!(code)), "{body}");
    }
    let nobody = json!({ "old_password": PASSWORD, "new_password": NEW });
    assert_eq!(site.post("/account/password", None, nobody).await.status, 401);
    let login = json!({ "username": "sakura", "password": PASSWORD });
    assert_eq!(site.post("/login", None, login).await.status, 200, "it is still the old one");
}

#[tokio::test]
async fn s52_guessing_the_old_password_is_throttled() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    // Nobody's password is this long, so that it is refused without the cost of hashing it.
    let wrong = "x".repeat(600);
    let guess = async |password: &str| {
        let body = json!({ "old_password": password, "new_password": NEW });
        site.post("/account/password", Some(&token), body).await
    };
    for _ in 0..5 {
        assert_eq!(guess(&wrong).await.status, 403);
        let body = json!({ "password": wrong });
        assert_eq!(site.delete("/account", Some(&token), body).await.status, 403, "the two count together");
    }
    let refused = guess(PASSWORD).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "900"));
    assert_eq!(site.delete("/account", Some(&token), json!({ "password": PASSWORD })).await.status, 429);
    site.clock.advance(900);
    let token = site.sign_in(&user).await;
    let body = json!({ "old_password": PASSWORD, "new_password": NEW });
    assert_eq!(site.post("/account/password", Some(&token), body).await.status, 204);
}
