//! Whether the site is well.

use tests::{Fault, TestSite, json};

#[tokio::test]
async fn a_site_is_well_whose_table_answers_one_cheap_read() {
    let site = TestSite::start().await;
    // Whatever was read before, and however long ago: it is asked again.
    for _ in 0..2 {
        site.clock.advance(3600);
        site.proxy.forget();
        let reply = site.get("/health", None).await;
        assert_eq!((reply.status, reply.json()), (200, json!({ "status": "ok" })));
        assert_eq!(reply.header("cache-control"), "no-store");
        let calls = site.proxy.calls();
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((call.operation.as_str(), call.units()), ("GetItem", 0.5));
        assert_eq!(call.request["ConsistentRead"], false);
    }
}

#[tokio::test]
async fn a_site_is_not_well_while_its_table_fails_and_says_when_to_ask_again() {
    let site = TestSite::start().await;
    for fault in [Fault::Throttle, Fault::Error, Fault::CutBefore] {
        site.proxy.fail_from(0, fault);
        let reply = site.get("/health", None).await;
        assert_eq!((reply.status, reply.header("content-type")), (503, "application/problem+json"), "{fault:?}");
        assert_eq!((reply.header("retry-after"), reply.header("cache-control")), ("2", "no-store"));
        assert_eq!(reply.json()["status"], 503);
        site.proxy.heal();
        assert_eq!(site.get("/health", None).await.status, 200);
    }
}
