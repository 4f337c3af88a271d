//! Many at once.

use std::future::Future;

use tests::flow::VERIFIER;
use tests::{Browser, Client, PASSWORD, Reply, TestSite, Tokens, json};

/// Waits for all, which run at once.
async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Asks `times` times at once.
async fn at_once<F: Future<Output = Reply>>(times: usize, ask: impl Fn(usize) -> F) -> Vec<Reply> {
    all((0..times).map(ask)).await
}

fn with_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status == status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t21_of_a_hundred_redemptions_of_one_code_one_succeeds_and_its_tokens_are_dead() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid offline_access").await;
    let replies = at_once(100, |_| site.redeem(&client, &code, VERIFIER)).await;
    let (good, refused) = (with_status(&replies, 200), with_status(&replies, 400));
    assert_eq!((good.len(), refused.len()), (1, 99), "{:?}", statuses(&replies));
    assert!(refused.iter().all(|reply| reply.error() == "invalid_grant"));
    let tokens = Tokens::read(good[0]);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_grant");
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r30_fifty_refreshes_of_one_token_at_once_have_one_successor_that_works() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for client in [site.client().await, site.public_client().await] {
        let browser = site.browser();
        browser.sign_in(&user).await;
        let first = browser.authorize_and_redeem(&client, "openid offline_access").await;
        let replies = at_once(50, |_| site.refresh(&client, &first.refresh_token)).await;
        assert_eq!(with_status(&replies, 200).len(), 50, "{:?}", statuses(&replies));
        let tokens: Vec<_> = replies.iter().map(Tokens::read).collect();
        let successor = &tokens[0].refresh_token;
        assert_ne!(successor, &first.refresh_token);
        assert!(tokens.iter().all(|tokens| &tokens.refresh_token == successor));
        for tokens in &tokens[..3] {
            assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
        }
        site.clock.advance(60);
        let next = Tokens::read(&site.refresh(&client, successor).await);
        assert_eq!(site.refresh(&client, &next.refresh_token).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_refreshes_without_rotation_all_renew_the_same_token() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    site.change_client(&client, |client| client.rotate_refresh_tokens = false).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let first = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let replies = at_once(50, |_| site.refresh(&client, &first.refresh_token)).await;
    assert_eq!(with_status(&replies, 200).len(), 50, "{:?}", statuses(&replies));
    assert!(replies.iter().all(|reply| Tokens::read(reply).refresh_token == first.refresh_token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s51_of_a_hundred_registrations_of_one_name_one_succeeds_and_99_are_told_that_it_is_taken() {
    let site = TestSite::start().await;
    // The same name in two spellings, each with an address of its own.
    let body = |n: usize| {
        let name = if n.is_multiple_of(2) { "sakura" } else { "SAKURA" };
        json!({ "username": name, "email": format!("sakura{n}@moe.example"), "password": PASSWORD })
    };
    let replies = at_once(100, |n| site.post("/register", None, body(n))).await;
    let taken = with_status(&replies, 409);
    assert_eq!((with_status(&replies, 201).len(), taken.len()), (1, 99), "{:?}", statuses(&replies));
    assert!(taken.iter().all(|reply| reply.wrong_fields() == ["username"]));
    // Who lost left nothing behind: their addresses are free.
    let lost = replies.iter().position(|reply| reply.status == 409).unwrap();
    let body = json!({ "email": format!("sakura{lost}@moe.example"), "password": PASSWORD });
    assert_eq!(site.post("/register", None, body).await.status, 201);
    let winner = replies.iter().find(|reply| reply.status == 201).unwrap().json();
    let signed_in = site.post("/login", None, json!({ "username": "sakura", "password": PASSWORD })).await;
    assert_eq!(signed_in.json()["user"]["user_id"], winner["user_id"]);
}

/// Opens the consent page for `scope`.
async fn consent_page(browser: &Browser<'_>, client: &Client, scope: &str) -> Reply {
    let page = browser.authorize(&client.query(scope)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_that_consent_at_once_both_get_a_code_that_works() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (phone, laptop) = (site.browser(), site.browser());
    phone.sign_in(&user).await;
    laptop.sign_in(&user).await;
    for (first, second) in [("openid profile", "openid email"), ("openid profile", "openid profile")] {
        let client = site.client().await;
        let pages = [consent_page(&phone, &client, first).await, consent_page(&laptop, &client, second).await];
        let (one, two) = tokio::join!(phone.decide(&pages[0], "allow"), laptop.decide(&pages[1], "allow"));
        for (reply, scope) in [(one, first), (two, second)] {
            let code = reply.parameter("code").unwrap_or_else(|| panic!("no code: {}", reply.location()));
            let redeemed = site.redeem(&client, &code, VERIFIER).await;
            assert_eq!(redeemed.json()["scope"], scope);
            assert_eq!(site.userinfo(&Tokens::read(&redeemed).access_token).await.status, 200);
        }
        // Both are remembered: what either gave is not asked again, nor both together.
        for scope in [first, second, "openid"] {
            assert_eq!(phone.authorize(&client.query(scope)).await.status, 303, "{scope}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attacker_who_races_the_rightful_client_with_a_wrong_verifier_spoils_nothing() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.public_client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid").await;
    let wrong = "x".repeat(43);
    let verifier = |n| if n == 10 { VERIFIER } else { wrong.as_str() };
    let replies = at_once(20, |n| site.redeem(&client, &code, verifier(n))).await;
    let good = with_status(&replies, 200);
    assert_eq!(good.len(), 1, "{:?}", statuses(&replies));
    assert_eq!(site.userinfo(&Tokens::read(good[0]).access_token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_writes_of_one_version_of_an_entry_at_once_one_wins() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let own = site.sign_in(&user).await;
    let put = site.put("/collections/12", Some(&own), json!({ "status": "wish" })).await;
    let tag = put.header("etag").to_owned();
    // All of them saw the same version: one may win.
    let replies = at_once(10, |n| {
        let request = site.http.patch(site.url("/collections/12")).header("if-match", &tag);
        site.send(request.json(&json!({ "rating": n + 1 })), Some(&own))
    })
    .await;
    assert_eq!(
        (with_status(&replies, 200).len(), with_status(&replies, 412).len()),
        (1, 9),
        "{:?}",
        statuses(&replies)
    );
    let stored = site.get("/collections/12", Some(&own)).await.json();
    assert_eq!(stored, with_status(&replies, 200)[0].json());
}
