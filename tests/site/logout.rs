//! Signing out: for an application, and of what every application of the session is told.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod backchannel;
mod initiated;

use tests::flow::claims;
use tests::remote::Answer;
use tests::{Browser, Client, Remote, TestSite, User, Value, Wishes, json};

/// Where test applications want their users back.
const BYE: &str = "https://app.example/bye";

/// A site that calls addresses on this machine.
async fn start() -> TestSite {
    TestSite::start_with(Wishes { allow_private_fetch: true, ..Wishes::default() }).await
}

/// An application that has somewhere to send people who signed out.
async fn client(site: &TestSite) -> Client {
    site.client_with(json!({ "post_logout_redirect_uris": [BYE, "https://app.example/bye?x=1"] })).await
}

/// An application that is told at `remote`.
async fn listener(site: &TestSite, remote: &Remote, path: &str, more: Value) -> Client {
    let uri = remote.put(path, Answer::new(200, "text/plain", ""));
    let mut metadata = json!({ "backchannel_logout_uri": uri, "post_logout_redirect_uris": [BYE] });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    site.client_with(metadata).await
}

/// The logout tokens that came to a path.
fn told(remote: &Remote, path: &str) -> Vec<String> {
    let asked = remote.requests().into_iter().filter(|asked| asked.path() == path);
    asked.map(|asked| asked.body.strip_prefix("logout_token=").unwrap().to_owned()).collect()
}

/// Whether somebody is still signed in.
async fn signed_in(browser: &Browser<'_>) -> bool {
    browser.open("/account").await.status == 200
}

/// A browser of somebody's, signed in.
async fn browser<'s>(site: &'s TestSite, user: &User) -> Browser<'s> {
    let browser = site.browser();
    browser.sign_in(user).await;
    browser
}

fn logout(pairs: &[(&str, &str)]) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/oauth2/logout?{query}")
}

#[tokio::test]
async fn s47_each_session_has_a_name_of_its_own_that_leads_nobody_to_it() {
    let site = TestSite::start().await;
    let (user, one, other) = (site.register("sakura").await, site.client().await, site.client().await);
    let (first, second) = (browser(&site, &user).await, browser(&site, &user).await);
    let sid = async |browser: &Browser<'_>, client| {
        let tokens = browser.authorize_and_redeem(client, "openid offline_access").await;
        let refreshed = tests::Tokens::read(&site.refresh(client, &tokens.refresh_token).await);
        assert_eq!(claims(&refreshed.id_token)["sid"], claims(&tokens.id_token)["sid"]);
        claims(&tokens.id_token)["sid"].as_str().unwrap().to_owned()
    };
    let sids = [sid(&first, &one).await, sid(&first, &other).await, sid(&second, &one).await];
    assert!(sids[0] == sids[1] && sids[0] != sids[2], "{sids:?}");
    let sessions = site.send(first.http.get(site.url("/account/sessions")), None).await.body;
    assert!(!sessions.contains(&sids[0]), "the name is not the session's id");
}
