//! Accounts elsewhere, while the table fails: shown, unbound, deleted with the account, and their tokens renewed.

use tests::{Browser, Remote, Reply, TestSite, User, Value, json};

use super::{Ended, fresh, told, withstands};
use crate::links::{bind, connections, newcomer, owner, renews, start, tokens};

/// Somebody without a password, and with accounts at two providers.
async fn somebody(site: &TestSite) -> (User, Browser<'_>) {
    let name = fresh("sakura");
    let (user, browser) = newcomer(site, &name, "weibo", &name).await;
    bind(site, &user, "bangumi", &name, None).await;
    (user, browser)
}

#[tokio::test]
async fn e61_bound_accounts_are_shown_or_503() {
    let site = start(&Remote::start().await).await;
    // The session's use is noted once an hour.
    let prepare = async || {
        let them = somebody(&site).await;
        site.clock.advance(3600);
        them
    };
    for html in [false, true] {
        let run = async |(_, browser): &(User, Browser<'_>)| {
            if html {
                return browser.open("/connections").await;
            }
            site.send(browser.http.get(site.url("/connections")), None).await
        };
        let after = async |them: &(User, Browser<'_>), ended: Ended| {
            let case = ended.case.clone();
            let shown = ended.or_else(run(them)).await;
            assert!(shown.status == 200 && shown.body.contains("Bangumi"), "{case}: {}", shown.body);
        };
        withstands(&site, "GET /connections", prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_an_account_elsewhere_is_unbound_with_its_identity_or_not_at_all() {
    let site = start(&Remote::start().await).await;
    let prepare = async || {
        let (user, browser) = somebody(&site).await;
        let csrf = browser.open("/connections").await.input("csrf");
        (user, browser, csrf)
    };
    for (route, by_form) in [("DELETE /connections/{provider}", false), ("POST /connections", true)] {
        let run = async |(_, browser, csrf): &(User, Browser<'_>, String)| {
            if by_form {
                return browser.submit("/connections", &[("csrf", csrf), ("provider", "bangumi")]).await;
            }
            site.send(browser.http.delete(site.url("/connections/bangumi")), None).await
        };
        let after = async |them: &(User, Browser<'_>, String), ended: Ended| {
            let ((user, browser, _), case) = (them, ended.case.clone());
            let bound = async || {
                let items = connections(&site, browser).await["items"].as_array().map_or(0, Vec::len) == 2;
                assert_eq!(items, owner(&site, "bangumi", &user.username).await.is_some(), "{case}");
                items
            };
            assert_eq!(bound().await, !(ended.well() || ended.unsaid), "{case}");
            assert_eq!(ended.or_else(run(them)).await.status / 100, if by_form { 3 } else { 2 }, "{case}");
            assert!(!bound().await, "{case}");
            assert!(owner(&site, "weibo", &user.username).await.is_some(), "{case}");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_an_account_without_a_password_gets_one_or_goes_whole_or_not_at_all() {
    let site = start(&Remote::start().await).await;
    let prepare = async || somebody(&site).await;
    let run = async |(_, browser): &(User, Browser<'_>)| {
        site.send(browser.http.delete(site.url("/account")).json(&json!({})), None).await
    };
    let after = async |them: &(User, Browser<'_>), ended: Ended| {
        let ((user, browser), case) = (them, ended.case.clone());
        let gone = ended.well() || ended.unsaid;
        for at in ["bangumi", "weibo"] {
            assert_eq!(owner(&site, at, &user.username).await.is_none(), gone, "{case}: {at}");
        }
        if !gone {
            assert_eq!(run(them).await.status, 204, "{case}");
        }
        assert_eq!(browser.open("/account").await.status, 303, "{case}");
    };
    withstands(&site, "DELETE /account", prepare, run, after).await;

    let password = "correct horse battery";
    let run = async |(_, browser): &(User, Browser<'_>)| {
        let body = json!({ "new_password": password });
        site.send(browser.http.post(site.url("/account/password")).json(&body), None).await
    };
    let after = async |them: &(User, Browser<'_>), ended: Ended| {
        let case = ended.case.clone();
        if !ended.unsaid {
            assert_eq!(ended.or_else(run(them)).await.status, 204, "{case}");
        }
        let body = json!({ "username": them.0.username, "password": password });
        assert_eq!(site.post("/login", None, body).await.status, 200, "{case}");
    };
    withstands(&site, "POST /account/password", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_sweep_that_met_a_failing_table_renews_tokens_the_next_time() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let sweep = async || -> Reply { told(site.site.run_scheduled("sweep").await.map(|()| Value::Null)) };
    let prepare = async || {
        let name = fresh("sakura");
        let (user, _) = newcomer(&site, &name, "weibo", &name).await;
        bind(&site, &user, "bangumi", &name, Some(&tokens(app, "first", 600))).await;
        renews(&remote, "second");
        user
    };
    let run = async |_: &User| sweep().await;
    let after = async |user: &User, ended: Ended| {
        let case = ended.case.clone();
        // Somebody else's lease, or one's own whose end nobody heard of.
        site.clock.advance(60);
        assert_eq!(ended.or_else(sweep()).await.status, 200, "{case}");
        let provider = crate::links::provider("bangumi");
        let link = app.store.find_link(user.user_id.parse().unwrap(), &provider).await.unwrap().unwrap();
        let tokens = link.open_tokens(&shared::http::links::at_rest(app)).unwrap().unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&tokens.access_token), "access-second", "{case}");
        assert!(link.broken_since.is_none(), "{case}");
    };
    withstands(&site, "sweep", prepare, run, after).await;
}
