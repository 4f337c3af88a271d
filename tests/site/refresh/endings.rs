//! What ends a family: time, and everything that it hangs on.

use shared::account::user::UserStatus;
use shared::id::{Attempt, UserId};
use shared::store::item::{Condition, number};
use shared::store::keys;
use tests::{PASSWORD, TestSite, Tokens, json};

use super::{DAY, SCOPE, assert_invalid_grant, claims, with_tokens};

#[tokio::test]
async fn r32_an_unused_token_ends_after_thirty_days() {
    for (age, status) in [(30 * DAY - 1, 200), (30 * DAY, 400)] {
        let site = TestSite::start().await;
        let client = site.client().await;
        let (_, tokens) = with_tokens(&site, &client).await;
        site.clock.advance(age);
        let reply = site.refresh(&client, &tokens.refresh_token).await;
        assert_eq!(reply.status, status, "{age}: {}", reply.body);
    }
}

#[tokio::test]
async fn r32_a_used_token_lives_on_but_no_longer_than_180_days() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, mut tokens) = with_tokens(&site, &client).await;
    for day in [29, 58, 87, 116, 145, 174] {
        site.clock.advance(29 * DAY);
        let reply = site.refresh(&client, &tokens.refresh_token).await;
        assert_eq!(reply.status, 200, "day {day}: {}", reply.body);
        tokens = Tokens::read(&reply);
    }
    site.clock.advance(6 * DAY - 1);
    let last = site.refresh(&client, &tokens.refresh_token).await;
    let last_tokens = Tokens::read(&last);
    // The last access token ends with its family.
    assert_eq!(last.json()["expires_in"], 1);
    assert_eq!(site.userinfo(&last_tokens.access_token).await.status, 200);
    site.clock.advance(1);
    assert_invalid_grant(&site.refresh(&client, &last_tokens.refresh_token).await, "180 days");
    assert_eq!(site.userinfo(&last_tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn r32_both_lifetimes_hold_for_a_token_that_does_not_rotate() {
    let site = TestSite::start().await;
    let client = site.client().await;
    site.change_client(&client, |client| client.rotate_refresh_tokens = false).await;
    let (_, tokens) = with_tokens(&site, &client).await;
    for _ in 0..6 {
        site.clock.advance(29 * DAY);
        assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
    }
    site.clock.advance(6 * DAY);
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "180 days");
    let other = site.client().await;
    site.change_client(&other, |client| client.rotate_refresh_tokens = false).await;
    let user = site.register("tomoyo").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&other, SCOPE).await;
    site.clock.advance(30 * DAY);
    assert_invalid_grant(&site.refresh(&other, &tokens.refresh_token).await, "30 days unused");
}

#[tokio::test]
async fn r32_a_password_change_ends_refreshing_and_access() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, tokens) = with_tokens(&site, &client).await;
    let own = site.sign_in(&user).await;
    let body = json!({ "old_password": PASSWORD, "new_password": "another battery staple" });
    assert_eq!(site.post("/account/password", Some(&own), body).await.status, 204);
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "the password changed");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn r32_a_code_from_before_a_password_change_is_worth_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, _) = with_tokens(&site, &client).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, SCOPE).await;
    let own = site.sign_in(&user).await;
    let body = json!({ "old_password": PASSWORD, "new_password": "another battery staple" });
    assert_eq!(site.post("/account/password", Some(&own), body).await.status, 204);
    assert_invalid_grant(&site.redeem(&client, &code, tests::flow::VERIFIER).await, "the password changed");
}

#[tokio::test]
async fn r32_a_disabled_user_gets_nothing_and_all_of_it_again_when_enabled() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, tokens) = with_tokens(&site, &client).await;
    let app = site.site.app();
    let id: UserId = user.user_id.parse().unwrap();
    let set = async |status| {
        let user = app.store.find_user(id).await.unwrap().unwrap();
        assert!(app.store.set_user_status(&user, status, Attempt::new(&app.entropy)).await.unwrap());
    };
    set(UserStatus::Disabled).await;
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "disabled");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    set(UserStatus::Active).await;
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}

#[tokio::test]
async fn r32_a_disabled_client_gets_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, tokens) = with_tokens(&site, &client).await;
    site.change_client(&client, |client| client.disabled = true).await;
    let reply = site.refresh(&client, &tokens.refresh_token).await;
    assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"));
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    site.change_client(&client, |client| client.disabled = false).await;
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200, "nothing was consumed");
}

#[tokio::test]
async fn r32_a_client_that_lost_the_grant_can_not_refresh() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, tokens) = with_tokens(&site, &client).await;
    let only_code = |client: &mut shared::oauth::Client| {
        client.metadata.grant_types.retain(|grant| *grant == shared::oauth::metadata::GrantType::AuthorizationCode);
    };
    site.change_client(&client, only_code).await;
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "unauthorized_client");
}

#[tokio::test]
async fn r32_a_deleted_user_leaves_no_token_behind() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, tokens) = with_tokens(&site, &client).await;
    let own = site.sign_in(&user).await;
    assert_eq!(site.delete("/account", Some(&own), json!({ "password": PASSWORD })).await.status, 204);
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "deleted");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    site.site.run_scheduled("sweep").await.unwrap();
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "swept");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn r32_withdrawn_consent_ends_refreshing_also_when_it_is_given_again() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, tokens) = with_tokens(&site, &client).await;
    let app = site.site.app();
    let user_id: UserId = user.user_id.parse().unwrap();
    let key = keys::grant(user_id, &client.id);
    app.store.delete(&key, None).await.unwrap();
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "withdrawn");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let fresh = browser.authorize_and_redeem(&client, SCOPE).await;
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "withdrawn, and given again");
    assert_eq!(site.refresh(&client, &fresh.refresh_token).await.status, 200);
}

#[tokio::test]
async fn signing_out_of_the_site_leaves_an_application_signed_in() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, tokens) = with_tokens(&site, &client).await;
    let own = site.sign_in(&user).await;
    assert_eq!(site.post("/logout", Some(&own), json!({})).await.status, 204);
    let refreshed = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(claims(&refreshed.id_token)["sub"], user.user_id.as_str());
}

#[tokio::test]
async fn a_raised_epoch_of_the_site_ends_every_token_and_session() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, tokens) = with_tokens(&site, &client).await;
    let own = site.sign_in(&user).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let app = site.site.app();
    let raised = Condition::new("attribute_exists(#PK)").bind(":epoch", number(2));
    let attempt = Attempt::new(&app.entropy);
    app.store.update(&keys::site_epoch(), "SET #epoch = :epoch", raised, attempt).await.unwrap();
    // By then every function has read it.
    site.clock.advance(300);
    assert_invalid_grant(&site.refresh(&client, &tokens.refresh_token).await, "another epoch");
    for (path, token) in
        [("/oauth2/userinfo", &tokens.access_token), ("/collections", &tokens.access_token), ("/account", &own)]
    {
        let reply = site.get(path, Some(token)).await;
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"), "{path}");
    }
    assert_eq!(browser.open("/account").await.status, 303, "the browser has to sign in again");
    // Who signs in again goes on.
    browser.sign_in(&user).await;
    let fresh = browser.authorize_and_redeem(&client, SCOPE).await;
    assert_eq!(site.userinfo(&fresh.access_token).await.status, 200);
}
