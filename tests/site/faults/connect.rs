//! Accounts elsewhere: on the way there and back.

use super::people::{Newcomer, newcomer};
use super::{Ended, fresh, withstands};
use tests::{Browser, Reply, TestSite, Value, json};

/// A provider that every function's own route is tried with.
const WAYS: [(&str, &str, &str); 2] = [
    ("weibo", "GET /connect/{provider}/callback", "POST /connect/{provider}/callback"),
    ("bangumi", "GET /connect/bangumi/callback", "POST /connect/bangumi/callback"),
];

/// Somebody who has signed in at a provider, and the address that they are sent back to.
async fn coming<'s>(site: &'s TestSite, provider: &str, name: &str) -> (Browser<'s>, String) {
    // They come from one network, and so many are let in at a time.
    site.clock.advance(10);
    let browser = site.browser();
    let there = browser.begin(provider).await;
    let back = browser.allow_there(&there, name).await;
    (browser, back)
}

/// What a front end posts of such an address.
fn posted(back: &str) -> Value {
    let back: url::Url = back.parse().unwrap();
    back.query_pairs().into_owned().map(|(name, value)| (name, json!(value))).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn e61_who_comes_from_a_provider_comes_in_when_the_table_is_well() {
    let site = TestSite::start().await;
    for (provider, by_page, by_json) in WAYS {
        site.browser().join_from(provider, "sakura", &fresh("sakura")).await;
        let prepare = async || coming(&site, provider, "sakura").await;
        let after = async |(browser, _): &(Browser<'_>, String), ended: Ended| {
            if !ended.well() {
                // The code may be spent. They begin anew.
                assert_eq!(browser.come_from(provider, "sakura").await.location(), "/", "{}", ended.case);
            }
            assert_eq!(browser.open("/account").await.status, 200, "{}", ended.case);
        };
        let run = async |(browser, back): &(Browser<'_>, String)| browser.open(back).await;
        withstands(&site, by_page, prepare, run, after).await;
        let run = async |(browser, back): &(Browser<'_>, String)| {
            browser.post(&format!("/connect/{provider}/callback"), &posted(back)).await
        };
        withstands(&site, by_json, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_who_is_new_is_pending_and_creates_one_account_however_often_the_table_fails() {
    let site = TestSite::start().await;
    let route = "GET /connect/{provider}/callback";
    let prepare = async || {
        let name = fresh("sakura");
        let (browser, back) = coming(&site, "weibo", &name).await;
        (browser, back, name)
    };
    let run = async |(browser, back, _): &(Browser<'_>, String, String)| browser.open(back).await;
    let after = async |(browser, _, name): &(Browser<'_>, String, String), ended: Ended| {
        if !ended.well() {
            let again = browser.come_from("weibo", name).await;
            assert_eq!(again.location(), "/connect/weibo/pending", "{}", ended.case);
        }
        assert_eq!(browser.open("/connect/weibo/pending").await.status, 200, "{}", ended.case);
    };
    withstands(&site, route, prepare, run, after).await;

    let prepare = async || {
        let name = fresh("sakura");
        let browser = site.browser();
        browser.come_from("weibo", &name).await;
        let csrf = browser.open("/login").await.input("csrf");
        (browser, csrf, name)
    };
    let run = async |(browser, ..): &(Browser<'_>, String, String)| browser.open("/connect/weibo/pending").await;
    let after = async |state: &(Browser<'_>, String, String), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(state)).await.status, 200, "{case}");
    };
    withstands(&site, "GET /connect/{provider}/pending", prepare, run, after).await;

    let run = async |(browser, csrf, name): &(Browser<'_>, String, String)| {
        let fields = [("csrf", csrf.as_str()), ("action", "create"), ("username", name)];
        browser.submit("/connect/weibo/pending", &fields).await
    };
    let after = async |state: &(Browser<'_>, String, String), ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let (browser, _, name) = state;
        let reply = ended.or_else(run(state)).await;
        if unsaid {
            // It was made, and nobody was told: whose it is comes in by it.
            assert!([303, 400].contains(&reply.status), "{case}: {}", reply.body);
            assert_eq!(browser.come_from("weibo", name).await.location(), "/", "{case}");
        } else {
            assert_eq!(reply.status, 303, "{case}: {}", reply.body);
        }
        assert_eq!(browser.me().await["username"], json!(name), "{case}");
    };
    withstands(&site, "POST /connect/{provider}/pending", prepare, run, after).await;

    let run = async |(browser, csrf, _): &(Browser<'_>, String, String)| {
        browser.submit("/connect/weibo/pending", &[("csrf", csrf), ("action", "cancel")]).await
    };
    let after = async |state: &(Browser<'_>, String, String), ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(run(state)).await;
        assert!(reply.status == 303 || (unsaid && reply.status == 400), "{case}: {}", reply.body);
        assert_eq!(state.0.open("/connect/weibo/pending").await.status, 400, "{case}");
    };
    withstands(&site, "POST /connect/{provider}/pending", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_binding_is_whole_or_not_there() {
    let site = TestSite::start().await;
    for (provider, by_page, _) in WAYS {
        let prepare = async || {
            let them = newcomer(&site, &fresh("sakura")).await;
            let there = them.browser.begin_to_bind(provider).await;
            let back = them.browser.allow_there(&there, &them.user.username).await;
            (them, back)
        };
        let run = async |(them, back): &(Newcomer<'_>, String)| them.browser.open(back).await;
        let after = async |(them, _): &(Newcomer<'_>, String), ended: Ended| {
            if !ended.well() {
                // Bound, or not: again is a success.
                let again = them.browser.bind(provider, &them.user.username).await;
                assert_eq!(again.location(), "/connections?done=bound", "{}", ended.case);
            }
            let another = site.browser();
            let came = another.come_from(provider, &them.user.username).await;
            assert_eq!(came.location(), "/", "{}", ended.case);
            assert_eq!(another.me().await["user_id"], json!(them.user.user_id), "{}", ended.case);
        };
        withstands(&site, by_page, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_the_way_to_a_binding_can_be_gone_again_and_so_can_the_last_step() {
    let site = TestSite::start().await;
    let prepare = async || newcomer(&site, &fresh("sakura")).await;
    let run = async |them: &Newcomer<'_>| them.browser.open("/connect/weibo?intent=bind").await;
    let after = async |them: &Newcomer<'_>, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(them)).await.status, 200, "{case}");
    };
    withstands(&site, "GET /connect/{provider}", prepare, run, after).await;

    let run = async |them: &Newcomer<'_>| {
        them.browser.submit("/connect/weibo", &[("csrf", &them.csrf), ("intent", "bind")]).await
    };
    let after = async |them: &Newcomer<'_>, ended: Ended| {
        let case = ended.case.clone();
        let reply: Reply = ended.or_else(run(them)).await;
        assert!(reply.location().contains("/weibo/"), "{case}");
    };
    withstands(&site, "POST /connect/{provider}", prepare, run, after).await;

    let prepare = async || {
        let them = newcomer(&site, &fresh("sakura")).await;
        them.browser.come_from("weibo", &them.user.username).await;
        them
    };
    let run = async |them: &Newcomer<'_>| {
        them.browser.submit("/connect/weibo/pending", &[("csrf", &them.csrf), ("action", "link")]).await
    };
    let after = async |them: &Newcomer<'_>, ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(run(them)).await;
        assert!(reply.status == 303 || (unsaid && reply.status == 400), "{case}: {}", reply.body);
        let another = site.browser();
        another.come_from("weibo", &them.user.username).await;
        assert_eq!(another.me().await["user_id"], json!(them.user.user_id), "{case}");
    };
    withstands(&site, "POST /connect/{provider}/pending", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_state_that_was_given_back_lets_somebody_in_or_they_begin_anew() {
    use local::fakes::{Endpoint, Fault};
    let site = TestSite::start().await;
    for (provider, by_page, _) in WAYS {
        site.browser().join_from(provider, "sakura", &fresh("sakura")).await;
        let prepare = async || {
            let (browser, back) = coming(&site, provider, "sakura").await;
            let control = site.site.fakes().unwrap().control();
            control.set(provider, Endpoint::Token, Fault::Status(500));
            assert_eq!(browser.open(&back).await.status, 503);
            control.heal();
            (browser, back)
        };
        let run = async |(browser, back): &(Browser<'_>, String)| browser.open(back).await;
        let after = async |(browser, _): &(Browser<'_>, String), ended: Ended| {
            if !ended.well() {
                assert_eq!(browser.come_from(provider, "sakura").await.location(), "/", "{}", ended.case);
            }
            assert_eq!(browser.open("/account").await.status, 200, "{}", ended.case);
        };
        withstands(&site, by_page, prepare, run, after).await;
    }
}
