//! Several runs at once.

use shared::app::App;
use shared::id::Attempt;
use shared::oauth::lifetimes::{KEY_LEAD, KEY_REMAINS, KEY_SIGNS};
use shared::store::signing_keys::StoredKey;
use tests::TestSite;
use tokio::task::JoinSet;

use super::{another, assert_in_line, empty, rotate, stored};

/// Runs `rotate-keys` eight times at once, in two processes.
async fn rotate_at_once(site: &TestSite) {
    let apps = [site.site.app().of_function("rotate-keys"), another_process(site)];
    let functions = local::functions::scheduled();
    let (_, run) = functions.into_iter().find(|(name, _)| *name == "rotate-keys").unwrap();
    let mut runs = JoinSet::new();
    for app in apps.iter().cycle().take(8) {
        runs.spawn(run(app.clone()));
    }
    for ended in runs.join_all().await {
        ended.unwrap();
    }
}

/// A second process, which has read nothing yet.
fn another_process(site: &TestSite) -> App {
    let app = site.site.app();
    App::new(
        app.config.clone(),
        app.clock.clone(),
        app.entropy.clone(),
        app.store.clone(),
        shared::upstream::Providers::default(),
    )
    .of_function("rotate-keys")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u39_of_many_runs_at_once_one_makes_the_first_keys() {
    let site = TestSite::start().await;
    for round in 0..2 {
        empty(&site).await;
        rotate_at_once(&site).await;
        assert_in_line(&site, 1, &format!("round {round}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u39_of_many_runs_at_once_one_publishes_the_next_keys_and_all_may_retire_the_old() {
    let site = TestSite::start().await;
    for round in 0..2 {
        let before = stored(&site).await;
        site.clock.advance(KEY_SIGNS - KEY_LEAD);
        rotate_at_once(&site).await;
        assert_in_line(&site, 2, &format!("round {round}")).await;
        site.clock.advance(KEY_LEAD + KEY_REMAINS);
        rotate_at_once(&site).await;
        assert_in_line(&site, 1, &format!("round {round}")).await;
        let after = stored(&site).await;
        assert!(after.iter().all(|key| before.iter().all(|old| old.kid != key.kid)), "{after:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u39_a_run_that_was_held_up_for_a_month_does_no_harm() {
    let site = TestSite::start().await;
    site.clock.advance(KEY_SIGNS);
    // What it read.
    let read = stored(&site).await;
    rotate(&site).await.unwrap();
    site.clock.advance(KEY_LEAD + KEY_REMAINS);
    rotate(&site).await.unwrap();
    let line = stored(&site).await;
    // What it would write: the key that it read is gone, and has had a successor.
    let store = &site.site.app().store;
    for (old, next) in read.iter().zip(&line) {
        let attempt = Attempt::new(&site.site.app().entropy);
        let late = StoredKey { kid: format!("{}-late", next.kid), ..next.clone() };
        assert!(!store.succeed_key(old, &late, attempt).await.unwrap());
        // And what nobody gave a successor is never removed.
        store.retire_key(&next.kid).await.unwrap();
    }
    assert_in_line(&site, 1, "as it was").await;
    assert_eq!(format!("{:?}", stored(&site).await), format!("{line:?}"));
    assert!(another(&site, &[]).await.is_ok());
}
