//! Clients that nobody registered: what is fetched is kept in the table.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Ended, withstands};
use tests::{DocumentSite, Tokens, json};

#[tokio::test]
async fn e61_a_document_is_read_and_kept_however_often_the_table_fails() {
    let (site, count) = (DocumentSite::start().await, AtomicU32::new(0));
    // One that was never seen.
    let prepare = async || site.publish(&format!("/{}", count.fetch_add(1, Ordering::Relaxed)), json!({}));
    let run =
        async |client: &tests::Client| site.get(&format!("/oauth2/authorize?{}", client.query("openid")), None).await;
    let after = async |client: &tests::Client, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(client)).await.status, 303, "{case}");
    };
    withstands(&site, "GET /oauth2/authorize", prepare, run, after).await;

    // One that is stale.
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let client = site.publish("/client", json!({}));
    let prepare = async || {
        let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
        site.clock.advance(601);
        tokens
    };
    let run = async |tokens: &Tokens| site.refresh(&client, &tokens.refresh_token).await;
    let after = async |tokens: &Tokens, ended: Ended| {
        let case = ended.case.clone();
        Tokens::read(&ended.or_else(run(tokens)).await);
        let found = site.site.app().store.find_client(shared::id::ClientId::of_document(&client.id)).await;
        let document = found.unwrap().unwrap().document.unwrap();
        assert!(document.is_fresh(site.clock.now()), "{case}");
    };
    withstands(&site, "POST /oauth2/token", prepare, run, after).await;
}
