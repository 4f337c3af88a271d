//! What has access to an account: listed, and ended.

use tests::{Browser, Client, TestSite};

/// Ends an application's access and other sessions.
pub(super) async fn tour(site: &TestSite, browser: &Browser<'_>, client: &Client, own: &str) {
    site.clock.advance(301);
    for path in ["/account/apps", "/account/sessions"] {
        assert_eq!(browser.open(path).await.status, 200);
    }
    let sessions = site.get("/account/sessions", Some(own)).await.json();
    let other = sessions["items"].as_array().into_iter().flatten().find(|session| session["current"] == false);
    let other = other.and_then(|session| session["session_id"].as_str()).unwrap_or_default();
    for path in
        [format!("/account/apps/{}", client.id), format!("/account/sessions/{other}"), "/account/sessions".into()]
    {
        let reply = site.send(site.http.delete(site.url(&path)), Some(own)).await;
        assert_eq!(reply.status, 204, "{path}: {}", reply.body);
    }
}
