//! A signing key was stolen, and an operator has another put in its place.

use jsonwebtoken::Algorithm;
use local::cli::{Command, KeyCommand};
use local::commands::{self, CommandError};
use shared::oauth::lifetimes::{KEY_LEAD, KEY_REMAINS, KEY_SIGNS, SITE_CACHE};
use shared::store::signing_keys::StoredKey;
use tests::{Fault, TestSite, Tokens, Value};

use super::{another, assert_in_line, assert_refused, jwks, kid, kids, of, rotate, stored, verifies};

fn replace(kid: &str) -> Command {
    Command::Key(KeyCommand::Replace { kid: kid.to_owned() })
}

/// The keys of access tokens, oldest first.
async fn line(site: &TestSite) -> Vec<StoredKey> {
    let keys = stored(site).await;
    let mut line: Vec<_> = of(&keys, Algorithm::ES256).into_iter().cloned().collect();
    line.sort_by_key(|key| key.signs_from);
    line
}

#[tokio::test]
async fn a_stolen_key_is_replaced_at_once_and_all_that_it_signed_is_refused() {
    let site = TestSite::start().await;
    let (user, client, browser) = (site.register("sakura").await, site.client().await, site.browser());
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let stolen = kid(&tokens.access_token);
    let answer = site.operate(replace(&stolen)).await;
    assert_eq!(answer["removed"], stolen.as_str());
    assert_eq!(answer["noticed_everywhere_at"], (site.clock.now() + SITE_CACHE).to_string());
    assert_in_line(&site, 1, "replaced").await;
    site.clock.advance(SITE_CACHE);

    assert_refused(&site.userinfo(&tokens.access_token).await, 401, "invalid_token");
    let published = jwks(&site).await;
    assert!(!kids(&published).contains(&stolen));
    let tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(kid(&tokens.access_token), answer["replaced_by"].as_str().unwrap());
    assert!(verifies(&published, &tokens.access_token));
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn whichever_key_it_was_the_others_go_on_as_they_would_have() {
    // Which key is stolen, when; how many are left then, and whether there is another in its place.
    let just_published = KEY_SIGNS - KEY_LEAD;
    for (at, later, left, replaced) in
        [(0, 0, 2, true), (1, 0, 2, true), (0, KEY_LEAD, 1, false), (1, KEY_LEAD, 2, true)]
    {
        let case = format!("the {at}. key, {later} s after the next was published");
        let site = TestSite::start().await;
        site.clock.advance(just_published);
        rotate(&site).await.unwrap();
        site.clock.advance(later);
        let before = line(&site).await;
        let answer = site.operate(replace(&before[at].kid)).await;
        assert_eq!(answer["replaced_by"].is_string(), replaced, "{case}: {answer}");
        let after = line(&site).await;
        assert_eq!(after.len(), left, "{case}");
        assert_eq!(after.iter().filter(|key| key.successor.is_none()).count(), 1, "{case}");
        assert!(after.iter().any(|key| key.signs_from <= site.clock.now()), "{case}: one signs");
        assert_eq!(after.last().unwrap().signs_from.max(site.clock.now()), before[1].signs_from, "{case}");
        // And so on.
        site.clock.advance(KEY_LEAD + KEY_REMAINS);
        rotate(&site).await.unwrap();
        assert_in_line(&site, 1, &case).await;
        site.clock.advance(KEY_SIGNS);
        rotate(&site).await.unwrap();
        assert_in_line(&site, 2, &case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_operators_one_replaces_it_and_a_rotation_meanwhile_does_no_harm() {
    let site = TestSite::start().await;
    site.clock.advance(KEY_SIGNS);
    let stolen = line(&site).await.remove(0).kid;
    let operate = || site.try_to_operate(replace(&stolen));
    let (one, other, rotated) = tokio::join!(operate(), operate(), rotate(&site));
    rotated.unwrap();
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
    for refused in [one, other].into_iter().filter_map(Result::err) {
        assert!(refused.to_string().contains(&stolen), "{refused}");
    }
    rotate(&site).await.unwrap();
    let line = line(&site).await;
    assert!(line.iter().all(|key| key.kid != stolen), "{line:?}");
    assert_eq!(line.iter().filter(|key| key.successor.is_none()).count(), 1, "{line:?}");
    assert!(line.iter().any(|key| key.signs_from <= site.clock.now()), "{line:?}");
    assert!(another(&site, &[]).await.is_ok());
}

#[tokio::test]
async fn e61_a_replacement_is_made_or_it_is_not() {
    let site = TestSite::start().await;
    for fault in Fault::of("PutItem") {
        let stolen = line(&site).await.remove(0).kid;
        site.proxy.fail_each_once(fault);
        site.operate(replace(&stolen)).await;
        site.proxy.heal();
        assert_in_line(&site, 1, &format!("{fault:?} once at each call")).await;
        for cut in 0..2 {
            let stolen = line(&site).await.remove(0).kid;
            site.proxy.fail_from(cut, fault);
            let refused = site.try_to_operate(replace(&stolen)).await;
            assert!(matches!(refused, Err(CommandError::Store(_))), "{fault:?} from call {cut}: {refused:?}");
            site.proxy.heal();
            assert_in_line(&site, 1, &format!("{fault:?} from call {cut}")).await;
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_or_another_secret_key_is_refused_in_words() {
    let site = TestSite::start().await;
    let refused = site.try_to_operate(replace("nonsense")).await.unwrap_err().to_string();
    assert!(refused.contains("no signing key has the name nonsense"), "{refused}");
    let app = site.site.app();
    let key = stored(&site).await.remove(0);
    let secret_keys = ["another secret key of 32 characters or more".into()];
    let run = commands::run(&replace(&key.kid), &app.store, &secret_keys, &site.clock, &app.entropy).await;
    assert!(matches!(&run, Err(CommandError::Keys(_))), "{run:?}");
    assert_in_line(&site, 1, "as it was").await;
    assert_ne!(site.operate(replace(&key.kid)).await["replaced_by"], Value::Null);
}
