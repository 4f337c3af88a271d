//! Guessing passwords.

use std::net::Ipv4Addr;

use tests::{Fault, PASSWORD, Reply, TestSite, User, json};

/// Nobody's password is this long, so that a guess costs no Argon2.
fn wrong() -> String {
    "x".repeat(600)
}

async fn log_in(site: &TestSite, http: &reqwest::Client, name: &str, password: &str) -> Reply {
    let body = json!({ "username": name, "password": password });
    site.send(http.post(site.url("/login")).json(&body), None).await
}

async fn guess(site: &TestSite, name: &str) -> u16 {
    log_in(site, &site.http, name, &wrong()).await.status
}

async fn right(site: &TestSite, user: &User) -> Reply {
    log_in(site, &site.http, &user.username, &user.password).await
}

/// Somebody at another address.
fn elsewhere() -> reqwest::Client {
    tests::http_client().local_address(std::net::IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))).build().unwrap_or_default()
}

#[tokio::test]
async fn s52_ten_failures_shut_a_name_for_the_rest_of_the_quarter_of_an_hour() {
    let site = TestSite::start().await;
    let (user, other) = (site.register("sakura").await, site.register("tomoyo").await);
    for _ in 0..10 {
        assert_eq!(guess(&site, "sakura").await, 401);
    }
    site.clock.advance(60);
    let refused = right(&site, &user).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "840"));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert!(refused.set_cookie("session").is_none());
    assert_eq!(guess(&site, "SAKURA").await, 429, "in any case");
    assert_eq!(log_in(&site, &elsewhere(), "sakura", PASSWORD).await.status, 429, "and from anywhere");
    assert_eq!(right(&site, &other).await.status, 200, "others are not concerned");
    site.clock.advance(839);
    assert_eq!(right(&site, &user).await.status, 429);
    site.clock.advance(1);
    assert_eq!(right(&site, &user).await.status, 200);
}

#[tokio::test]
async fn s52_a_name_that_nobody_has_is_shut_just_the_same() {
    let site = TestSite::start().await;
    for name in ["nobody-at-all", "nobody@moe.example", "?"] {
        for _ in 0..10 {
            assert_eq!(guess(&site, name).await, 401, "{name}");
        }
        assert_eq!(guess(&site, name).await, 429, "{name}");
    }
    assert_eq!(guess(&site, "??").await, 401, "what can't be a name is counted for itself");
}

#[tokio::test]
async fn s52_a_hundred_failures_shut_an_address() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for at in 0..100 {
        assert_eq!(guess(&site, &format!("name-{at}")).await, 401, "{at}");
    }
    let refused = right(&site, &user).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "900"));
    for _ in 0..15 {
        assert_eq!(guess(&site, "sakura").await, 429);
    }
    assert_eq!(
        log_in(&site, &elsewhere(), "sakura", PASSWORD).await.status,
        200,
        "who is shut out shuts nobody else out"
    );
    site.clock.advance(900);
    assert_eq!(right(&site, &user).await.status, 200);
}

#[tokio::test]
async fn s52_guesses_at_a_shut_name_do_not_shut_the_address() {
    let site = TestSite::start().await;
    let other = site.register("tomoyo").await;
    for at in 0..110 {
        assert_eq!(guess(&site, "sakura").await, if at < 10 { 401 } else { 429 });
    }
    assert_eq!(right(&site, &other).await.status, 200);
}

#[tokio::test]
async fn s52_successes_never_count() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for _ in 0..12 {
        assert_eq!(right(&site, &user).await.status, 200);
    }
    for _ in 0..10 {
        assert_eq!(guess(&site, "sakura").await, 401);
    }
    assert_eq!(right(&site, &user).await.status, 429);
}

#[tokio::test]
async fn s52_a_guess_that_the_table_kept_from_being_tried_does_not_count() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for _ in 0..12 {
        site.proxy.fail_every("BatchGetItem", Fault::Error);
        let failed = right(&site, &user).await;
        assert_eq!((failed.status, failed.header("retry-after").is_empty()), (503, false));
    }
    site.proxy.heal();
    assert_eq!(right(&site, &user).await.status, 200);
}

#[tokio::test]
async fn s52_a_stranger_cannot_lock_the_owner_out_of_a_browser_where_they_signed_in_before() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (home, other) = (site.browser(), site.browser());
    home.sign_in(&user).await;
    other.sign_in(&site.register("tomoyo").await).await;
    let csrf = home.open("/").await.input("csrf");
    assert_eq!(home.submit("/logout", &[("csrf", &csrf)]).await.status, 303);
    for _ in 0..10 {
        assert_eq!(guess(&site, "sakura").await, 401);
    }
    assert_eq!(right(&site, &user).await.status, 429);
    assert_eq!(log_in(&site, &other.http, "sakura", PASSWORD).await.status, 429, "it is known as another's");
    home.sign_in(&user).await;
    // A browser that is known has ten guesses as well, and no more. They are taken from nobody else.
    for _ in 0..10 {
        assert_eq!(log_in(&site, &home.http, "sakura", &wrong()).await.status, 401);
    }
    assert_eq!(log_in(&site, &home.http, "sakura", PASSWORD).await.status, 429);
    site.clock.advance(900);
    for _ in 0..10 {
        assert_eq!(log_in(&site, &home.http, "sakura", &wrong()).await.status, 401);
    }
    assert_eq!(right(&site, &user).await.status, 200);
}

#[tokio::test]
async fn s52_thirty_guesses_at_once_try_no_more_than_ten() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let long = wrong();
    let guesses: Vec<_> = (0..30)
        .map(|_| {
            let body = json!({ "username": "sakura", "password": long });
            tokio::spawn(site.http.post(site.url("/login")).json(&body).send())
        })
        .collect();
    let mut statuses = Vec::new();
    for guess in guesses {
        statuses.push(guess.await.unwrap().unwrap().status().as_u16());
    }
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(tried, 10, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    assert_eq!(right(&site, &user).await.status, 429);
}

#[tokio::test]
async fn s52_the_page_says_how_long_to_wait() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for _ in 0..10 {
        guess(&site, "sakura").await;
    }
    let browser = site.browser();
    let page = browser.open("/login").await;
    let reply = browser.fill_login(&page, &user).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, "900"));
    assert!(reply.body.contains("wait 15 min"), "{}", reply.body);
}
