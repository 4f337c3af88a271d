//! A device is let in.

use tests::{Browser, TestSite, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) async fn tour(site: &TestSite, browser: &Browser<'_>) {
    let client = json!({ "grant_types": [GRANT], "token_endpoint_auth_method": "none", "redirect_uris": [] });
    let client = site.client_with(client).await;
    site.clock.advance(3700);
    let page = browser.open("/device").await;
    let csrf = page.input("csrf");
    let codes = site.form("/oauth2/device_authorization", &client.in_body()).await.json();
    let text = |name: &str| codes[name].as_str().unwrap_or_default().to_owned();
    let poll = async || site.token(&client, &[("grant_type", GRANT), ("device_code", &text("device_code"))]).await;
    assert_eq!(poll().await.status, 400, "nobody said yes");
    let page = browser.submit("/device", &[("csrf", &csrf), ("user_code", &text("user_code"))]).await;
    let request = page.input("request");
    let done = browser.submit("/device", &[("csrf", &csrf), ("request", &request), ("decision", "allow")]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(poll().await.status, 200);
}
