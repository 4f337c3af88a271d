//! A collection in step with Bangumi, while the table fails: a run that is cut off goes on later, and what its user says is
//! done once.

use shared::bangumi::Modify;
use shared::store::sync::LEASE;
use tests::{Reply, TestSite, Value, json};

use super::{Ended, fresh, told, withstands};
use crate::sync::{Bound, bound, later, world};

/// Somebody with three entries, in step.
async fn in_step(site: &TestSite) -> Bound<'_> {
    let name = fresh("sakura");
    world(site).fill(&name, 3);
    let them = bound(site, &name).await;
    one_run(site, &them).await;
    them
}

/// For one user alone: those before them are nobody's business.
async fn one_run(site: &TestSite, them: &Bound<'_>) -> Reply {
    let app = site.site.app().of_function("sync");
    let budget = shared::sync::Budget::default();
    let outcome = shared::sync::run(&app, them.id, &budget, app.clock.now() + 240).await;
    told(outcome.map(Value::from))
}

#[tokio::test]
async fn e61_a_run_that_the_table_cuts_off_goes_on_and_does_nothing_twice() {
    let site = TestSite::start().await;
    let prepare = async || {
        let them = in_step(&site).await;
        later(&site, 10);
        let ids: Vec<_> = world(&site).collection(&them.name).into_keys().collect();
        world(&site).edit(&them.name, ids[0], &Modify { comment: Some("很好".into()), ..Modify::default() });
        them.patch(ids[1], json!({ "status": "on_hold", "private": false })).await;
        later(&site, 60);
        them
    };
    let run = async |them: &Bound<'_>| one_run(&site, them).await;
    let after = async |them: &Bound<'_>, ended: Ended| {
        let case = &ended.case;
        if !ended.well() || them.state().await.lease_id.is_some() {
            later(&site, LEASE + 60);
            assert_eq!(run(them).await.status, 200, "{case}");
        }
        them.assert_in_step(case).await;
        assert_eq!(world(&site).timeline(&them.name).len(), 1, "{case}: the world is told of it once");
    };
    withstands(&site, "sync", prepare, run, after).await;
}

#[tokio::test]
async fn e61_what_a_user_says_about_it_is_done_once_or_not_at_all() {
    let site = TestSite::start().await;
    let them = in_step(&site).await;
    let shown = async |_: &()| site.get("/collections/sync", Some(&them.token().await)).await;
    let well = async |_: &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(shown(&())).await.json()["state"], "idle", "{case}");
    };
    // Their token is not renewed on the way.
    let signed_in = async || {
        them.token().await;
    };
    withstands(&site, "GET /collections/sync", signed_in, shown, well).await;

    let set = async |direction: &&str| {
        site.patch("/collections/sync", Some(&them.token().await), json!({ "direction": direction })).await
    };
    let turn = std::cell::Cell::new(false);
    let prepare = async || {
        signed_in().await;
        turn.set(!turn.get());
        if turn.get() { "pull" } else { "both" }
    };
    let after = async |direction: &&str, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(set(direction)).await.json()["settings"]["direction"], **direction, "{case}");
    };
    withstands(&site, "PATCH /collections/sync", prepare, set, after).await;

    for dry_run in [false, true] {
        // The number of plans that may be had is counted.
        let prepare = async || {
            later(&site, 3_600);
            signed_in().await;
        };
        let start = async |_: &()| {
            site.post("/collections/sync", Some(&them.token().await), json!({ "dry_run": dry_run })).await
        };
        let after = async |state: &(), ended: Ended| {
            let case = ended.case.clone();
            assert!(ended.or_else(start(state)).await.status < 300, "{case}");
        };
        withstands(&site, "POST /collections/sync", prepare, start, after).await;
    }
}

#[tokio::test]
async fn e61_a_conflict_is_settled_once_and_a_retry_finds_nothing_to_be_asked() {
    let site = TestSite::start().await;
    let prepare = async || {
        let them = in_step(&site).await;
        let subject = them.all().await[0].subject_id;
        later(&site, 10);
        world(&site).edit(&them.name, subject, &Modify { kind: Some(4), rate: Some(2), ..Modify::default() });
        them.patch(subject, json!({ "rating": 9 })).await;
        later(&site, 60);
        one_run(&site, &them).await;
        (them, subject)
    };
    let listed =
        async |(them, _): &(Bound<'_>, u32)| site.get("/collections/sync/conflicts", Some(&them.token().await)).await;
    let after = async |state: &(Bound<'_>, u32), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(listed(state)).await.json()["items"][0]["subject_id"], state.1, "{case}");
    };
    withstands(&site, "GET /collections/sync/conflicts", prepare, listed, after).await;

    let settle = async |(them, subject): &(Bound<'_>, u32)| them.settle(*subject, json!({ "choice": "theirs" })).await;
    let after = async |state: &(Bound<'_>, u32), ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let well = ended.well();
        let again = ended.or_else(settle(state)).await.status;
        assert!(again == 200 || (again == 404 && unsaid && !well), "{case}: {again}");
        let entry = state.0.entry(state.1).await.unwrap();
        assert_eq!((entry.rating, entry.asked), (Some(2), None), "{case}");
    };
    withstands(&site, "POST /collections/sync/conflicts/{subject_id}", prepare, settle, after).await;
}

#[tokio::test]
async fn e61_what_is_said_on_the_page_of_it_is_done_once_or_not_at_all() {
    let site = TestSite::start().await;
    let them = in_step(&site).await;
    let browser = site.browser();
    browser.sign_in(them.user()).await;
    let csrf = browser.open("/account").await.input("csrf");
    let turn = std::cell::Cell::new(false);
    let prepare = async || {
        them.token().await;
        turn.set(!turn.get());
        if turn.get() { "pull" } else { "both" }
    };
    let set = async |direction: &&str| {
        let pairs = [("csrf", csrf.as_str()), ("action", "set"), ("direction", *direction)];
        browser.submit("/me/collections/sync", &pairs).await
    };
    let after = async |direction: &&str, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(set(direction)).await.status, 303, "{case}");
        assert_eq!(them.sync().await["settings"]["direction"], **direction, "{case}");
    };
    withstands(&site, "POST /me/collections/sync", prepare, set, after).await;
}
