//! Accounts elsewhere are come from and bound.

use local::fakes::{Endpoint, Fault};
use tests::{Reply, TestSite, json};

/// A provider for each of the two functions.
const PROVIDERS: [&str; 2] = ["weibo", "bangumi"];

/// People come from providers as all that they can be.
pub(super) async fn tour(site: &TestSite) {
    for provider in PROVIDERS {
        people(site, provider).await;
        outage(site, provider).await;
        programs(site, provider).await;
    }
    // A provider does not want to know of its tokens any more, which the sweep hears when it renews them.
    if let Some(fakes) = site.site.fakes() {
        fakes.control().revoke_refresh_tokens("bangumi");
    }
    site.clock.advance(6 * 86_400);
    assert!(site.site.run_scheduled("sweep").await.is_ok());
}

async fn people(site: &TestSite, provider: &str) {
    // New, and known.
    let new = site.browser();
    assert_eq!(new.come_from(provider, "sakura").await.status, 303);
    assert_eq!(new.open(&format!("/connect/{provider}/pending")).await.status, 200);
    let email = format!("{provider}@elsewhere.example");
    assert_eq!(new.choose(provider, "create", &[("email", &email)]).await.status, 303);
    assert_eq!(new.come_from(provider, "sakura").await.location(), "/");
    // The keys are read again, and the session's use is noted.
    site.clock.advance(3700);
    assert_eq!(new.open(&format!("/connect/{provider}?intent=bind")).await.status, 303);
    // Bound, and bound again.
    let member = site.member(&format!("member-{provider}")).await;
    for _ in 0..2 {
        assert_eq!(member.bind(provider, "tomoyo").await.status, 303);
    }
    // What is pending is cancelled, or bound.
    let other = site.member(&format!("another-{provider}")).await;
    for action in ["cancel", "link"] {
        other.come_from(provider, "chiharu").await;
        assert_eq!(other.choose(provider, action, &[]).await.status, 303, "{provider} {action}");
    }
}

async fn outage(site: &TestSite, provider: &str) {
    let Some(fakes) = site.site.fakes() else { unreachable!("they are there unless left out") };
    let browser = site.browser();
    let there = browser.begin(provider).await;
    let back = browser.allow_there(&there, "rika").await;
    fakes.control().set(provider, Endpoint::Token, Fault::Cut);
    assert_eq!(browser.open(&back).await.status, 503);
    fakes.control().heal();
    // By now the callback's function has to read the keys again.
    site.clock.advance(400);
    browser.open(&back).await;
}

/// By tokens of every kind.
async fn programs(site: &TestSite, provider: &str) {
    let user = site.register(&format!("program-{provider}")).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let client = site.client().await;
    let own = site.sign_in(&user).await;
    let theirs = browser.authorize_and_redeem(&client, "openid profile").await.access_token;
    let machine = site.token(&client, &[("grant_type", "client_credentials")]).await.json();
    let machine = machine["access_token"].as_str().unwrap_or_default().to_owned();
    let path = format!("/connect/{provider}?intent=bind");
    for token in [&theirs, &machine] {
        assert_eq!(site.get(&path, Some(token)).await.status, 403);
    }
    let begun = Reply::to(browser.http.get(site.url(&path)).bearer_auth(&own)).await.json();
    let there = begun["url"].as_str().unwrap_or_default().to_owned();
    let back = browser.allow_there(&there, "naoko").await;
    for (token, status) in [(&theirs, 403), (&machine, 403), (&own, 200)] {
        assert_eq!(Reply::to(browser.http.get(&back).bearer_auth(token)).await.status, status, "{provider}");
    }
    let pending = format!("/connect/{provider}/pending");
    site.post(&pending, Some(&theirs), json!({ "action": "cancel" })).await;
}
