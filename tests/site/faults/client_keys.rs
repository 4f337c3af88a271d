//! Clients that prove themselves by a key.

use super::{Ended, withstands};
use tests::keys::Key;
use tests::{TestSite, json};

#[tokio::test]
async fn e61_an_assertion_that_met_a_failing_table_is_used_once_at_the_most() {
    let site = TestSite::start().await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let grant = [("grant_type", "client_credentials")];
    let prepare = async || key.assertion(&site, &client);
    let run = async |assertion: &String| site.asserted("/oauth2/token", assertion, &grant).await;
    let after = async |assertion: &String, ended: Ended| {
        let (case, used) = (ended.case.clone(), ended.well() || ended.unsaid);
        assert_eq!(run(assertion).await.status, if used { 401 } else { 200 }, "{case}");
        assert_eq!(run(&prepare().await).await.status, 200, "{case}");
    };
    withstands(&site, "POST /oauth2/token", prepare, run, after).await;
}
