//! The browsers in which the account is signed in.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use tests::{Browser, Reply, TestSite, User, Value, json};

const PATH: &str = "/account/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";

/// Signs in by JSON from a browser of that name: the token, and the session's cookie.
async fn sign_in_as(site: &TestSite, user: &User, agent: &str) -> (String, String) {
    let body = json!({ "username": user.username, "password": user.password });
    let reply = site.send(site.http.post(site.url("/login")).header("user-agent", agent).json(&body), None).await;
    let cookie = reply.set_cookie("session").unwrap();
    (reply.json()["access_token"].as_str().unwrap().to_owned(), cookie.split(';').next().unwrap().to_owned())
}

async fn listed(site: &TestSite, own: &str) -> Vec<Value> {
    let reply = site.get(PATH, Some(own)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["items"].as_array().unwrap().clone()
}

async fn end(site: &TestSite, own: &str, session: &Value) -> Reply {
    let path = format!("{PATH}/{}", session["session_id"].as_str().unwrap());
    site.send(site.http.delete(site.url(&path)), Some(own)).await
}

async fn alive(site: &TestSite, token: &str, cookie: &str) -> (bool, bool) {
    let by_cookie = site.http.get(site.url("/account")).header("cookie", cookie);
    (site.get("/account", Some(token)).await.status == 200, site.send(by_cookie, None).await.status == 200)
}

#[tokio::test]
async fn s49_the_account_lists_its_live_sessions_and_which_is_this_one() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    sign_in_as(&site, &user, "too old").await;
    site.clock.advance(14 * 86_400);
    sign_in_as(&site, &user, FIREFOX).await;
    site.clock.advance(3600);
    let (own, cookie) = sign_in_as(&site, &user, "").await;
    let sessions = listed(&site, &own).await;
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert_eq!((&sessions[0]["current"], &sessions[0]["browser"]), (&json!(true), &Value::Null));
    assert_eq!((&sessions[1]["current"], &sessions[1]["browser"]), (&json!(false), &json!("Firefox, Linux")));
    assert_eq!(sessions[1]["user_agent"], FIREFOX);
    for name in ["signed_in_at", "last_seen_at"] {
        assert_eq!(sessions[1][name], "2026-01-15T00:00:00Z", "{name}");
    }
    // Who knows a session's name is not signed in by it.
    let text = json!(sessions).to_string();
    assert!(!text.contains("secret") && !text.contains(cookie.rsplit_once('.').unwrap().1), "{text}");
    assert!(listed(&site, &site.sign_in(&site.register("tomoyo").await).await).await.len() == 1);
}

#[tokio::test]
async fn s49_a_session_that_is_ended_is_dead_at_once_with_what_hangs_on_it() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (lost, lost_cookie) = sign_in_as(&site, &user, FIREFOX).await;
    let (own, cookie) = sign_in_as(&site, &user, "").await;
    let sessions = listed(&site, &own).await;
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    assert_eq!(alive(&site, &lost, &lost_cookie).await, (true, true));
    let stranger = site.sign_in(&site.register("tomoyo").await).await;
    assert_eq!(end(&site, &stranger, other).await.status, 204, "of their own, of which none has this name");
    assert_eq!(alive(&site, &lost, &lost_cookie).await, (true, true));
    assert_eq!(end(&site, &own, other).await.status, 204);
    assert_eq!(alive(&site, &lost, &lost_cookie).await, (false, false));
    assert_eq!(alive(&site, &own, &cookie).await, (true, true));
    assert_eq!(end(&site, &own, other).await.status, 204, "twice is no error");
    // One's own as well.
    let reply = end(&site, &own, &listed(&site, &own).await[0]).await;
    assert!(reply.set_cookie("session").unwrap().contains("Max-Age=0"));
    assert_eq!(alive(&site, &own, &cookie).await, (false, false));
}

#[tokio::test]
async fn s49_all_others_end_at_once_however_many() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let app = site.site.app();
    let account = app.store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap();
    for _ in 0..230 {
        let (session, _) = shared::account::Session::start(&account, "", &app.entropy, app.clock.now());
        app.store.create_session(&session, shared::id::Attempt::new(&app.entropy)).await.unwrap();
    }
    let (lost, lost_cookie) = sign_in_as(&site, &user, FIREFOX).await;
    let (own, cookie) = sign_in_as(&site, &user, "").await;
    let first = site.get(PATH, Some(&own)).await.json();
    assert!(first["items"].as_array().unwrap().len() == 100 && first["next"].is_string());
    let more = site.get(&format!("{PATH}?after={}", first["next"].as_str().unwrap()), Some(&own)).await.json();
    assert_eq!(more["items"].as_array().unwrap().len(), 100);
    let reply = site.send(site.http.delete(site.url(PATH)), Some(&own)).await;
    assert_eq!(reply.status, 204, "{}", reply.body);
    assert_eq!(listed(&site, &own).await.len(), 1);
    assert_eq!(alive(&site, &lost, &lost_cookie).await, (false, false));
    assert_eq!(alive(&site, &own, &cookie).await, (true, true));
}

#[tokio::test]
async fn s49_no_application_and_no_other_site_ends_a_session() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let (lost, lost_cookie) = sign_in_as(&site, &user, FIREFOX).await;
    let client = site.client().await;
    let theirs = browser.authorize_and_redeem(&client, "openid").await.access_token;
    let id = listed(&site, &lost).await[0]["session_id"].as_str().unwrap().to_owned();
    let one = format!("{PATH}/{id}");
    for path in [PATH, &one] {
        for (token, status) in [(None, 401), (Some(theirs.as_str()), 403)] {
            assert_eq!(site.send(site.http.delete(site.url(path)), token).await.status, status, "{path}");
        }
        let forged = browser.http.delete(site.url(path)).header("origin", "https://evil.example");
        assert_eq!(site.send(forged, None).await.status, 403, "{path}");
    }
    assert_eq!(site.get(PATH, Some(&theirs)).await.status, 403);
    let csrf = browser.open(PATH).await.input("csrf");
    for fields in [[("others", "true")], [("session_id", &*id)]] {
        assert_eq!(browser.submit(PATH, &fields).await.status, 403);
        let pairs = [&fields[..], &[("csrf", csrf.as_str())]].concat();
        assert_eq!(browser.submit_from(PATH, &pairs, "https://evil.example").await.status, 403);
    }
    assert_eq!(alive(&site, &lost, &lost_cookie).await, (true, true));
    assert_eq!(site.send(site.http.delete(site.url("/account/sessions/x")), Some(&lost)).await.status, 400);
}

#[tokio::test]
async fn s49_the_page_has_a_button_for_each_and_one_for_all() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser: Browser<'_> = site.browser();
    browser.sign_in(&user).await;
    assert!(browser.open("/account").await.body.contains("href=\"/account/sessions\""));
    let page = browser.open(PATH).await;
    assert!(
        page.body.contains("this browser") && !page.body.contains("session_id") && !page.body.contains("end_others")
    );
    let (one, one_cookie) = sign_in_as(&site, &user, FIREFOX).await;
    let (two, two_cookie) = sign_in_as(&site, &user, "<Kerberos>").await;
    let page = browser.open(PATH).await;
    assert!(page.body.contains("Firefox, Linux") && page.body.contains("&#60;Kerberos&#62;"), "{}", page.body);
    assert!(page.body.contains("2026-01-01 00:00 UTC"), "{}", page.body);
    let csrf = page.input("csrf");
    let id = page.input("session_id");
    let done = browser.submit(PATH, &[("csrf", &csrf), ("session_id", &id)]).await;
    assert_eq!((done.status, done.location()), (303, "/account/sessions?done=ended"));
    let alive_now = [alive(&site, &one, &one_cookie).await, alive(&site, &two, &two_cookie).await];
    assert_eq!(alive_now.iter().filter(|alive| **alive == (true, true)).count(), 1);
    let done = browser.submit(PATH, &[("csrf", &csrf), ("others", "true")]).await;
    assert!(browser.open(done.location()).await.body.contains("Signed out."));
    for (token, cookie) in [(&one, &one_cookie), (&two, &two_cookie)] {
        assert_eq!(alive(&site, token, cookie).await, (false, false));
    }
    assert_eq!(browser.open(PATH).await.status, 200);
    assert_eq!(browser.submit(PATH, &[("csrf", &csrf), ("session_id", "x")]).await.status, 400);
    assert_eq!(site.browser().open(PATH).await.location(), "/login?continue=/account/sessions");
}
