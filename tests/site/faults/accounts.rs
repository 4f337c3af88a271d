//! Accounts: registered, signed in to, changed and deleted.

use std::cell::{Cell, RefCell};

use super::{Ended, every, fresh, sampled, withstands};
use tests::{Browser, Fault, PASSWORD, Reply, TestSite, User, json};

/// Longer than any counter of attempts counts: a 503 may have used one up.
const COUNTED: i64 = 900;

async fn sign_in(site: &TestSite, username: &str, password: &str) -> Reply {
    site.post("/login", None, json!({ "username": username, "password": password })).await
}

/// Whether anybody has the name.
async fn exists(site: &TestSite, username: &str) -> bool {
    site.get(&format!("/users/{username}/collections"), None).await.status == 200
}

#[tokio::test]
async fn e61_a_registration_is_written_whole_or_not_at_all() {
    let site = TestSite::start().await;
    let prepare = async || fresh("sakura");
    let run = async |name: &String| {
        let body = json!({ "username": name, "email": format!("{name}@moe.example"), "password": PASSWORD });
        site.post("/register", None, body).await
    };
    let after = async |name: &String, ended: &Ended| {
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
    withstands(&site, sampled, prepare, run, after).await;
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
    let after = async |state: &(Browser<'_>, String, String), ended: &Ended| {
        let (browser, _, name) = state;
        let again = run(state).await.status;
        assert_eq!(again, if ended.well() || ended.unsaid { 409 } else { 303 }, "{}", ended.case);
        if ended.well() {
            // The session began in the same transaction.
            assert_eq!(browser.open("/account").await.status, 200, "{}", ended.case);
        }
        assert!(exists(&site, name).await, "{}", ended.case);
    };
    withstands(&site, sampled, prepare, run, after).await;
}

#[tokio::test]
async fn e61_who_could_not_sign_in_for_a_failing_table_signs_in_when_it_is_well() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let prepare = async || site.clock.advance(COUNTED);
    let run = async |(): &()| sign_in(&site, &user.username, &user.password).await;
    let after = async |(): &(), ended: &Ended| {
        let again;
        let reply = if ended.well() {
            &ended.reply
        } else {
            again = run(&()).await;
            &again
        };
        let token = reply.json()["access_token"].as_str().expect(&ended.case).to_owned();
        assert_eq!(site.get("/account", Some(&token)).await.status, 200, "{}", ended.case);
    };
    withstands(&site, sampled, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_lost_answer_neither_uses_up_a_guess_nor_gives_one_away() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    site.proxy.forget();
    site.sign_in(&user).await;
    for call in 0..site.proxy.calls().len() {
        site.proxy.fail_once(call, Fault::CutAfter);
        site.sign_in(&user).await;
    }
    site.proxy.heal();
    for guess in 1..=10 {
        assert_eq!(sign_in(&site, &user.username, "wrong guess").await.status, 401, "guess {guess}");
    }
    assert_eq!(sign_in(&site, &user.username, &user.password).await.status, 429);
}

#[tokio::test]
async fn e61_a_guess_that_the_table_did_not_let_be_tried_is_not_counted() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    site.proxy.fail_from(0, Fault::Unprocessed);
    for _ in 0..11 {
        assert_eq!(sign_in(&site, &user.username, &user.password).await.status, 503);
    }
    site.proxy.heal();
    site.sign_in(&user).await;
    // The same where somebody who is signed in gives their password.
    let body = || json!({ "password": PASSWORD });
    for _ in 0..11 {
        // Who it is can be read, the password can't.
        site.proxy.fail_from(1, Fault::Unprocessed);
        assert_eq!(site.delete("/account", Some(&token), body()).await.status, 503);
    }
    site.proxy.heal();
    assert_eq!(site.delete("/account", Some(&token), body()).await.status, 204);
}

#[tokio::test]
async fn e61_signing_out_can_be_said_again() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let prepare = async || {
        site.clock.advance(COUNTED);
        let browser = site.browser();
        browser.sign_in(&user).await;
        let csrf = browser.open("/account").await.input("csrf");
        (browser, csrf)
    };
    let run = async |(browser, csrf): &(Browser<'_>, String)| browser.submit("/logout", &[("csrf", csrf)]).await;
    let after = async |state: &(Browser<'_>, String), ended: &Ended| {
        if !ended.well() {
            assert_eq!(state.0.open("/account").await.status, if ended.unsaid { 303 } else { 200 }, "{}", ended.case);
            assert_eq!(run(state).await.status, 303, "{}", ended.case);
        }
        assert_eq!(state.0.open("/account").await.status, 303, "{}: to sign in", ended.case);
    };
    withstands(&site, sampled, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_new_name_is_taken_and_the_old_one_given_up_both_or_neither() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let name = RefCell::new(user.username);
    let prepare = async || (name.borrow().clone(), fresh("renamed"));
    let run = async |(_, new): &(String, String)| {
        site.patch("/account", Some(&token), json!({ "username": new, "nickname": new })).await
    };
    let after = async |names: &(String, String), ended: &Ended| {
        let (old, new) = names;
        let changed = ended.well() || ended.unsaid;
        assert_eq!((exists(&site, old).await, exists(&site, new).await), (!changed, changed), "{}", ended.case);
        if !ended.well() {
            assert_eq!(run(names).await.status, 200, "{}", ended.case);
        }
        let account = site.get("/account", Some(&token)).await.json();
        assert_eq!((&account["username"], &account["nickname"]), (&json!(new), &json!(new)), "{}", ended.case);
        name.replace(new.clone());
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_profile_that_met_a_failing_table_can_be_changed_again() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let prepare = async || fresh("nickname");
    let run = async |name: &String| site.patch("/account", Some(&token), json!({ "nickname": name })).await;
    let after = async |name: &String, ended: &Ended| {
        if !ended.well() {
            assert_eq!(run(name).await.status, 200, "{}", ended.case);
        }
        assert_eq!(site.get("/account", Some(&token)).await.json()["nickname"], name.as_str(), "{}", ended.case);
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_password_is_changed_and_other_sessions_are_ended_both_or_neither() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let flipped = Cell::new(false);
    let passwords = || if flipped.get() { ["another password", PASSWORD] } else { [PASSWORD, "another password"] };
    // The session in which the password is changed lasts; the other is a new one each time.
    let browser = site.browser();
    browser.sign_in(&user).await;
    let prepare = async || {
        site.clock.advance(COUNTED);
        // Its use is noted once an hour: here, not in the flow.
        browser.open("/account").await;
        let [password, _] = passwords();
        site.sign_in(&User { password: password.to_owned(), ..user.clone() }).await
    };
    let run = async |_: &String| {
        let [old, new] = passwords();
        let request = browser.http.post(site.url("/account/password"));
        let body = json!({ "old_password": old, "new_password": new });
        Reply::read(request.json(&body).send().await.unwrap()).await
    };
    let after = async |other: &String, ended: &Ended| {
        let changed = ended.well() || ended.unsaid;
        assert_eq!(browser.open("/account").await.status, 200, "{}", ended.case);
        let dead = site.get("/account", Some(other)).await.status == 401;
        assert_eq!(dead, changed, "{}", ended.case);
        if !changed {
            assert_eq!(run(other).await.status, 204, "{}", ended.case);
        }
        // That the new one works is seen at the next sign-in.
        flipped.set(!flipped.get());
    };
    withstands(&site, sampled, prepare, run, after).await;
}

#[tokio::test]
async fn e61_an_account_is_deleted_whole_or_not_at_all() {
    let site = TestSite::start().await;
    let prepare = async || {
        site.clock.advance(COUNTED);
        let (browser, name) = (site.browser(), fresh("sakura"));
        let csrf = browser.open("/register").await.input("csrf");
        let pairs = [("csrf", csrf.as_str()), ("username", name.as_str()), ("password", PASSWORD)];
        assert_eq!(browser.submit("/register", &pairs).await.status, 303);
        (browser, name)
    };
    let run = async |(browser, _): &(Browser<'_>, String)| {
        let body = json!({ "password": PASSWORD });
        Reply::read(browser.http.delete(site.url("/account")).json(&body).send().await.unwrap()).await
    };
    let after = async |state: &(Browser<'_>, String), ended: &Ended| {
        let (browser, name) = state;
        let gone = ended.well() || ended.unsaid;
        assert_eq!(exists(&site, name).await, !gone, "{}", ended.case);
        assert_eq!(browser.open("/account").await.status, if gone { 303 } else { 200 }, "{}", ended.case);
        if !gone {
            assert_eq!(run(state).await.status, 204, "{}", ended.case);
        }
        assert!(!exists(&site, name).await, "{}", ended.case);
    };
    withstands(&site, sampled, prepare, run, after).await;
}
