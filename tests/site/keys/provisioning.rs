//! A new table has no keys until `rotate-keys` has run.

use tests::{Fault, TestSite, json};

use super::{KINDS, assert_in_line, empty, jwks, rotate, stored};

#[tokio::test]
async fn without_keys_everything_that_needs_them_is_a_503_until_rotate_keys_has_run() {
    let site = TestSite::start().await;
    let client = site.client().await;
    empty(&site).await;
    site.clock.advance(301);
    site.proxy.forget();
    let credentials = json!({ "username": "sakura", "password": "correct horse battery" });
    for reply in [
        site.get("/oauth2/jwks", None).await,
        site.browser().open("/login").await,
        site.post("/login", None, credentials.clone()).await,
        site.token(&client, &[("grant_type", "client_credentials")]).await,
        site.userinfo("x").await,
    ] {
        assert_eq!(reply.status, 503, "{}", reply.body);
        assert_ne!(reply.header("retry-after"), "", "{}", reply.body);
    }
    let writes = site.proxy.calls().iter().filter(|call| !call.is_read()).count();
    assert_eq!(writes, 0, "nothing that answers over HTTP makes keys");
    assert_eq!(site.get("/health", None).await.status, 200);
    assert_eq!(site.get("/.well-known/openid-configuration", None).await.status, 200);

    rotate(&site).await.unwrap();
    assert_in_line(&site, 1, "at once").await;
    let published = jwks(&site).await;
    let algorithms: Vec<_> = published.keys.iter().map(|key| key.common.key_algorithm.unwrap().to_string()).collect();
    assert_eq!(algorithms, ["RS256", "ES256", "EdDSA"]);
    let user = site.register("sakura").await;
    site.sign_in(&user).await;
}

#[tokio::test]
async fn a_site_has_its_keys_once_and_a_second_run_changes_nothing() {
    let site = TestSite::start().await;
    let before = format!("{:?}", stored(&site).await);
    site.proxy.forget();
    rotate(&site).await.unwrap();
    let calls: Vec<_> = site.proxy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["Query"]);
    let query = site.proxy.calls().remove(0).request;
    assert_eq!(query["ConsistentRead"], true);
    assert_eq!(format!("{:?}", stored(&site).await), before);
}

#[tokio::test]
async fn e61_a_fault_while_the_first_keys_are_made_leaves_all_of_them_or_none() {
    let site = TestSite::start().await;
    let faults = Fault::of("PutItem");
    for fault in faults {
        empty(&site).await;
        site.proxy.fail_each_once(fault);
        rotate(&site).await.unwrap();
        site.proxy.heal();
        assert_in_line(&site, 1, &format!("{fault:?} once at each call")).await;
        for cut in 0..2 {
            empty(&site).await;
            site.proxy.fail_from(cut, fault);
            assert!(rotate(&site).await.is_err(), "{fault:?} from call {cut}");
            site.proxy.heal();
            let written = site.site.app().store.find_site().await.unwrap();
            assert!(written.is_none_or(|site| site.keys.len() == KINDS && site.salt.len() == 64), "{fault:?} {cut}");
            rotate(&site).await.unwrap();
            assert_in_line(&site, 1, &format!("{fault:?} from call {cut}")).await;
        }
    }
}
