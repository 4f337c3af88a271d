//! A run that is cut off leaves every kind of key in line, and the next run goes on.

use shared::jose::keys::ALGORITHMS;
use shared::oauth::lifetimes::{KEY_LEAD, KEY_REMAINS, KEY_SIGNS};
use tests::{Fault, TestSite};

use super::{assert_in_line, of, rotate, stored};

/// Of each kind one key has no successor, and no more are there than may be.
async fn assert_never_broken(site: &TestSite, case: &str) {
    let keys = stored(site).await;
    for alg in ALGORITHMS {
        let line = of(&keys, alg);
        assert_eq!(line.iter().filter(|key| key.successor.is_none()).count(), 1, "{case}: {keys:?}");
        assert!(line.len() <= 2, "{case}: {keys:?}");
        assert!(line.iter().any(|key| key.signs_from <= site.clock.now()), "{case}: {keys:?}");
    }
}

/// Lets a run fail at each of its calls, from the first on, later each time, until it ends well. Returns how often it
/// was cut.
async fn cut_later_each_time(site: &TestSite, fault: Fault) -> usize {
    let mut cuts = 0;
    loop {
        site.proxy.fail_from(cuts, fault);
        let run = rotate(site).await;
        site.proxy.heal();
        assert_never_broken(site, &format!("{fault:?} from call {cuts}")).await;
        if run.is_ok() {
            return cuts;
        }
        cuts += 1;
    }
}

#[tokio::test]
async fn e61_a_rotation_goes_on_after_a_fault_and_the_next_after_a_failure() {
    let site = TestSite::start().await;
    for fault in Fault::of("PutItem") {
        site.clock.advance(KEY_SIGNS - KEY_LEAD);
        site.proxy.fail_each_once(fault);
        rotate(&site).await.unwrap();
        site.proxy.heal();
        assert_in_line(&site, 2, &format!("{fault:?} once at each call")).await;
        site.clock.advance(KEY_LEAD + KEY_REMAINS);
        site.proxy.fail_each_once(fault);
        rotate(&site).await.unwrap();
        site.proxy.heal();
        assert_in_line(&site, 1, &format!("{fault:?} once at each call, retiring")).await;
    }
    for fault in Fault::of("PutItem") {
        site.clock.advance(KEY_SIGNS - KEY_LEAD);
        let cuts = cut_later_each_time(&site, fault).await;
        assert!(cuts > 1, "{fault:?}: it was cut {cuts} times");
        assert_in_line(&site, 2, &format!("{fault:?} later each time")).await;
        site.clock.advance(KEY_LEAD + KEY_REMAINS);
        let cuts = cut_later_each_time(&site, fault).await;
        assert!(cuts > 1, "{fault:?}: it was cut {cuts} times, retiring");
        assert_in_line(&site, 1, &format!("{fault:?} later each time, retiring")).await;
    }
}
