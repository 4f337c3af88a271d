//! A run that dies at any step goes on later, without loss and without doubling.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::fakes::Pulse;
use shared::bangumi::Modify;
use shared::store::sync::LEASE;
use shared::sync::Budget;
use tests::{TestSite, json};
use tokio::sync::Notify;

use super::{Bound, bound, later, run, watch, world};

/// So many moments: one before each request is done, and one before it is answered.
struct Life {
    left: AtomicUsize,
    over: Notify,
}

impl Life {
    fn of(moments: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(moments), over: Notify::new() })
    }

    fn pulse(self: &Arc<Self>) -> Pulse {
        let life = Arc::clone(self);
        Arc::new(move || {
            let lives = life.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if !lives {
                life.over.notify_one();
            }
            lives
        })
    }
}

/// Runs for one user, and dies after so many moments. Whether it did.
async fn dies_after(site: &TestSite, them: &Bound<'_>, moments: usize) -> bool {
    let (life, app) = (Life::of(moments), site.site.app().of_function("sync"));
    watch(site, Some(life.pulse()));
    let budget = Budget::default();
    let died = tokio::select! {
        biased;
        () = life.over.notified() => true,
        outcome = shared::sync::run(&app, them.id, &budget, app.clock.now() + 240) => {
            assert!(outcome.unwrap(), "they are due");
            false
        }
    };
    watch(site, None);
    died
}

/// What the world was told, in no order.
fn told(site: &TestSite, them: &Bound<'_>) -> Vec<String> {
    let mut told: Vec<_> = world(site).timeline(&them.name).iter().map(|line| format!("{line:?}")).collect();
    told.sort_unstable();
    told
}

/// Dies at every step of what `prepare` makes due, goes on, and ends as if it had not.
async fn survives(least: usize, prepare: impl AsyncFn(&Bound<'_>) -> Vec<u32>) {
    let site = TestSite::start().await;
    let mut expected: Option<Vec<String>> = None;
    // The first one lives.
    for moments in std::iter::once(usize::MAX).chain(0..) {
        let name = format!("sakura-{}", moments.wrapping_add(1));
        let them = bound(&site, &name).await;
        let others = prepare(&them).await;
        let died = dies_after(&site, &them, moments).await;
        let case = format!("after {moments} moments");
        if died {
            // Nobody is let in before the lease is over; then it takes a run, and nothing more.
            run(&site).await;
            later(&site, LEASE + 1);
            run(&site).await;
        }
        them.assert_in_step_but(&case, &others).await;
        let state = them.state().await;
        assert_eq!(state.lease_id, None, "{case}");
        assert!(state.next_run_at.unwrap() - site.clock.now() > 3_600, "{case}: nothing is left to be done");
        let told = told(&site, &them);
        assert_eq!(&told, expected.get_or_insert_with(|| told.clone()), "{case}: told twice, or not at all");
        // Their day is over.
        them.set(json!({ "direction": "off" })).await;
        run(&site).await;
        if !died && moments != usize::MAX {
            assert!(moments >= least, "only {moments} moments");
            break;
        }
    }
    assert!(expected.is_some_and(|told| !told.is_empty()), "something was to be told");
}

#[tokio::test]
async fn a_first_import_that_dies_at_any_step_goes_on() {
    survives(60, async |them| {
        let world = world(them.site);
        world.fill(&them.name, 3);
        let ids: Vec<_> = world.collection(&them.name).into_keys().collect();
        // The same work on both sides, and one that is here alone.
        world.edit(&them.name, ids[0], &Modify { rate: Some(8), ..Modify::default() });
        them.set(json!({ "conflicts": "mine" })).await;
        them.put(ids[0], json!({ "status": "watching", "rating": 9 })).await;
        let marked = json!({ "mark": "done", "up_to": 2 });
        let marked = them.site.put("/collections/9717/episodes", Some(&them.token().await), marked).await;
        assert_eq!(marked.status, 201, "{}", marked.body);
        Vec::new()
    })
    .await;
}

#[tokio::test]
async fn a_days_run_that_dies_at_any_step_goes_on() {
    survives(60, async |them| {
        let (site, world) = (them.site, world(them.site));
        world.fill(&them.name, 6);
        them.set(json!({ "conflicts": "newest", "deletions": "dropped" })).await;
        run(site).await;
        let ids: Vec<_> = world.collection(&them.name).into_keys().collect();
        later(site, 10);
        // Each side changes another field of one, both the same field of another, and each has a new one.
        world.edit(&them.name, ids[0], &Modify { comment: Some("很好".into()), ..Modify::default() });
        them.patch(ids[0], json!({ "rating": 3, "tags": ["原创", "夏天"] })).await;
        world.edit(&them.name, ids[1], &Modify { rate: Some(1), ..Modify::default() });
        later(site, 10);
        them.patch(ids[1], json!({ "rating": 10 })).await;
        world.edit(&them.name, 200, &Modify { kind: Some(1), ..Modify::default() });
        let marked = json!({ "mark": "done", "up_to": 2 });
        let marked = site.put("/collections/9717/episodes", Some(&them.token().await), marked).await;
        assert_eq!(marked.status, 201, "{}", marked.body);
        them.delete(ids[2]).await;
        later(site, 60);
        vec![ids[2]]
    })
    .await;
}
