//! The session behind the cookie.

use tests::{PASSWORD, Reply, TestSite, Wishes, json};

const DAY: i64 = 86_400;

async fn log_in(site: &TestSite) -> Reply {
    let reply = site.post("/login", None, json!({ "username": "sakura", "password": PASSWORD })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

/// `name=value` of a reply's cookie.
fn cookie(reply: &Reply, name: &str) -> String {
    let set = reply.set_cookie(name).unwrap_or_default();
    set.split(';').next().unwrap_or_default().to_owned()
}

/// What `GET /account` answers to that cookie.
async fn account(site: &TestSite, cookie: &str) -> u16 {
    site.send(site.http.get(site.url("/account")).header("cookie", cookie), None).await.status
}

#[tokio::test]
async fn s48_each_sign_in_makes_a_session_that_nobody_can_guess_or_fix_beforehand() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let first = cookie(&log_in(&site).await, "session");
    let second = cookie(&log_in(&site).await, "session");
    assert_ne!(first, second);
    // After the dot 256 random bits; before it which session.
    let secrets: Vec<_> = [&first, &second].iter().map(|c| c.rsplit_once('.').unwrap().1.to_owned()).collect();
    assert_ne!(secrets[0], secrets[1]);
    assert_eq!(secrets[0].len(), 43);
    for cookie in [&first, &second] {
        assert_eq!(account(&site, cookie).await, 200);
    }
    // A cookie that the browser had before is not taken over.
    let body = json!({ "username": "sakura", "password": PASSWORD });
    let request = site.http.post(site.url("/login")).header("cookie", &first).json(&body);
    let third = cookie(&site.send(request, None).await, "session");
    assert!(third != first && third != second && third.len() == first.len());
    // The handle of one with the secret of another is nobody's, nor is a changed one.
    let mixed = format!("{}.{}", first.rsplit_once('.').unwrap().0, secrets[1]);
    for cookie in [mixed.as_str(), &first[..first.len() - 1], "session=", "session=a.b", "session=.."] {
        assert_eq!(account(&site, cookie).await, 401, "{cookie}");
    }
}

#[tokio::test]
async fn s48_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let reply = log_in(&site).await;
    for name in ["session", "known"] {
        let set = reply.set_cookie(name).unwrap();
        for flag in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(set.contains(flag), "{set}");
        }
        assert!(!set.contains("Domain") && !set.contains("Secure"), "{set}");
    }
}

#[tokio::test]
async fn s48_with_an_https_issuer_the_cookie_is_secure_and_of_this_host_alone() {
    let issuer = "https://id.example";
    let site = TestSite::start_with(Wishes { issuer: Some(issuer.to_owned()), ..Wishes::default() }).await;
    site.register("sakura").await;
    let reply = log_in(&site).await;
    assert!(reply.set_cookie("session").is_none());
    for name in ["__Host-session", "__Host-known"] {
        let set = reply.set_cookie(name).unwrap();
        for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(set.contains(flag), "{set}");
        }
        assert!(!set.contains("Domain"), "{set}");
    }
    let session = cookie(&reply, "__Host-session");
    assert_eq!(account(&site, &session).await, 200);
    // Without the prefix, any sibling domain could have set it.
    assert_eq!(account(&site, session.strip_prefix("__Host-").unwrap()).await, 401);
    let page = site.send(site.http.get(site.url("/login")).header("accept", "text/html"), None).await;
    assert!(page.set_cookie("__Host-browser").unwrap().contains("; Secure"));
    let lang = site.get("/language?lang=ja", None).await;
    assert!(lang.set_cookie("lang").unwrap().contains("; Secure"));
    let foreign = site.http.post(site.url("/logout")).header("origin", site.url("")).header("cookie", &session);
    assert_eq!(site.send(foreign, None).await.status, 403, "the issuer is our origin, and no Host header is");
    let ours = site.http.post(site.url("/logout")).header("origin", issuer).header("cookie", &session);
    let reply = site.send(ours, None).await;
    assert_eq!(reply.status, 204);
    assert!(reply.set_cookie("__Host-session").unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn s48_a_cookie_replayed_after_sign_out_is_dead() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let reply = log_in(&site).await;
    let (session, token) = (cookie(&reply, "session"), reply.json()["access_token"].as_str().unwrap().to_owned());
    let out = site.send(site.http.post(site.url("/logout")).header("cookie", &session), None).await;
    assert_eq!(out.status, 204);
    assert_eq!(account(&site, &session).await, 401);
    assert_eq!(site.get("/account", Some(&token)).await.status, 401, "what hung on the session is dead too");
    let page = site.http.get(site.url("/account")).header("accept", "text/html").header("cookie", &session);
    assert_eq!(site.send(page, None).await.location(), "/login?continue=/account");
}

#[tokio::test]
async fn s48_a_session_that_nobody_uses_ends_after_fourteen_days() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let session = cookie(&log_in(&site).await, "session");
    for _ in 0..2 {
        site.clock.advance(14 * DAY - 1);
        assert_eq!(account(&site, &session).await, 200);
    }
    site.clock.advance(14 * DAY);
    assert_eq!(account(&site, &session).await, 401);
}

#[tokio::test]
async fn s48_a_session_ends_after_ninety_days_however_much_it_is_used() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let reply = log_in(&site).await;
    assert!(reply.set_cookie("session").unwrap().contains("; Max-Age=7776000"));
    let session = cookie(&reply, "session");
    for _ in 0..8 {
        site.clock.advance(11 * DAY);
        assert_eq!(account(&site, &session).await, 200);
    }
    site.clock.advance(2 * DAY - 1);
    assert_eq!(account(&site, &session).await, 200);
    site.clock.advance(1);
    assert_eq!(account(&site, &session).await, 401);
}

#[tokio::test]
async fn a_sessions_use_is_written_down_once_an_hour_at_most() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let session = cookie(&log_in(&site).await, "session");
    let writes = async || {
        site.proxy.forget();
        assert_eq!(account(&site, &session).await, 200);
        site.proxy.calls().iter().filter(|call| !call.is_read()).count()
    };
    assert_eq!(writes().await, 0);
    site.clock.advance(3599);
    assert_eq!(writes().await, 0);
    site.clock.advance(1);
    assert_eq!(writes().await, 1);
    assert_eq!(writes().await, 0);
}

#[tokio::test]
async fn the_table_alone_signs_nobody_in() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let reply = log_in(&site).await;
    let session = cookie(&reply, "session");
    let secret = session.rsplit_once('.').unwrap().1;
    let table = tests::Value::from(site.dump().await).to_string();
    assert!(table.contains("SESSION#"));
    assert!(!table.contains(secret) && !table.contains(PASSWORD));
}
