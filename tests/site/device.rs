//! Devices without a browser or a keyboard (RFC 8628).

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod page;
mod polls;

use tests::{Browser, Client, Reply, TestSite, Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SCOPE: &str = "openid profile offline_access collections:read";

/// A television's application.
async fn television(site: &TestSite) -> Client {
    site.client_with(json!({
        "client_name": "Living Room",
        "client_uri": "https://television.example/",
        "token_endpoint_auth_method": "none",
        "grant_types": [GRANT, "refresh_token"],
        "response_types": [],
        "redirect_uris": [],
    }))
    .await
}

/// What a device is told when it asks for codes.
struct Codes {
    device_code: String,
    user_code: String,
    complete: String,
}

async fn ask(site: &TestSite, client: &Client, pairs: &[(&str, &str)]) -> Reply {
    site.form("/oauth2/device_authorization", &[&client.in_body()[..], pairs].concat()).await
}

async fn codes(site: &TestSite, client: &Client, scope: &str) -> Codes {
    let reply = ask(site, client, &[("scope", scope)]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json: Value = reply.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    Codes {
        device_code: text("device_code"),
        user_code: text("user_code"),
        complete: text("verification_uri_complete"),
    }
}

async fn poll(site: &TestSite, client: &Client, codes: &Codes) -> Reply {
    site.token(client, &[("grant_type", GRANT), ("device_code", &codes.device_code)]).await
}

async fn browser<'s>(site: &'s TestSite, username: &str) -> Browser<'s> {
    let user = site.register(username).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser
}

/// Types a code.
async fn enter(browser: &Browser<'_>, code: &str) -> Reply {
    let csrf = browser.open("/device").await.input("csrf");
    browser.submit("/device", &[("csrf", &csrf), ("user_code", code)]).await
}

async fn decide(browser: &Browser<'_>, page: &Reply, decision: &str) -> Reply {
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    browser.submit("/device", &[("csrf", &csrf), ("request", &request), ("decision", decision)]).await
}

/// Types a code, and decides.
async fn answer(browser: &Browser<'_>, code: &str, decision: &str) {
    let page = enter(browser, code).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let done = decide(browser, &page, decision).await;
    assert_eq!(done.status, 200, "{}", done.body);
}
