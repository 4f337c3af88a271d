//! Works: asked for, kept, and read again.

use std::cell::Cell;

use super::{Ended, withstands};
use tests::TestSite;

#[tokio::test]
async fn e61_a_work_is_found_however_often_the_table_fails() {
    let site = TestSite::start().await;
    let next = Cell::new(0);
    for (route, rest) in [("GET /subjects/{subject_id}", ""), ("GET /subjects/{subject_id}/episodes", "/episodes")] {
        let prepare = async || {
            // So that no network has asked too much.
            site.clock.advance(900);
            next.replace(next.get() + 1) + 1
        };
        let run = async |id: &u32| site.get(&format!("/subjects/{id}{rest}"), None).await;
        let after = async |id: &u32, ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(ended.or_else(run(id)).await.status, 200, "{case}");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_a_search_and_the_week_are_found_however_often_the_table_fails() {
    let site = TestSite::start().await;
    for (route, path) in [("GET /subjects", "/subjects?q=CLANNAD"), ("GET /calendar", "/calendar")] {
        // Longer than they are kept.
        let prepare = async || site.clock.advance(25 * 3_600);
        let run = async |(): &()| site.get(path, None).await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(ended.or_else(run(&())).await.status, 200, "{case}");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}
