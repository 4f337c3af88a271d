//! Accounts: registered and changed.

use std::cell::RefCell;

use shared::account::User;
use shared::id::Attempt;

use super::people::{Newcomer, elsewhere, newcomer};
use super::sign_in::sign_in;
use super::{Ended, fresh, withstands};
use tests::{Browser, PASSWORD, Reply, TestSite, json};

/// Whether anybody has the name.
pub(super) async fn exists(site: &TestSite, username: &str) -> bool {
    site.get(&format!("/users/{username}/collections?status=wish"), None).await.status == 200
}

#[tokio::test]
async fn e61_a_registration_is_written_whole_or_not_at_all() {
    let site = TestSite::start().await;
    let prepare = async || fresh("sakura");
    let run = async |name: &String| {
        let body = json!({ "username": name, "email": format!("{name}@moe.example"), "password": PASSWORD });
        site.post("/register", None, body).await
    };
    let after = async |name: &String, ended: Ended| {
        let case = &ended.case;
        let again = run(name).await;
        if ended.well() || ended.unsaid {
            assert_eq!(again.status, 409, "{case}");
            assert_eq!(again.wrong_fields(), ["username", "email"], "{case}");
        } else {
            assert_eq!(again.status, 201, "{case}: {}", again.body);
        }
        let email = format!("{name}@moe.example");
        assert_eq!(sign_in(&site, &email, PASSWORD).await.status, 200, "{case}");
    };
    withstands(&site, "POST /register", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_registration_on_the_page_can_be_sent_again_as_it_is() {
    let site = TestSite::start().await;
    let prepare = async || {
        let browser = site.browser();
        let csrf = browser.open("/register").await.input("csrf");
        (browser, csrf, fresh("tomoyo"))
    };
    let run = async |(browser, csrf, name): &(Browser<'_>, String, String)| {
        browser.submit("/register", &[("csrf", csrf), ("username", name), ("password", PASSWORD)]).await
    };
    let after = async |state: &(Browser<'_>, String, String), ended: Ended| {
        let (browser, _, name) = state;
        let again = run(state).await.status;
        assert_eq!(again, if ended.well() || ended.unsaid { 409 } else { 303 }, "{}", ended.case);
        if !ended.unsaid {
            // The session began in the same transaction.
            assert_eq!(browser.open("/account").await.status, 200, "{}", ended.case);
        }
        assert!(exists(&site, name).await, "{}", ended.case);
    };
    withstands(&site, "POST /register", prepare, run, after).await;
}

/// Sends a change of the profile, as JSON or as the page's form does.
async fn change(site: &TestSite, them: &Newcomer<'_>, fields: &[(&str, &str)], by_form: bool) -> Reply {
    if by_form {
        let pairs = [&[("csrf", them.csrf.as_str())], fields].concat();
        return them.browser.submit("/account", &pairs).await;
    }
    let body: serde_json::Map<_, _> = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    site.send(them.browser.http.patch(site.url("/account")).json(&body), None).await
}

#[tokio::test]
async fn e61_a_new_name_is_taken_and_the_old_one_given_up_both_or_neither() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    let name = RefCell::new(them.user.username.clone());
    for (route, by_form) in [("PATCH /account", false), ("POST /account", true)] {
        let prepare = async || (name.borrow().clone(), fresh("renamed"));
        let run = async |(_, new): &(String, String)| {
            change(&site, &them, &[("username", new), ("nickname", new)], by_form).await
        };
        let after = async |names: &(String, String), ended: Ended| {
            let (old, new) = names;
            let case = ended.case.clone();
            let changed = ended.well() || ended.unsaid;
            assert_eq!((exists(&site, old).await, exists(&site, new).await), (!changed, changed), "{case}");
            assert_eq!(ended.or_else(run(names)).await.status / 100, if by_form { 3 } else { 2 }, "{case}");
            let account = site.send(them.browser.http.get(site.url("/account")), None).await.json();
            assert_eq!((&account["username"], &account["nickname"]), (&json!(new), &json!(new)), "{case}");
            name.replace(new.clone());
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_a_profile_that_met_a_failing_table_can_be_changed_again() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    for (route, by_form) in [("PATCH /account", false), ("POST /account", true)] {
        let prepare = async || fresh("nickname");
        let run = async |name: &String| change(&site, &them, &[("nickname", name)], by_form).await;
        let after = async |name: &String, ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(ended.or_else(run(name)).await.status / 100, if by_form { 3 } else { 2 }, "{case}");
            let account = site.send(them.browser.http.get(site.url("/account")), None).await.json();
            assert_eq!(account["nickname"], name.as_str(), "{case}");
        };
        withstands(&site, route, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_a_change_beside_another_tabs_keeps_both_or_only_the_other() {
    let site = TestSite::start().await;
    let (them, table) = (newcomer(&site, &fresh("sakura")).await, elsewhere(&site).await);
    let (id, entropy) = (them.user.user_id.parse().unwrap(), site.site.app().entropy.clone());
    let prepare = async || (fresh("ours"), fresh("theirs"));
    let run = async |(ours, theirs): &(String, String)| {
        let (table, entropy, theirs) = (table.clone(), entropy.clone(), theirs.clone());
        site.proxy.meanwhile("PutItem USER/PROFILE", async move {
            let before = table.find_user(id).await.unwrap().unwrap();
            let after = User { intro: Some(theirs), ..before.clone() };
            table.update_user(&before, &after, Attempt::new(&entropy)).await.unwrap();
        });
        change(&site, &them, &[("nickname", ours)], false).await
    };
    let after = async |names: &(String, String), ended: Ended| {
        let ((ours, theirs), case) = (names, ended.case.clone());
        assert_eq!(ended.or_else(run(names)).await.status, 200, "{case}");
        let account = site.send(them.browser.http.get(site.url("/account")), None).await.json();
        assert_eq!((&account["nickname"], &account["intro"]), (&json!(ours), &json!(theirs)), "{case}");
    };
    withstands(&site, "PATCH /account", prepare, run, after).await;
}

#[tokio::test]
async fn e61_pages_of_who_is_signed_in_answer_503_while_the_table_fails_and_then_as_before() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    // The session's use is noted once an hour.
    let prepare = async || site.clock.advance(3600);
    for (route, words) in [
        ("GET /", them.user.username.as_str()),
        ("GET /account", them.user.username.as_str()),
        ("GET /oauth2/register", "name=\"redirect_uri\""),
    ] {
        let run = async |(): &()| them.browser.open(route.trim_start_matches("GET ")).await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            let page = ended.or_else(run(&())).await;
            assert_eq!(page.status, 200, "{case}: {}", page.body);
            assert!(page.body.contains(words), "{case}: {}", page.body);
        };
        withstands(&site, route, prepare, run, after).await;
    }
    let token = site.sign_in(&them.user).await;
    for by_token in [false, true] {
        let run = async |(): &()| {
            if by_token {
                return site.get("/account", Some(&token)).await;
            }
            site.send(them.browser.http.get(site.url("/account")), None).await
        };
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(ended.or_else(run(&())).await.json()["username"], them.user.username.as_str(), "{case}");
        };
        withstands(&site, "GET /account", async || (), run, after).await;
    }
}
