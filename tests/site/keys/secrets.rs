//! The secret key, and how it is replaced: a new one before the old one, everything at rest sealed anew, and at last the
//! new one alone.

use local::cli::Command;
use local::commands::{self, CommandError};
use shared::http::links;
use shared::id::Attempt;
use shared::oauth::lifetimes::{KEY_SIGNS, longest_sealed};
use shared::store::StoreError;
use tests::{Fault, TestSite, Tokens, Value};

use super::{KINDS, another, assert_in_line, empty, jwks, rotate, stored, verifies};

/// What the tests' site begins with.
const OLD: &str = "the tests' secret key, which is no secret at all";
const NEW: &str = "a new secret key of the tests, no secret either";

/// The site with other secret keys: all its functions deployed anew.
async fn with(mut site: TestSite, secret_keys: &[&str]) -> TestSite {
    site.site = another(&site, secret_keys).await.unwrap();
    site
}

async fn reseal(site: &TestSite, secret_keys: &[&str]) -> Result<Value, CommandError> {
    let app = site.site.app();
    let secret_keys = secret_keys.iter().map(|key| (*key).into()).collect::<Vec<_>>();
    commands::run(&Command::Reseal, &app.store, secret_keys.as_slice(), &site.clock, &app.entropy).await
}

/// How many were resealed, and how many were right.
fn counts(answer: &Value) -> (u64, u64) {
    let keys = &answer["signing_keys"];
    (keys["resealed"].as_u64().unwrap(), keys["already_right"].as_u64().unwrap())
}

#[tokio::test]
async fn a_new_secret_key_takes_over_and_nobody_is_signed_out_until_the_old_one_goes() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let account = site.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let published = jwks(&site).await;

    let site = with(site, &[NEW, OLD]).await;
    let answer = reseal(&site, &[NEW, OLD]).await.unwrap();
    assert_eq!(counts(&answer), (KINDS as u64, 0));
    assert_eq!(answer["old_secret_needed_until"], (site.clock.now() + longest_sealed()).to_string());
    assert!(answer["if_dropped_earlier"].as_str().unwrap().contains("signed out"));
    assert_eq!(counts(&reseal(&site, &[NEW, OLD]).await.unwrap()), (0, KINDS as u64), "again");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    assert_eq!(site.get("/account", Some(&account)).await.status, 200);
    let tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);

    // The old one goes: what the new one made stays good, and what the old one made does not.
    let site = with(site, &[NEW]).await;
    assert_eq!(jwks(&site).await, published);
    assert!(verifies(&published, &tokens.access_token));
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(site.get("/account", Some(&account)).await.status, 401);
    let account = site.sign_in(&user).await;
    assert_eq!(site.get("/account", Some(&account)).await.status, 200);
}

#[tokio::test]
async fn tokens_of_accounts_elsewhere_are_sealed_anew_as_well() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.join_from("bangumi", "sakura", "kinomoto").await;
    let user = browser.me().await["user_id"].as_str().unwrap().parse().unwrap();
    for expected in [(1, 0), (0, 1)] {
        let answer = &reseal(&site, &[NEW, OLD]).await.unwrap()["upstream_tokens"];
        let count = |name: &str| answer[name].as_u64().unwrap();
        assert_eq!((count("resealed"), count("already_right")), expected, "{answer}");
    }
    // The old one is not needed for them any more.
    let site = with(site, &[NEW]).await;
    let app = site.site.app();
    let bangumi = app.upstream.find("bangumi").unwrap();
    assert!(links::access_token(app, user, bangumi.id()).await.is_ok());
}

#[tokio::test]
async fn without_resealing_the_new_secret_key_alone_is_an_error_that_names_the_key() {
    let site = TestSite::start().await;
    let kids: Vec<_> = stored(&site).await.into_iter().map(|key| key.kid).collect();
    let named = |error: &str| kids.iter().any(|kid| error.contains(kid)) && error.contains("SECRET_KEY");
    let error = another(&site, &[NEW]).await.err().unwrap().to_string();
    assert!(named(&error), "{error}");
    let error = reseal(&site, &[NEW]).await.unwrap_err().to_string();
    assert!(named(&error), "{error}");
    // A function that is deployed so has no one to tell but its log, and answers 503.
    let app = site.site.app();
    let config = shared::config::Config { secret_keys: vec![NEW.into()], ..app.config.clone() };
    let app = shared::app::App::new(
        config,
        app.clock.clone(),
        app.entropy.clone(),
        app.store.clone(),
        shared::upstream::Providers::default(),
    );
    match app.site().await {
        Err(StoreError::Corrupt(error)) => assert!(named(&error), "{error}"),
        other => panic!("{:?}", other.err()),
    }
    // Nothing was changed.
    assert_in_line(&site, 1, "with the old one").await;
    assert!(another(&site, &[OLD]).await.is_ok());
}

#[tokio::test]
async fn e61_resealing_that_was_cut_off_goes_on_where_it_was_and_the_site_works_all_the_while() {
    let site = TestSite::start().await;
    let (mut first, mut second) = (OLD, NEW);
    for fault in Fault::of("PutItem") {
        std::mem::swap(&mut first, &mut second);
        let mut cuts = 0;
        let answer = loop {
            site.proxy.fail_from(cuts, fault);
            let answer = reseal(&site, &[first, second]).await;
            site.proxy.heal();
            assert!(another(&site, &[first, second]).await.is_ok(), "{fault:?} from call {cuts}");
            match answer {
                Ok(answer) => break answer,
                Err(error) => assert!(matches!(error, CommandError::Store(_)), "{error}"),
            }
            cuts += 1;
        };
        assert!(cuts > 1, "{fault:?}: it was cut {cuts} times");
        let (resealed, right) = counts(&answer);
        assert_eq!(resealed + right, KINDS as u64, "{fault:?}");
        assert_eq!(counts(&reseal(&site, &[first, second]).await.unwrap()), (0, KINDS as u64), "{fault:?}");
        assert!(another(&site, &[first]).await.is_ok(), "{fault:?}");
    }
    for fault in Fault::of("PutItem") {
        std::mem::swap(&mut first, &mut second);
        site.proxy.fail_each_once(fault);
        assert_eq!(
            counts(&reseal(&site, &[first, second]).await.unwrap()),
            (KINDS as u64, 0),
            "{fault:?} once at each call"
        );
        site.proxy.heal();
        assert!(another(&site, &[first]).await.is_ok(), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resealing_at_once_and_while_keys_rotate_reseals_each_key_once() {
    let site = TestSite::start().await;
    let site = with(site, &[NEW, OLD]).await;
    site.clock.advance(KEY_SIGNS);
    let run = || reseal(&site, &[NEW, OLD]);
    let (one, two, three, rotated) = tokio::join!(run(), run(), run(), rotate(&site));
    rotated.unwrap();
    let resealed: u64 = [one, two, three].into_iter().map(|answer| counts(&answer.unwrap()).0).sum();
    assert_eq!(resealed, KINDS as u64);
    assert_in_line(&site, 2, "both").await;
    assert!(another(&site, &[NEW]).await.is_ok());
}

#[tokio::test]
async fn a_key_that_changed_since_it_was_read_is_not_overwritten() {
    let site = TestSite::start().await;
    let app = site.site.app();
    let before = stored(&site).await.remove(0);
    reseal(&site, &[NEW, OLD]).await.unwrap();
    let after = stored(&site).await.remove(0);
    assert!(!app.store.reseal_key(&before, "something else", Attempt::new(&app.entropy)).await.unwrap());
    assert_eq!(stored(&site).await.remove(0).sealed, after.sealed);
    empty(&site).await;
    assert!(!app.store.reseal_key(&after, "something else", Attempt::new(&app.entropy)).await.unwrap());
    let error = reseal(&site, &[NEW, OLD]).await.unwrap_err().to_string();
    assert!(error.contains("rotate-keys"), "{error}");
}
