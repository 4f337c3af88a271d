//! The applications that may use the account.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use tests::flow::VERIFIER;
use tests::{Browser, Client, Reply, TestSite, Tokens, Value, json};

const PATH: &str = "/account/apps";

async fn signed_in<'s>(site: &'s TestSite, username: &str) -> (Browser<'s>, String) {
    let user = site.register(username).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    (browser, site.sign_in(&user).await)
}

async fn listed(site: &TestSite, own: &str) -> Vec<Value> {
    let reply = site.get(PATH, Some(own)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["items"].as_array().unwrap().clone()
}

async fn withdraw(site: &TestSite, own: &str, client: &Client) -> Reply {
    let request = site.http.delete(site.url(&format!("{PATH}/{}", client.id)));
    site.send(request, Some(own)).await
}

#[tokio::test]
async fn s49_the_account_lists_what_each_application_may_do_and_since_when() {
    let site = TestSite::start().await;
    let (browser, own) = signed_in(&site, "sakura").await;
    let diary = json!({ "client_name": "Anime Diary", "client_uri": "https://diary.example/about" });
    let (diary, list) = (site.client_with(diary).await, site.client_with(json!({ "client_name": "a list" })).await);
    assert!(listed(&site, &own).await.is_empty());
    browser.code(&diary, "openid collections:read").await;
    site.clock.advance(100);
    browser.code(&list, "profile").await;
    browser.code(&diary, "openid email").await;
    let apps = listed(&site, &own).await;
    let names: Vec<_> = apps.iter().map(|app| app["client_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a list", "Anime Diary"]);
    assert_eq!(
        apps[1],
        json!({
            "client_id": diary.id,
            "client_name": "Anime Diary",
            "client_uri": "https://diary.example/about",
            "scope": "openid email collections:read",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:01:40Z",
        })
    );
    // Somebody else's are not among them.
    let (_, other) = signed_in(&site, "tomoyo").await;
    assert!(listed(&site, &other).await.is_empty());
}

#[tokio::test]
async fn s49_access_that_is_withdrawn_ends_at_once() {
    let site = TestSite::start().await;
    let (browser, own) = signed_in(&site, "sakura").await;
    let (client, other) = (site.client().await, site.client().await);
    let scope = "openid offline_access collections:read";
    let tokens = browser.authorize_and_redeem(&client, scope).await;
    let code = browser.code(&client, scope).await;
    let others = browser.authorize_and_redeem(&other, scope).await;
    assert_eq!(withdraw(&site, &own, &client).await.status, 204);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.get("/collections", Some(&tokens.access_token)).await.status, 401);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_grant");
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.error(), "invalid_grant");
    assert_eq!(site.userinfo(&others.access_token).await.status, 200, "another application's stay");
    assert_eq!(listed(&site, &own).await.len(), 1);
    // It has to ask again, and what was dead stays dead.
    assert_eq!(browser.authorize(&client.query(scope)).await.status, 200);
    let fresh = browser.authorize_and_redeem(&client, scope).await;
    assert_eq!(site.userinfo(&fresh.access_token).await.status, 200);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    // Twice is no error; nonsense is.
    assert_eq!(withdraw(&site, &own, &client).await.status, 204);
    assert_eq!(withdraw(&site, &own, &client).await.status, 204);
    let nonsense = Client { id: "nonsense".into(), secret: None };
    assert_eq!(withdraw(&site, &own, &nonsense).await.status, 400);
}

#[tokio::test]
async fn s49_only_the_user_sees_and_ends_their_applications() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    let tokens = browser.authorize_and_redeem(&client, "openid profile").await;
    let (_, stranger) = signed_in(&site, "tomoyo").await;
    assert_eq!(withdraw(&site, &stranger, &client).await.status, 204, "their own, of which there is none");
    for (token, status) in [(None, 401), (Some(tokens.access_token.as_str()), 403)] {
        assert_eq!(site.get(PATH, token).await.status, status);
        let request = site.http.delete(site.url(&format!("{PATH}/{}", client.id)));
        assert_eq!(site.send(request, token).await.status, status);
    }
    // By cookie, and from another site.
    let forged =
        browser.http.delete(site.url(&format!("{PATH}/{}", client.id))).header("origin", "https://evil.example");
    assert_eq!(site.send(forged, None).await.status, 403);
    let csrf = browser.open(PATH).await.input("csrf");
    let id = ("client_id", client.id.as_str());
    assert_eq!(browser.submit(PATH, &[id]).await.status, 403);
    assert_eq!(browser.submit(PATH, &[id, ("csrf", "garbage")]).await.status, 403);
    assert_eq!(browser.submit_from(PATH, &[id, ("csrf", &csrf)], "https://evil.example").await.status, 403);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn s49_the_page_has_a_button_for_each() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    assert!(browser.open("/account").await.body.contains("href=\"/account/apps\""));
    let client = site.client_with(json!({ "client_name": "<Diary>", "client_uri": "https://diary.example/" })).await;
    let tokens = browser.authorize_and_redeem(&client, "openid collections:read").await;
    let page = browser.open(PATH).await;
    for words in ["&#60;Diary&#62;", "diary.example", "See your anime collection", "2026-01-01"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let pairs = [("csrf", page.input("csrf")), ("client_id", page.input("client_id"))];
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = browser.submit(PATH, &pairs).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let page = browser.open(done.location()).await;
    assert!(page.body.contains("no access any more") && !page.body.contains("Diary"), "{}", page.body);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(browser.submit(PATH, &[pairs[0], ("client_id", "x")]).await.status, 400);
    assert_eq!(site.browser().open(PATH).await.location(), "/login?continue=/account/apps");
}

#[tokio::test]
async fn s49_an_application_that_is_gone_or_disabled_can_still_be_ended() {
    let site = TestSite::start().await;
    let (browser, own) = signed_in(&site, "sakura").await;
    let client = site.client_with(json!({ "client_name": "Diary" })).await;
    browser.code(&client, "openid").await;
    site.change_client(&client, |client| client.disabled = true).await;
    assert_eq!(listed(&site, &own).await[0]["client_name"], "Diary");
    let key = shared::store::keys::client(&client.id);
    site.site.app().store.delete(&key, None).await.unwrap();
    assert_eq!(listed(&site, &own).await[0]["client_name"], client.id.as_str());
    assert_eq!(withdraw(&site, &own, &client).await.status, 204);
    assert!(listed(&site, &own).await.is_empty());
}

#[tokio::test]
async fn s49_a_long_list_comes_in_pages() {
    let site = TestSite::start().await;
    let (_, own) = signed_in(&site, "sakura").await;
    let app = site.site.app();
    let user_id = site.get("/account", Some(&own)).await.json()["user_id"].as_str().unwrap().parse().unwrap();
    for _ in 0..130 {
        let grant = shared::store::grants::Grant {
            grant_id: shared::id::GrantId::new(&app.entropy),
            user_id,
            client_id: shared::id::ClientId::new(&app.entropy),
            scope: "openid".parse().unwrap(),
            version: 1,
            created_at: app.clock.now(),
            updated_at: app.clock.now(),
        };
        assert!(app.store.put_grant(&grant, shared::id::Attempt::new(&app.entropy)).await.unwrap());
    }
    let first = site.get(PATH, Some(&own)).await.json();
    let next = format!("{PATH}?after={}", first["next"].as_str().unwrap());
    let second = site.get(&next, Some(&own)).await.json();
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|app| app["client_id"].to_string()).collect()
    };
    assert_eq!((ids(&first).len(), ids(&second).len(), &second["next"]), (100, 30, &Value::Null));
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
    assert_eq!(site.get(&format!("{PATH}?after=x"), Some(&own)).await.status, 400);
}

#[tokio::test]
async fn s49_a_consent_that_was_given_anew_outlives_a_withdrawal_of_the_old_one() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    browser.code(&client, "openid").await;
    let store = &site.site.app().store;
    let (user, id) = {
        let tokens: Tokens = browser.authorize_and_redeem(&client, "openid").await;
        let sub = tests::flow::claims(&tokens.access_token)["sub"].as_str().unwrap().parse().unwrap();
        (sub, client.id.parse().unwrap())
    };
    let old = store.find_grant(user, id).await.unwrap().unwrap();
    store.withdraw_grant(&old).await.unwrap();
    let anew = browser.authorize_and_redeem(&client, "openid").await;
    // A repeat of the first, whose answer was lost.
    store.withdraw_grant(&old).await.unwrap();
    assert_eq!(site.userinfo(&anew.access_token).await.status, 200);
}
