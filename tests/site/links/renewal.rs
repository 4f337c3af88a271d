//! Tokens of accounts elsewhere: valid when somebody needs one, renewed by one holder at a time.

use secrecy::ExposeSecret as _;
use shared::http::links::{self, TokenError};
use shared::id::LeaseId;
use shared::store::links::Link;
use shared::store::tokens::Due;
use tests::remote::Answer;
use tests::{Fault, Remote, TestSite, User, json};

use super::{attempt, bind, newcomer, provider, renews, start, subject, tokens};

const DAY: i64 = 86_400;

async fn bound(site: &TestSite, username: &str, seconds: i64) -> User {
    let user = site.register(username).await;
    bind(site, &user, "bangumi", username, Some(&tokens(site.site.app(), "first", seconds))).await;
    user
}

async fn stored(site: &TestSite, user: &User) -> Link {
    let id = user.user_id.parse().unwrap();
    site.site.app().store.find_link(id, &provider("bangumi")).await.unwrap().unwrap()
}

/// The access token that a user of it gets, or why there is none.
async fn token(site: &TestSite, user: &User) -> Result<String, TokenError> {
    let id = user.user_id.parse().unwrap();
    let token = links::access_token(site.site.app(), id, &provider("bangumi")).await?;
    Ok(token.expose_secret().to_owned())
}

fn refuses(remote: &Remote, status: u16, body: &str) {
    remote.put("/oauth/access_token", Answer::new(status, "application/json", body));
}

const INVALID_GRANT: &str = r#"{"error":"invalid_grant","error_description":"Invalid refresh token"}"#;

#[tokio::test]
async fn a_token_is_renewed_just_before_it_expires_and_both_are_kept() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let user = bound(&site, "sakura", 3600).await;
    renews(&remote, "second");
    assert_eq!(token(&site, &user).await.unwrap(), "access-first");
    site.clock.advance(3300 - 1);
    assert_eq!(token(&site, &user).await.unwrap(), "access-first");
    assert!(remote.requests().is_empty());
    site.clock.advance(1);
    assert_eq!(token(&site, &user).await.unwrap(), "access-second");
    assert_eq!(token(&site, &user).await.unwrap(), "access-second");
    let requests = remote.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].body.contains("refresh_token=refresh-first"), "{}", requests[0].body);
    // The next time it shows the new one, which a provider may leave out.
    remote.put("/oauth/access_token", Answer::json(&json!({ "access_token": "access-third", "expires_in": 604_800 })));
    site.clock.advance(7 * DAY);
    assert_eq!(token(&site, &user).await.unwrap(), "access-third");
    assert!(remote.requests()[1].body.contains("refresh_token=refresh-second"));
    let link = stored(&site, &user).await;
    let opened = link.open_tokens(&links::at_rest(site.site.app())).unwrap().unwrap();
    assert_eq!(opened.refresh_token.unwrap().expose_secret(), "refresh-second");
    assert_eq!((link.lease_id, link.lease_until), (None, None));
}

#[tokio::test]
async fn tokens_are_sealed_and_open_in_no_other_link() {
    let site = start(&Remote::start().await).await;
    let (sakura, tomoyo) = (bound(&site, "sakura", 3600).await, bound(&site, "tomoyo", 3600).await);
    let table = format!("{:?}", site.dump().await);
    assert!(!table.contains("access-first") && !table.contains("refresh-first"));
    let (one, other) = (stored(&site, &sakura).await, stored(&site, &tomoyo).await);
    let at_rest = links::at_rest(site.site.app());
    assert!(one.open_tokens(&at_rest).unwrap().is_some());
    for moved in [
        Link { tokens: other.tokens.clone(), ..one.clone() },
        Link { subject: subject("another"), ..one.clone() },
        Link { provider: provider("weibo"), ..one.clone() },
        Link { user_id: other.user_id, ..one.clone() },
    ] {
        assert!(moved.open_tokens(&at_rest).is_err());
    }
}

#[tokio::test]
async fn tokens_that_nobody_could_renew_are_not_kept() {
    let site = start(&Remote::start().await).await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    let account = super::account(&site, &user).await;
    let with = tokens(app, "x", 60);
    let without = shared::upstream::Tokens { refresh_token: None, ..with.clone() };
    assert!(super::link(&site, &account, "bangumi", "1", Some(&without)).tokens.is_none());
    assert!(super::link(&site, &account, "weibo", "1", Some(&with)).tokens.is_none());
    assert!(super::link(&site, &account, "bangumi", "1", Some(&with)).tokens.is_some());
    assert!(matches!(token(&site, &user).await, Err(TokenError::NotLinked)));
    bind(&site, &user, "bangumi", "1", None).await;
    assert!(matches!(token(&site, &user).await, Err(TokenError::NotLinked)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_need_a_token_at_once_one_asks_the_provider() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let user = bound(&site, "sakura", 600).await;
    renews(&remote, "second");
    site.clock.advance(400);
    // The old one is still good: whoever is not the one who renews goes on with it.
    let asked = tokio::join!(token(&site, &user), token(&site, &user), token(&site, &user), token(&site, &user));
    for token in [asked.0, asked.1, asked.2, asked.3] {
        assert!(["access-first", "access-second"].contains(&token.unwrap().as_str()));
    }
    assert_eq!(remote.requests().len(), 1);
    assert_eq!(token(&site, &user).await.unwrap(), "access-second");
}

#[tokio::test]
async fn an_outage_never_breaks_a_binding_and_the_old_token_serves_as_long_as_it_lasts() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let user = bound(&site, "sakura", 600).await;
    site.clock.advance(400);
    let html = "<html>maintenance</html>";
    for (status, body) in [
        (500, ""),
        (502, html),
        (200, html),
        (429, "{}"),
        (400, r#"{"error":"invalid_client"}"#),
        (401, r#"{"error":"invalid_client"}"#),
        (400, r#"{"error":"server_error"}"#),
        (200, "{}"),
        (302, ""),
    ] {
        refuses(&remote, status, body);
        assert_eq!(token(&site, &user).await.unwrap(), "access-first", "{status} {body}");
        // Whoever asked keeps the others from asking for a minute.
        site.clock.advance(1);
        let asked = remote.requests().len();
        assert_eq!(token(&site, &user).await.unwrap(), "access-first", "{status} {body}");
        assert_eq!(remote.requests().len(), asked);
        let link = stored(&site, &user).await;
        assert!(link.broken_since.is_none() && link.tokens.is_some(), "{status} {body}");
        // So much later, but for the expiry: the clock is not moved beyond it.
        let free = Link { lease_until: None, lease_id: None, ..link.clone() };
        assert!(site.site.app().store.replace_tokens(&link, &free, attempt(site.site.app())).await.unwrap());
    }
    site.clock.advance(600);
    assert!(matches!(token(&site, &user).await, Err(TokenError::Unavailable)), "it has expired");
    renews(&remote, "second");
    site.clock.advance(60);
    assert_eq!(token(&site, &user).await.unwrap(), "access-second");
}

#[tokio::test]
async fn tokens_of_somebody_else_are_not_stored() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let user = bound(&site, "sakura", 200).await;
    let theirs =
        json!({ "access_token": "theirs", "refresh_token": "theirs", "expires_in": 604_800, "user_id": "tomoyo" });
    remote.put("/oauth/access_token", Answer::json(&theirs));
    let before = stored(&site, &user).await;
    assert_eq!(token(&site, &user).await.unwrap(), "access-first", "as long as it lasts");
    let after = stored(&site, &user).await;
    assert_eq!((&after.tokens, after.broken_since, remote.requests().len()), (&before.tokens, None, 1));
    site.clock.advance(201);
    assert!(matches!(token(&site, &user).await, Err(TokenError::Unavailable)));
    // Said of the same person, they are.
    let ours = json!({ "access_token": "access-second", "expires_in": 604_800, "user_id": "sakura" });
    remote.put("/oauth/access_token", Answer::json(&ours));
    site.clock.advance(60);
    assert_eq!(token(&site, &user).await.unwrap(), "access-second");
}

#[tokio::test]
async fn invalid_grant_breaks_a_binding_once_and_it_is_not_tried_again() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let user = bound(&site, "sakura", 600).await;
    refuses(&remote, 400, INVALID_GRANT);
    site.clock.advance(400);
    assert!(matches!(token(&site, &user).await, Err(TokenError::Broken)));
    let link = stored(&site, &user).await;
    assert_eq!((link.broken_since, link.tokens), (Some(site.site.app().clock.now()), None));
    site.clock.advance(120);
    assert!(matches!(token(&site, &user).await, Err(TokenError::Broken)));
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!(remote.requests().len(), 1);
    assert_eq!(stored(&site, &user).await.broken_since, link.broken_since);
    // Bound again it works: with the tokens of that sign-in.
    let app = site.site.app();
    let bangumi = app.upstream.find("bangumi").unwrap();
    let again = tokens(app, "again", 3600);
    for (name, works) in [("somebody else", false), ("sakura", true)] {
        links::keep_tokens(app, link.user_id, bangumi, &subject(name), Some(&again)).await.unwrap();
        assert_eq!(token(&site, &user).await.is_ok_and(|token| token == "access-again"), works, "{name}");
    }
    assert_eq!(stored(&site, &user).await.broken_since, None);
}

#[tokio::test]
async fn who_is_refused_what_another_has_renewed_meanwhile_breaks_nothing() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let user = bound(&site, "sakura", 600).await;
    let app = site.site.app();
    refuses(&remote, 400, INVALID_GRANT);
    site.clock.advance(400);
    let link = stored(&site, &user).await;
    // It is bound again while the refresh token is under way.
    let elsewhere = app.of_function("");
    let stands = link.clone();
    site.proxy.meanwhile("GetItem USER/UPSTREAM", async move {
        let due = Due { user_id: stands.user_id, provider: stands.provider.clone(), place: String::new() };
        let leased = elsewhere.store.find_links(&[due]).await.unwrap().remove(0);
        let renewed = leased.clone().with_tokens(&links::at_rest(&elsewhere), &tokens(&elsewhere, "bound", 3600));
        assert!(elsewhere.store.replace_tokens(&leased, &renewed, attempt(&elsewhere)).await.unwrap());
    });
    let renewed = links::renew(app, &link).await.unwrap();
    assert_eq!(renewed.access_token.expose_secret(), "access-bound");
    assert_eq!(stored(&site, &user).await.broken_since, None);
}

#[tokio::test]
async fn whose_lease_is_over_writes_nothing() {
    let site = start(&Remote::start().await).await;
    let app = site.site.app();
    let user = bound(&site, "sakura", 600).await;
    let link = stored(&site, &user).await;
    let lease = async |link: &Link| {
        let (id, now) = (LeaseId::new(&app.entropy), app.clock.now());
        app.store.lease_tokens(link, id, now, attempt(app)).await.unwrap()
    };
    let first = lease(&link).await.unwrap();
    assert!(lease(&link).await.is_none(), "of what was read before");
    assert!(lease(&first).await.is_none(), "while somebody has it");
    site.clock.advance(60);
    let second = lease(&first).await.unwrap();
    let late = first.clone().with_tokens(&links::at_rest(app), &tokens(app, "late", 3600));
    assert!(!app.store.renew_tokens(&first, &late, attempt(app)).await.unwrap());
    assert!(!app.store.break_link(&first, None, app.clock.now(), attempt(app)).await.unwrap());
    assert_eq!(stored(&site, &user).await, second);
    let good = second.clone().with_tokens(&links::at_rest(app), &tokens(app, "good", 3600));
    assert!(app.store.renew_tokens(&second, &good, attempt(app)).await.unwrap());
    assert!(!app.store.renew_tokens(&second, &late, attempt(app)).await.unwrap(), "it was given back");
    assert_eq!(token(&site, &user).await.unwrap(), "access-good");
    // Nor does who comes when it is unbound.
    let third = lease(&stored(&site, &user).await).await.unwrap();
    let remaining = shared::store::links::Remaining::Password;
    app.store.delete_link(&third, remaining, None, attempt(app)).await.unwrap();
    assert!(!app.store.renew_tokens(&third, &late, attempt(app)).await.unwrap());
    assert!(app.store.find_link(third.user_id, &third.provider).await.unwrap().is_none());
}

#[tokio::test]
async fn who_is_cut_off_before_asking_the_provider_loses_nothing() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let user = bound(&site, "sakura", 200).await;
    renews(&remote, "second");
    // It took the lease, and was never seen again.
    let link = stored(&site, &user).await;
    let lease = LeaseId::new(&app.entropy);
    app.store.lease_tokens(&link, lease, app.clock.now(), attempt(app)).await.unwrap().unwrap();
    assert_eq!(token(&site, &user).await.unwrap(), "access-first");
    assert!(remote.requests().is_empty());
    site.clock.advance(60);
    assert_eq!(token(&site, &user).await.unwrap(), "access-second");
}

#[tokio::test]
async fn a_table_that_fails_when_the_answer_is_there_is_asked_again_before_it_is_lost() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    for fault in [Fault::Error, Fault::CutBefore, Fault::CutAfter, Fault::Throttle] {
        let user = bound(&site, &format!("sakura{fault:?}").to_lowercase(), 200).await;
        renews(&remote, "second");
        site.proxy.forget();
        // The second write is the one with the tokens; all tries of it fail, those of the next don't.
        let call = tests::faults::CallSite { name: "PutItem USER/UPSTREAM".to_owned(), nth: 2 };
        site.proxy.fail_once(&call, fault);
        assert_eq!(token(&site, &user).await.unwrap(), "access-second", "{fault:?}");
        site.proxy.heal();
        let opened = stored(&site, &user).await.open_tokens(&links::at_rest(site.site.app())).unwrap().unwrap();
        assert_eq!(opened.refresh_token.unwrap().expose_secret(), "refresh-second", "{fault:?}");
    }
}

#[tokio::test]
async fn the_sweep_renews_what_expires_within_a_day_and_nothing_else() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let soon = bound(&site, "sakura", DAY - 1).await;
    let later = bound(&site, "tomoyo", DAY + 3600).await;
    let expired = bound(&site, "chiharu", 1).await;
    site.clock.advance(2);
    renews(&remote, "second");
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!(remote.requests().len(), 2);
    for (user, expected) in [(&soon, "access-second"), (&later, "access-first"), (&expired, "access-second")] {
        assert_eq!(token(&site, user).await.unwrap(), expected, "{}", user.username);
    }
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!(remote.requests().len(), 2, "until they expire again");
    site.clock.advance(3600);
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!(remote.requests().len(), 3);
}

#[tokio::test]
async fn a_sweep_leaves_a_provider_alone_that_does_not_answer() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    for n in 0..60 {
        let (user, _) = newcomer(&site, &format!("sakura{n}"), "weibo", &n.to_string()).await;
        bind(&site, &user, "bangumi", &n.to_string(), Some(&tokens(site.site.app(), "first", 600))).await;
    }
    refuses(&remote, 503, "");
    site.site.run_scheduled("sweep").await.unwrap();
    assert!(remote.requests().len() <= 8 * 3, "{}", remote.requests().len());
    renews(&remote, "second");
    for _ in 0..3 {
        site.clock.advance(120);
        site.site.run_scheduled("sweep").await.unwrap();
    }
    let expires = |item: &tests::Value| item["tokens_expire_at"]["N"].as_str().map(str::to_owned);
    let due: Vec<_> = site.dump().await.iter().filter_map(expires).collect();
    assert!(due.len() == 60 && due.iter().all(|at| at.parse::<i64>().unwrap() > site.site.app().clock.now().0 + DAY));
}
