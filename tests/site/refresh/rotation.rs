//! A token replaced by the next, and what becomes of those before.

use tests::flow::VERIFIER;
use tests::{TestSite, Tokens, json};

use super::{SCOPE, assert_invalid_grant, claims, refresh_with_scope, with_tokens};

#[tokio::test]
async fn r29_a_refresh_gives_new_tokens_and_auth_time_stays() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, first) = with_tokens(&site, &client).await;
    site.clock.advance(3600);
    let reply = site.refresh(&client, &first.refresh_token).await;
    let second = Tokens::read(&reply);
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_ne!(second.access_token, first.access_token);
    let json = reply.json();
    assert_eq!(
        (&json["expires_in"], &json["scope"], &json["token_type"]),
        (&json!(600), &json!(SCOPE), &json!("Bearer"))
    );
    assert_eq!(site.userinfo(&second.access_token).await.json()["sub"], user.user_id.as_str());

    let (before, after) = (claims(&first.id_token), claims(&second.id_token));
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert!(!after[same].is_null());
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!(after["iat"], before["iat"].as_i64().unwrap() + 3600);
}

#[tokio::test]
async fn r29_a_refreshed_id_token_has_no_nonce() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let reply = browser.authorize_fully(&client.query_with(&[("scope", SCOPE), ("nonce", "n-1")])).await;
    let first = Tokens::read(&site.redeem(&client, &reply.parameter("code").unwrap(), "").await);
    assert_eq!(claims(&first.id_token)["nonce"], "n-1");
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    assert_eq!(claims(&second.id_token).get("nonce"), None);
}

#[tokio::test]
async fn r29_scope_narrows_for_one_access_token_and_is_whole_again_after() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let reply = refresh_with_scope(&site, &client, &first.refresh_token, "openid profile").await;
    assert_eq!(reply.json()["scope"], "openid profile");
    let narrow = Tokens::read(&reply);
    let told = site.userinfo(&narrow.access_token).await.json();
    assert!(told.get("name").is_some() && told.get("email").is_none(), "{told}");
    let reply = site.refresh(&client, &narrow.refresh_token).await;
    assert_eq!(reply.json()["scope"], SCOPE);
    assert!(site.userinfo(&Tokens::read(&reply).access_token).await.json().get("email").is_some());
}

#[tokio::test]
async fn r29_without_openid_there_is_no_id_token() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let narrow = Tokens::read(&refresh_with_scope(&site, &client, &first.refresh_token, "profile").await);
    assert_eq!(narrow.id_token, "");
    assert_eq!(site.userinfo(&narrow.access_token).await.status, 403);
}

#[tokio::test]
async fn r29_scope_never_widens_and_the_refusal_rotates_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, tokens) = with_tokens(&site, &client).await;
    for wider in [&format!("{SCOPE} phone"), "collections:read", "openid unknown", "unknown", "account", " "] {
        let reply = refresh_with_scope(&site, &client, &tokens.refresh_token, wider).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_scope"), "{wider}");
    }
    // Long after any grace the token is still the current one.
    site.clock.advance(60);
    let next = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(site.refresh(&client, &next.refresh_token).await.status, 200);
}

#[tokio::test]
async fn r29_a_refresh_works_by_json_too() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, tokens) = with_tokens(&site, &client).await;
    let body = json!({
        "grant_type": "refresh_token", "refresh_token": tokens.refresh_token,
        "client_id": client.id, "client_secret": client.secret,
    });
    Tokens::read(&site.post("/oauth2/token", None, body).await);
}

#[tokio::test]
async fn r29_a_refresh_token_comes_only_with_its_grant_and_offline_access() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let with_grant = site.client().await;
    let without_grant = site.client_with(json!({ "grant_types": ["authorization_code"] })).await;
    for (client, scope, comes) in [
        (&with_grant, "openid", false),
        (&with_grant, "openid offline_access", true),
        // OAuth alone has no offline_access.
        (&with_grant, "profile", true),
        (&without_grant, "openid offline_access", false),
        (&without_grant, "profile", false),
    ] {
        let tokens = browser.authorize_and_redeem(client, scope).await;
        assert_eq!(!tokens.refresh_token.is_empty(), comes, "{scope}");
    }
    // A remembered consent will do: nothing is asked this time.
    let reply = browser.authorize(&with_grant.query("openid offline_access")).await;
    let tokens = Tokens::read(&site.redeem(&with_grant, &reply.parameter("code").unwrap(), VERIFIER).await);
    assert_ne!(tokens.refresh_token, "");
}

#[tokio::test]
async fn r30_within_the_grace_the_token_before_gives_the_same_successor() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    for seconds in [0, 4, 5, 1] {
        site.clock.advance(seconds);
        let again = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
        assert_eq!(again.refresh_token, second.refresh_token);
        assert_ne!(again.access_token, second.access_token, "an access token of its own");
        assert_eq!(site.userinfo(&again.access_token).await.status, 200);
    }
    // And the successor is as good as ever.
    assert_eq!(site.refresh(&client, &second.refresh_token).await.status, 200);
}

#[tokio::test]
async fn r30_a_repeated_refresh_has_a_narrowing_of_its_own() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    let repeated = refresh_with_scope(&site, &client, &first.refresh_token, "openid").await;
    assert_eq!(repeated.json()["scope"], "openid");
    assert_eq!(Tokens::read(&repeated).refresh_token, second.refresh_token);
    let wider = refresh_with_scope(&site, &client, &first.refresh_token, "openid phone").await;
    assert_eq!(wider.error(), "invalid_scope");
}

#[tokio::test]
async fn r30_after_the_grace_the_token_before_ends_the_family() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    site.clock.advance(11);
    assert_eq!(site.userinfo(&second.access_token).await.status, 200);
    assert_invalid_grant(&site.refresh(&client, &first.refresh_token).await, "too late");
    assert_invalid_grant(&site.refresh(&client, &second.refresh_token).await, "the family is dead");
    for token in [&first.access_token, &second.access_token] {
        assert_eq!(site.userinfo(token).await.status, 401);
    }
}

#[tokio::test]
async fn r30_a_token_older_than_the_one_before_ends_the_family_at_once() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    let third = Tokens::read(&site.refresh(&client, &second.refresh_token).await);
    assert_invalid_grant(&site.refresh(&client, &first.refresh_token).await, "two before");
    for token in [&second.refresh_token, &third.refresh_token] {
        assert_invalid_grant(&site.refresh(&client, token).await, "the family is dead");
    }
    assert_eq!(site.userinfo(&third.access_token).await.status, 401);
}

#[tokio::test]
async fn r30_the_grace_is_counted_from_the_rotation_and_not_from_the_repeat() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    site.refresh(&client, &first.refresh_token).await;
    site.clock.advance(9);
    assert_eq!(site.refresh(&client, &first.refresh_token).await.status, 200);
    site.clock.advance(9);
    assert_invalid_grant(&site.refresh(&client, &first.refresh_token).await, "18 s after");
}

#[tokio::test]
async fn r30_another_family_of_the_same_user_and_client_lives_on() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, first) = with_tokens(&site, &client).await;
    let phone = site.browser();
    phone.sign_in(&user).await;
    let other = phone.authorize_and_redeem(&client, SCOPE).await;
    site.refresh(&client, &first.refresh_token).await;
    site.clock.advance(11);
    assert_invalid_grant(&site.refresh(&client, &first.refresh_token).await, "replayed");
    assert_eq!(site.refresh(&client, &other.refresh_token).await.status, 200);
}

#[tokio::test]
async fn r30_a_client_that_does_not_rotate_gets_the_same_token_again() {
    let site = TestSite::start().await;
    let client = site.client().await;
    site.change_client(&client, |client| client.rotate_refresh_tokens = false).await;
    let (_, first) = with_tokens(&site, &client).await;
    for _ in 0..3 {
        site.clock.advance(600);
        let again = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
        assert_eq!(again.refresh_token, first.refresh_token);
        assert_eq!(site.userinfo(&again.access_token).await.status, 200);
    }
}

#[tokio::test]
async fn r30_a_public_clients_tokens_rotate_whatever_its_policy() {
    let site = TestSite::start().await;
    let client = site.public_client().await;
    site.change_client(&client, |client| client.rotate_refresh_tokens = false).await;
    let (_, first) = with_tokens(&site, &client).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    assert_ne!(second.refresh_token, first.refresh_token);
    site.clock.advance(11);
    assert_invalid_grant(&site.refresh(&client, &first.refresh_token).await, "replayed");
    assert_invalid_grant(&site.refresh(&client, &second.refresh_token).await, "the family is dead");
}

#[tokio::test]
async fn r31_another_clients_refresh_token_is_refused_and_its_family_untouched() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (user, first) = with_tokens(&site, &client).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    // One that the user never heard of, one that they consented to as well, and one without a secret.
    let stranger = site.client().await;
    let (friend, public) = (site.client().await, site.public_client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    for client in [&friend, &public] {
        browser.authorize_and_redeem(client, SCOPE).await;
    }
    site.clock.advance(30);
    for other in [&stranger, &friend, &public] {
        for token in [&first.refresh_token, &second.refresh_token] {
            assert_invalid_grant(&site.refresh(other, token).await, "another's");
        }
    }
    assert_eq!(site.userinfo(&second.access_token).await.status, 200);
    assert_eq!(site.refresh(&client, &second.refresh_token).await.status, 200);
}

#[tokio::test]
async fn a_refresh_without_the_clients_secret_rotates_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, first) = with_tokens(&site, &client).await;
    let mut thief = client.clone();
    for secret in [None, Some("wrong".to_owned())] {
        thief.secret = secret;
        assert_eq!(site.refresh(&thief, &first.refresh_token).await.error(), "invalid_client");
    }
    site.clock.advance(30);
    assert_eq!(site.refresh(&client, &first.refresh_token).await.status, 200);
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_is_refused() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (_, tokens) = with_tokens(&site, &client).await;
    let changed = format!("B{}", &tokens.refresh_token[1..]);
    for garbage in [changed.as_str(), &tokens.access_token, &tokens.id_token, "x", "あ", "\0", "AQAAAAA"] {
        assert_invalid_grant(&site.refresh(&client, garbage).await, garbage);
    }
    let missing = site.token(&client, &[("grant_type", "refresh_token")]).await;
    assert_eq!((missing.status, missing.error().as_str()), (400, "invalid_request"));
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}
