//! What asks for the password again: changing it, and deleting the account.

use std::cell::RefCell;

use super::accounts::exists;
use super::people::{Newcomer, WEAK, browser_of, hash, newcomer};
use super::sign_in::sign_in;
use super::{Ended, fresh, withstands};
use tests::{Browser, Fault, PASSWORD, Reply, TestSite, json};

const ANOTHER: &str = "another password";

async fn change_password(site: &TestSite, them: &Newcomer<'_>, by_form: bool) -> Reply {
    if by_form {
        let pairs = [("csrf", them.csrf.as_str()), ("old_password", PASSWORD), ("new_password", ANOTHER)];
        return them.browser.submit("/account/password", &pairs).await;
    }
    let body = json!({ "old_password": PASSWORD, "new_password": ANOTHER });
    site.send(them.browser.http.post(site.url("/account/password")).json(&body), None).await
}

#[tokio::test]
async fn e61_a_password_is_changed_and_other_sessions_are_ended_both_or_neither() {
    let site = TestSite::start().await;
    for by_form in [false, true] {
        let last = RefCell::new(String::new());
        let prepare = async || {
            let them = newcomer(&site, &fresh("sakura")).await;
            let other = browser_of(&site, &them.user).await;
            (them, other)
        };
        let run = async |(them, _): &(Newcomer<'_>, Browser<'_>)| change_password(&site, them, by_form).await;
        let after = async |state: &(Newcomer<'_>, Browser<'_>), ended: Ended| {
            let (them, other) = state;
            let case = ended.case.clone();
            let changed = ended.well() || ended.unsaid;
            assert_eq!(them.browser.open("/account").await.status, 200, "{case}: the session in which it was changed");
            assert_eq!(other.open("/account").await.status, if changed { 303 } else { 200 }, "{case}");
            assert_eq!(hash(&site, &them.user).await != *WEAK, changed, "{case}");
            if !changed {
                assert_eq!(run(state).await.status, if by_form { 303 } else { 204 }, "{case}");
                assert_eq!(other.open("/account").await.status, 303, "{case}");
            }
            last.replace(them.user.username.clone());
        };
        withstands(&site, "POST /account/password", prepare, run, after).await;
        let name = last.borrow().clone();
        assert_eq!(sign_in(&site, &name, ANOTHER).await.status, 200);
        assert_eq!(sign_in(&site, &name, PASSWORD).await.status, 401);
    }
}

#[tokio::test]
async fn e61_an_account_is_deleted_whole_or_not_at_all() {
    let site = TestSite::start().await;
    for (route, by_form) in [("DELETE /account", false), ("POST /account/delete", true)] {
        let prepare = async || newcomer(&site, &fresh("sakura")).await;
        let run = async |them: &Newcomer<'_>| {
            if by_form {
                let pairs = [("csrf", them.csrf.as_str()), ("password", PASSWORD)];
                return them.browser.submit("/account/delete", &pairs).await;
            }
            let request = them.browser.http.delete(site.url("/account"));
            site.send(request.json(&json!({ "password": PASSWORD })), None).await
        };
        let after = async |them: &Newcomer<'_>, ended: Ended| {
            let case = ended.case.clone();
            let gone = ended.well() || ended.unsaid;
            assert_eq!(exists(&site, &them.user.username).await, !gone, "{case}");
            assert_eq!(them.browser.open("/account").await.status, if gone { 303 } else { 200 }, "{case}");
            if !gone {
                assert_eq!(run(them).await.status, if by_form { 303 } else { 204 }, "{case}");
                assert!(!exists(&site, &them.user.username).await, "{case}");
            }
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_a_password_that_the_table_did_not_let_be_tried_is_not_counted() {
    let site = TestSite::start().await;
    let them = newcomer(&site, "sakura").await;
    let delete = async || {
        let request = them.browser.http.delete(site.url("/account"));
        site.send(request.json(&json!({ "password": PASSWORD })), None).await.status
    };
    for _ in 0..11 {
        // Who it is can be read, the password can't.
        site.proxy.fail_from(1, Fault::Unprocessed);
        assert_eq!(delete().await, 503);
    }
    site.proxy.heal();
    assert_eq!(delete().await, 204);
}
