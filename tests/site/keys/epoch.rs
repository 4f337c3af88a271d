//! The site's epoch, which an operator raises after restoring the table from a backup.

use local::cli::{Command, EpochCommand};
use local::commands::CommandError;
use shared::id::Attempt;
use shared::oauth::lifetimes::SITE_CACHE;
use shared::store::keys;
use tests::flow::VERIFIER;
use tests::{Browser, TestSite, Tokens, Value};

use super::{another, assert_refused, empty, jwks, verifies};

const SCOPE: &str = "openid offline_access";

async fn raise(site: &TestSite) -> Value {
    site.operate(Command::Epoch(EpochCommand::Raise)).await
}

/// The site as whoever starts now finds it.
async fn restarted(mut site: TestSite) -> TestSite {
    site.site = another(&site, &[]).await.unwrap();
    site
}

#[tokio::test]
async fn after_a_raise_nothing_of_before_is_good_for_anything_and_the_signing_keys_are() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let account = site.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, SCOPE).await;
    let form = browser.open("/account").await.input("csrf");
    let published = jwks(&site).await;

    let answer = raise(&site).await;
    assert_eq!(answer["old_epoch"], 1);
    assert!(answer["epoch"].as_u64().unwrap() > 1);
    assert_eq!(answer["noticed_everywhere_at"], (site.clock.now() + SITE_CACHE).to_string());
    site.clock.advance(SITE_CACHE - 1);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200, "not noticed yet");
    site.clock.advance(1);

    assert_refused(&site.userinfo(&tokens.access_token).await, 401, "invalid_token");
    assert_refused(&site.refresh(&client, &tokens.refresh_token).await, 400, "invalid_grant");
    assert_eq!(site.get("/account", Some(&account)).await.status, 401);
    assert!(browser.open("/account").await.location().starts_with("/login"));
    let pairs = [("csrf", form.as_str()), ("username", "sakura"), ("password", &user.password)];
    assert_eq!(browser.submit("/login", &pairs).await.status, 403);

    assert_eq!(jwks(&site).await, published);
    assert!(verifies(&published, &tokens.id_token), "what an ID token says of the past stays true");
    // All it takes is to sign in: the consent stands.
    browser.sign_in(&user).await;
    let code = browser.authorize(&client.query(SCOPE)).await.parameter("code").unwrap();
    let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
}

#[tokio::test]
async fn a_used_code_and_a_revoked_token_stay_dead_in_a_table_that_forgot_them() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let cookies = browser.http.clone();
    let store = site.site.app().store.clone();
    let code = browser.code(&client, SCOPE).await;
    let redeemed = async || {
        let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
        let items = site.dump().await;
        let family = items.iter().find(|item| item["type"]["S"] == "family").unwrap();
        let id = |name: &str| family[name]["S"].as_str().unwrap().to_owned();
        (tokens, keys::family(id("user_id").parse().unwrap(), id("family_id").parse().unwrap()))
    };
    // The backup was made before the code was used: without a raise it could be used again.
    let (_, family) = redeemed().await;
    store.delete(&family, None).await.unwrap();
    let (tokens, family) = redeemed().await;
    // Another one was made before the family was revoked.
    let revoked = browser.authorize_and_redeem(&client, SCOPE).await;
    store.delete(&family, None).await.unwrap();
    raise(&site).await;

    let site = restarted(site).await;
    assert_refused(&site.redeem(&client, &code, VERIFIER).await, 400, "invalid_grant");
    for tokens in [tokens, revoked] {
        assert_refused(&site.refresh(&client, &tokens.refresh_token).await, 400, "invalid_grant");
        assert_refused(&site.userinfo(&tokens.access_token).await, 401, "invalid_token");
    }
    let browser = with_cookies(&site, cookies);
    assert!(browser.open("/account").await.location().starts_with("/login"));
}

fn with_cookies(site: &TestSite, http: reqwest::Client) -> Browser<'_> {
    let mut browser = site.browser();
    browser.http = http;
    browser
}

#[tokio::test]
async fn an_epoch_is_never_one_that_the_table_had_before_it_was_restored() {
    let site = TestSite::start().await;
    let app = site.site.app();
    let mut seen = vec![1];
    for _ in 0..3 {
        let epoch = raise(&site).await["epoch"].as_u64().unwrap();
        assert!(seen.iter().all(|before| *before < epoch), "{seen:?} {epoch}");
        seen.push(epoch);
        // The backup is of the first epoch.
        assert!(app.store.raise_epoch(epoch, 1, Attempt::new(&app.entropy)).await.unwrap());
        site.clock.advance(1);
    }
}

#[tokio::test]
async fn two_operators_who_raise_at_once_both_raise() {
    let site = TestSite::start().await;
    let (one, two) = tokio::join!(raise(&site), raise(&site));
    let now = raise(&site).await["old_epoch"].as_u64().unwrap();
    let epochs = [&one, &two].map(|answer| answer["epoch"].as_u64().unwrap());
    assert_ne!(epochs[0], epochs[1]);
    assert_eq!(epochs.into_iter().max(), Some(now));
}

#[tokio::test]
async fn a_table_without_a_site_has_no_epoch_to_raise() {
    let site = TestSite::start().await;
    empty(&site).await;
    let error = site.try_to_operate(Command::Epoch(EpochCommand::Raise)).await.unwrap_err();
    assert!(matches!(error, CommandError::Store(_)) && error.to_string().contains("rotate-keys"), "{error}");
}
