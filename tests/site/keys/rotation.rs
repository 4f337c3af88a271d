//! Keys succeed one another, and nobody notices.

use std::collections::{BTreeSet, VecDeque};

use jsonwebtoken::Algorithm;
use shared::jose::keys::ALGORITHMS;
use shared::oauth::lifetimes::{DAY, KEY_LEAD, KEY_REMAINS, KEY_SIGNS, LONGEST_TOKEN, SITE_CACHE};
use shared::store::keys;
use tests::flow::claims;
use tests::{Client, TestSite, Tokens, json};

use super::{KINDS, another, assert_in_line, assert_refused, jwks, jwks_at, kid, kids, of, rotate, stored, verifies};

/// How long the relying parties of these tests keep the published keys, whatever they are told.
const HOUR: i64 = 3600;

async fn own_token(site: &TestSite, client: &Client) -> String {
    Tokens::read(&site.token(client, &[("grant_type", "client_credentials")]).await).access_token
}

#[tokio::test]
async fn u39_through_a_hundred_days_every_token_verifies_with_keys_of_an_hour_ago_until_it_expires() {
    let site = TestSite::start().await;
    let (user, client, browser) = (site.register("sakura").await, site.client().await, site.browser());
    browser.sign_in(&user).await;
    let mut tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let begun = site.clock.now();
    let (mut copies, mut long_lived) = (VecDeque::new(), Vec::new());
    let (mut signers, mut known, mut changed_at) = (BTreeSet::new(), BTreeSet::new(), begun);
    while site.clock.now() - begun < 100 * DAY {
        rotate(&site).await.unwrap();
        let now = site.clock.now();
        let published = jwks(&site).await;
        let names: BTreeSet<_> = kids(&published).into_iter().collect();
        assert_eq!(names.len(), published.keys.len(), "unique names");
        assert!((KINDS..=2 * KINDS).contains(&names.len()), "{names:?}");
        let stored = stored(&site).await;
        for alg in ALGORITHMS {
            assert_eq!(of(&stored, alg).iter().filter(|key| key.successor.is_none()).count(), 1, "{stored:?}");
        }
        copies.push_back((now, published.clone()));
        while copies.front().is_some_and(|(fetched, _)| now - *fetched > HOUR) {
            copies.pop_front();
        }
        let (_, oldest) = copies.front().unwrap();

        tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
        for token in [&tokens.id_token, &tokens.access_token] {
            assert!(verifies(oldest, token), "{}", now - begun);
            signers.insert(kid(token));
        }
        // The longest-lived that there may be.
        let keys = site.site.app().site().await.unwrap().keys.clone();
        for alg in ALGORITHMS {
            let token = keys.signer(alg, now).unwrap().sign("JWT", &json!({ "exp": now + LONGEST_TOKEN })).unwrap();
            assert!(verifies(oldest, &token), "{alg:?} {}", now - begun);
            long_lived.push((now + LONGEST_TOKEN, token));
        }
        long_lived.retain(|(expires_at, _)| now < *expires_at);
        // Each in its turn is among the oldest, just before it expires.
        assert!(long_lived.iter().take(KINDS).all(|(_, token)| verifies(&published, token)), "{}", now - begun);
        // In small steps while there is something to see.
        if known != names {
            (known, changed_at) = (names, now);
        }
        site.clock.advance(match () {
            () if now - changed_at < 3 * HOUR => HOUR / 2,
            () if known.len() > KINDS => 3 * HOUR,
            () => 2 * DAY,
        });
    }
    assert_eq!(signers.len(), 8, "four of each kind in a hundred days");
}

#[tokio::test]
async fn u39_keys_that_a_function_gave_out_before_it_knew_the_next_one_do_for_an_hour() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let other = another(&site, &[]).await.unwrap();
    site.clock.advance(KEY_SIGNS - KEY_LEAD);
    let before = jwks_at(&site, other.port()).await;
    rotate(&site).await.unwrap();
    site.clock.advance(SITE_CACHE - 1);
    let copy = jwks_at(&site, other.port()).await;
    assert_eq!(kids(&copy), kids(&before), "it has not looked again yet");
    site.clock.advance(HOUR);
    assert!(verifies(&copy, &own_token(&site, &client).await));
    let published = jwks_at(&site, other.port()).await;
    assert_eq!(kids(&published).len(), 2 * KINDS);

    // Every process turns to the new key in the same second, and knows it at once.
    site.clock.advance(KEY_LEAD - HOUR - (SITE_CACHE - 1) - 1);
    let last = own_token(&site, &client).await;
    site.clock.advance(1);
    let first = own_token(&site, &client).await;
    assert!(kids(&before).contains(&kid(&last)) && !kids(&before).contains(&kid(&first)));
    assert!(verifies(&published, &last) && verifies(&published, &first));
}

#[tokio::test]
async fn u39_a_token_is_refused_once_its_key_is_retired_and_not_before() {
    let site = TestSite::start().await;
    let (user, client, browser) = (site.register("sakura").await, site.client().await, site.browser());
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    // As no token of ours is: it outlives its key.
    let mut long = claims(&tokens.access_token);
    long["exp"] = (long["iat"].as_i64().unwrap() + 40 * DAY).into();
    let keys = site.site.app().site().await.unwrap().keys.clone();
    let long = keys.signer(Algorithm::ES256, site.clock.now()).unwrap().sign("at+jwt", &long).unwrap();

    site.clock.advance(KEY_SIGNS - KEY_LEAD);
    rotate(&site).await.unwrap();
    Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    site.clock.advance(KEY_LEAD + KEY_REMAINS - 1);
    rotate(&site).await.unwrap();
    assert_in_line(&site, 2, "a second before").await;
    assert_eq!(site.userinfo(&long).await.status, 200);
    site.clock.advance(1);
    rotate(&site).await.unwrap();
    assert_in_line(&site, 1, "retired").await;
    site.clock.advance(SITE_CACHE);
    assert_refused(&site.userinfo(&long).await, 401, "invalid_token");
}

#[tokio::test]
async fn u39_a_key_is_published_until_its_last_token_has_expired_by_a_clock_that_is_five_minutes_slow() {
    let site = TestSite::start().await;
    let old = jwks(&site).await;
    let keys = site.site.app().site().await.unwrap().keys.clone();
    site.clock.advance(KEY_SIGNS - KEY_LEAD);
    rotate(&site).await.unwrap();
    // A process whose clock is slow turns to the new key later, by ours.
    site.clock.advance(KEY_LEAD + 299);
    let (signer, claims) = (keys.signer(Algorithm::RS256, site.clock.now()), json!({ "exp": site.clock.now() + DAY }));
    let last = signer.unwrap().sign("JWT", &claims).unwrap();
    assert!(verifies(&old, &last));
    site.clock.advance(DAY - 1);
    rotate(&site).await.unwrap();
    assert!(verifies(&jwks(&site).await, &last));
}

#[tokio::test]
async fn u39_after_two_months_without_a_run_the_old_key_still_signs_and_the_next_run_catches_up() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let old = kids(&jwks(&site).await);
    site.clock.advance(60 * DAY);
    assert!(old.contains(&kid(&own_token(&site, &client).await)));
    rotate(&site).await.unwrap();
    site.clock.advance(SITE_CACHE);
    assert_eq!(kids(&jwks(&site).await).len(), 2 * KINDS, "published at once");
    assert!(old.contains(&kid(&own_token(&site, &client).await)), "and signs as late as ever");
    site.clock.advance(KEY_LEAD - SITE_CACHE);
    assert!(!old.contains(&kid(&own_token(&site, &client).await)));
    // Again for two months: the one before goes, one comes.
    site.clock.advance(60 * DAY);
    rotate(&site).await.unwrap();
    assert_in_line(&site, 2, "after two more months").await;
    assert!(!kids(&jwks(&site).await).iter().any(|kid| old.contains(kid)));
    site.clock.advance(KEY_LEAD + KEY_REMAINS);
    rotate(&site).await.unwrap();
    assert_in_line(&site, 1, "when the last token has expired").await;
}

#[tokio::test]
async fn u39_a_key_that_somebody_removed_by_hand_is_replaced_like_any_other() {
    let site = TestSite::start().await;
    let client = site.client().await;
    site.clock.advance(KEY_SIGNS);
    rotate(&site).await.unwrap();
    let published = stored(&site).await;
    let (stolen, others): (Vec<_>, Vec<_>) = published.iter().partition(|key| key.successor.is_none());
    for key in &stolen {
        site.site.app().store.delete(&keys::signing_key(&key.kid), None).await.unwrap();
    }
    site.clock.advance(KEY_LEAD);
    let token = own_token(&site, &client).await;
    assert!(others.iter().any(|key| key.kid == kid(&token)), "the one before signs on");
    rotate(&site).await.unwrap();
    assert_in_line(&site, 2, "replaced").await;
    site.clock.advance(KEY_LEAD);
    let token = own_token(&site, &client).await;
    assert!(!published.iter().any(|key| key.kid == kid(&token)), "the new one signs");
}

#[tokio::test]
async fn a_run_with_another_secret_key_says_so_and_writes_nothing() {
    let site = TestSite::start().await;
    site.clock.advance(KEY_SIGNS);
    site.proxy.forget();
    let refused = another(&site, &["another secret key of 32 characters or more"]).await;
    let error = refused.err().unwrap().to_string();
    let calls = site.proxy.calls().into_iter().filter(|call| call.function == "rotate-keys");
    assert_eq!(calls.map(|call| call.operation).collect::<Vec<_>>(), ["Query"]);
    let keys = stored(&site).await;
    assert!(keys.iter().any(|key| error.contains(&key.kid)) && error.contains("SECRET_KEY"), "{error}");
}

#[tokio::test]
async fn where_one_kind_of_key_is_lost_the_other_goes_on() {
    for lost in ALGORITHMS {
        let site = TestSite::start().await;
        site.clock.advance(KEY_SIGNS);
        for key in stored(&site).await.iter().filter(|key| key.alg == lost) {
            site.site.app().store.delete(&keys::signing_key(&key.kid), None).await.unwrap();
        }
        let error = rotate(&site).await.unwrap_err().to_string();
        assert!(error.contains(&format!("no {lost:?} key")), "{error}");
        assert_eq!(stored(&site).await.len(), 2 * (KINDS - 1), "{lost:?}");
    }
}

#[tokio::test]
async fn u39_a_site_that_is_older_than_a_kind_of_key_gets_one_that_is_published_before_it_signs() {
    let site = TestSite::start().await;
    let app = site.site.app();
    for key in stored(&site).await.iter().filter(|key| key.alg == Algorithm::EdDSA) {
        app.store.delete(&keys::signing_key(&key.kid), None).await.unwrap();
    }
    // As the table was then.
    app.store.delete(&keys::site_epoch(), None).await.unwrap();
    let epoch = shared::store::item::item(&keys::site_epoch(), "epoch", &json!({ "epoch": 1 })).unwrap();
    let attempt = shared::id::Attempt::new(&app.entropy);
    app.store.put(epoch, shared::store::item::Condition::absent(), attempt).await.unwrap();

    let runs = tokio::join!(rotate(&site), rotate(&site), rotate(&site));
    assert!(runs.0.is_ok() || runs.1.is_ok() || runs.2.is_ok());
    let keys = stored(&site).await;
    let [new] = of(&keys, Algorithm::EdDSA)[..] else { panic!("{keys:?}") };
    assert_eq!(new.signs_from, site.clock.now() + KEY_LEAD);
    site.clock.advance(KEY_LEAD);
    rotate(&site).await.unwrap();
    assert_in_line(&site, 1, "all kinds sign").await;
}
