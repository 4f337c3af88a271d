//! What the whole site shares: its signing keys, read again and again, and whether it lives. How the keys are made and
//! succeed one another, and what faults do to that, is in `keys`.

use super::{Ended, withstands};
use tests::TestSite;

#[tokio::test]
async fn e61_signing_keys_that_cannot_be_read_again_are_a_503_and_nothing_else() {
    let site = TestSite::start().await;
    let run = async |(): &()| {
        // Longer than they are kept in memory.
        site.clock.advance(301);
        site.get("/oauth2/jwks", None).await
    };
    let usual = run(&()).await.json();
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.json(), usual, "{case}");
    };
    withstands(&site, "GET /oauth2/jwks", async || (), run, after).await;
}

#[tokio::test]
async fn e61_health_is_bad_while_the_table_fails_and_good_again_after() {
    let site = TestSite::start().await;
    let run = async |(): &()| site.get("/health", None).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.json()["status"], "ok", "{case}");
    };
    withstands(&site, "GET /health", async || (), run, after).await;
}
