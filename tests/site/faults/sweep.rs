//! What is left of deleted accounts goes, however often the sweep is cut off.

use super::fresh;
use tests::flow::REDIRECT;
use tests::{Client, Fault, PASSWORD, Reply, TestSite, json};

/// Somebody who owned an application and a collection, and has just deleted their account. Returns the application.
async fn departed(site: &TestSite) -> Client {
    let browser = site.browser();
    let csrf = browser.open("/register").await.input("csrf");
    let pairs = [("csrf", csrf.as_str()), ("username", &fresh("sakura")), ("password", PASSWORD)];
    assert_eq!(browser.submit("/register", &pairs).await.status, 303);
    let send =
        async |request: reqwest::RequestBuilder, body| Reply::read(request.json(&body).send().await.unwrap()).await;
    for subject in 1..=3 {
        let put = browser.http.put(site.url(&format!("/collections/{subject}")));
        assert_eq!(send(put, json!({ "status": "wish" })).await.status, 201);
    }
    let metadata = json!({ "redirect_uris": [REDIRECT] });
    let client = send(browser.http.post(site.url("/oauth2/register")), metadata).await.json();
    let deleted = send(browser.http.delete(site.url("/account")), json!({ "password": PASSWORD })).await;
    assert_eq!(deleted.status, 204);
    let client = Client { id: client["client_id"].as_str().unwrap().to_owned(), secret: None };
    assert!(known(site, &client).await);
    client
}

/// Whether the application is still known: then who comes from it is asked to sign in.
async fn known(site: &TestSite, client: &Client) -> bool {
    site.browser().authorize(&client.query("openid")).await.status == 303
}

/// Nothing is left to do, and nothing that is left undone.
async fn assert_swept(site: &TestSite, client: &Client, case: &str) {
    site.proxy.forget();
    site.site.run_scheduled("sweep").await.unwrap();
    let calls = site.proxy.calls();
    assert_eq!(calls.len(), 1, "{case}: {calls:?}");
    assert!(!known(site, client).await, "{case}");
}

#[tokio::test]
async fn e61_a_sweep_goes_on_after_a_fault_and_the_next_after_a_failure() {
    let site = TestSite::start().await;
    for fault in Fault::QUICK {
        let client = departed(&site).await;
        site.proxy.fail_each_once(100, fault);
        site.site.run_scheduled("sweep").await.unwrap();
        site.proxy.heal();
        assert_swept(&site, &client, &format!("{fault:?} once at each call")).await;
    }
    for fault in Fault::QUICK {
        let client = departed(&site).await;
        let mut cuts = 0;
        loop {
            site.proxy.fail_from(cuts, fault);
            let swept = site.site.run_scheduled("sweep").await;
            site.proxy.heal();
            if swept.is_ok() {
                break;
            }
            cuts += 1;
        }
        assert!(cuts >= 5, "{fault:?}: it was cut {cuts} times");
        assert_swept(&site, &client, &format!("{fault:?} later each time")).await;
    }
}
