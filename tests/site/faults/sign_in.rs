//! Signed in and out, by page, by JSON, and by an application that sends the password.

use local::cli::{ClientCommand, Command, Grant};
use shared::store::keys;

use super::people::{Newcomer, browser_of, newcomer, weaken};
use super::{Ended, fresh, withstands};
use tests::flow::REDIRECT;
use tests::{Browser, Fault, PASSWORD, Reply, TestSite, json};

/// Longer than any counter of attempts counts: a 503 may have used one up.
pub(super) const COUNTED: i64 = 900;

pub(super) async fn sign_in(site: &TestSite, username: &str, password: &str) -> Reply {
    site.post("/login", None, json!({ "username": username, "password": password })).await
}

#[tokio::test]
async fn e61_who_could_not_sign_in_for_a_failing_table_signs_in_when_it_is_well() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let prepare = async || site.clock.advance(COUNTED);
    let run = async |(): &()| sign_in(&site, &user.username, &user.password).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(&())).await;
        let token = reply.json()["access_token"].as_str().expect(&case).to_owned();
        assert_eq!(site.get("/account", Some(&token)).await.status, 200, "{case}");
    };
    withstands(&site, "POST /login", prepare, run, after).await;
}

#[tokio::test]
async fn e61_nor_is_anybody_kept_out_who_signs_in_on_the_page_and_whose_hash_is_made_anew() {
    let site = TestSite::start().await;
    let Newcomer { user, browser, csrf: _ } = newcomer(&site, "sakura").await;
    // The browser is known from here on, so that it counts on its own.
    browser.sign_in(&user).await;
    let prepare = async || {
        site.clock.advance(COUNTED);
        weaken(&site, &user).await;
        browser.open("/login").await
    };
    let run = async |page: &Reply| browser.fill_login(page, &user).await;
    let after = async |page: &Reply, ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(page)).await;
        assert!(reply.set_cookie("session").is_some(), "{case}: {}", reply.status);
        assert_eq!(browser.open("/account").await.status, 200, "{case}");
    };
    withstands(&site, "POST /login", prepare, run, after).await;
}

#[tokio::test]
async fn e61_who_is_shut_out_stays_so_whatever_the_table_does() {
    let site = TestSite::start().await;
    for _ in 0..10 {
        assert_eq!(sign_in(&site, "nobody", "wrong guess").await.status, 401);
    }
    let run = async |(): &()| sign_in(&site, "nobody", "wrong guess").await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.status, 429, "{case}");
    };
    withstands(&site, "POST /login", async || (), run, after).await;
}

#[tokio::test]
async fn e61_an_application_that_sends_the_password_gets_a_code_that_works() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    site.operate(Command::Client(ClientCommand::Allow { id: client.id.clone(), grant: Grant::Password })).await;
    let grant = keys::grant(user.user_id.parse().unwrap(), &client.id);
    let prepare = async || {
        site.clock.advance(COUNTED);
        // As at the first time: then the consent is written, too.
        site.site.app().store.delete(&grant, None).await.unwrap();
    };
    let run = async |(): &()| {
        let body = json!({
            "client_id": client.id, "redirect_url": REDIRECT, "email": "sakura@moe.example", "password": PASSWORD,
        });
        site.post("/oauth2.0/show", None, body).await
    };
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        let code = ended.or_else(run(&())).await.json()["code"].as_str().expect(&case).to_owned();
        let body = json!({ "client_id": client.id, "client_secrets": client.secret, "code": code });
        let granted = site.post("/oauth2.0/granttoken", None, body).await;
        assert_eq!(granted.status, 200, "{case}: {}", granted.body);
    };
    withstands(&site, "POST /oauth2.0/show", prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_lost_answer_neither_uses_up_a_guess_nor_gives_one_away() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    site.proxy.forget();
    site.sign_in(&user).await;
    for call in &site.proxy.call_sites() {
        for fault in [Fault::CutAfter, Fault::Silence] {
            site.proxy.fail_once(call, fault);
            site.sign_in(&user).await;
        }
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
    site.proxy.fail_from(0, Fault::Unprocessed);
    for _ in 0..11 {
        assert_eq!(sign_in(&site, &user.username, &user.password).await.status, 503);
    }
    site.proxy.heal();
    site.sign_in(&user).await;
}

#[tokio::test]
async fn e61_signing_out_can_be_said_again() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    for by_form in [false, true] {
        let prepare = async || {
            let browser = browser_of(&site, &them.user).await;
            let csrf = browser.open("/register").await.input("csrf");
            (browser, csrf)
        };
        let run = async |(browser, csrf): &(Browser<'_>, String)| {
            if by_form {
                return browser.submit("/logout", &[("csrf", csrf)]).await;
            }
            site.send(browser.http.post(site.url("/logout")).json(&json!({})), None).await
        };
        let after = async |state: &(Browser<'_>, String), ended: Ended| {
            let (browser, _) = state;
            if !ended.well() {
                let (page, case) = (browser.open("/account").await, &ended.case);
                assert_eq!(page.status, if ended.unsaid { 303 } else { 200 }, "{case}");
                assert_eq!(run(state).await.status, if by_form { 303 } else { 204 }, "{case}");
            }
            assert_eq!(browser.open("/account").await.status, 303, "{}: to sign in", ended.case);
        };
        withstands(&site, "POST /logout", prepare, run, after).await;
    }
}
