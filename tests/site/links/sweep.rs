//! The sweep gets to every link, whatever stands before it.

use shared::account::{Session, User};
use shared::http::links;
use shared::id::UserId;
use shared::store::links::{Created, Link};
use shared::upstream::Tokens;
use tests::{Remote, TestSite};

use super::{attempt, pending, provider, renews, start, subject, tokens};

const DAY: i64 = 86_400;

/// A new user's link at a provider, among those of one shard, as `change` makes it.
async fn linked(site: &TestSite, at: &str, name: &str, change: impl Fn(Link) -> Link) -> Link {
    let app = site.site.app();
    let mut user = User::new(UserId::new(&app.entropy), app.clock.now());
    user.user_id.0[0] = 0;
    user.username = Some(name.to_owned());
    let link = Link::new(user.user_id, provider(at), subject(name), app.clock.now());
    let link = change(link);
    let (session, _) = Session::start(&user, "", &app.entropy, app.clock.now());
    let hash = pending(site, at, link.subject.as_str()).await;
    let created = app.store.create_user_with_link(&user, &link, &session, &hash, None, attempt(app)).await.unwrap();
    assert_eq!(created, Created::Done);
    link
}

/// With tokens that expire after so many seconds.
fn with(site: &TestSite, seconds: i64) -> impl Fn(Link) -> Link {
    let app = site.site.app();
    move |link| link.with_tokens(&links::at_rest(app), &tokens(app, "first", seconds))
}

async fn stored(site: &TestSite, link: &Link) -> Link {
    site.site.app().store.find_link(link.user_id, &link.provider).await.unwrap().unwrap()
}

async fn sweep(site: &TestSite) {
    site.site.run_scheduled("sweep").await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_renewed_keeps_nothing_from_being_renewed_and_is_not_met_each_time() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let mut dead = Vec::new();
    // Of a provider that the site does not have any more, and that it does not renew any more.
    for n in 0..26 {
        for at in ["github", "weibo"] {
            dead.push(linked(&site, at, &format!("{at}-{n}"), with(&site, 10)).await);
        }
    }
    // Of another secret key, and such as nobody can renew.
    let unreadable = |link: Link| Link { subject: subject("moved"), ..with(&site, 20)(link) };
    dead.push(linked(&site, "bangumi", "unreadable", unreadable).await);
    let alone = Tokens { refresh_token: None, ..tokens(app, "first", 30) };
    let alone = |link: Link| link.with_tokens(&links::at_rest(app), &alone);
    dead.push(linked(&site, "bangumi", "alone", alone).await);
    let mut good = Vec::new();
    for n in 0..52 {
        good.push(linked(&site, "bangumi", &format!("sakura-{n}"), with(&site, 600)).await);
    }
    renews(&remote, "second");
    sweep(&site).await;
    assert_eq!(remote.requests().len(), good.len(), "one run gets to all, page after page");
    for link in &good {
        assert!(stored(&site, link).await.tokens_expire_at > link.tokens_expire_at, "{}", link.subject.as_str());
    }
    // Of each provider, 20 are put off at a time.
    sweep(&site).await;
    for link in &dead {
        let now = stored(&site, link).await;
        assert_eq!((now.put_off, now.put_off_until), (1, Some(app.clock.now() + DAY)), "{:?}", link.provider);
        assert_eq!((&now.tokens, now.broken_since), (&link.tokens, None), "nothing is lost");
    }
    site.proxy.forget();
    site.clock.advance(DAY - 1);
    sweep(&site).await;
    assert!(site.proxy.calls().iter().all(|call| call.operation == "Query"), "the index does not have them");
    // Then again, and after that for twice as long.
    site.clock.advance(1);
    sweep(&site).await;
    sweep(&site).await;
    site.clock.advance(DAY);
    sweep(&site).await;
    for link in &dead {
        assert_eq!(stored(&site, link).await.put_off, 2);
    }
}

#[tokio::test]
async fn nonsense_puts_a_link_off_and_what_renews_it_brings_it_back() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let mut all = Vec::new();
    for n in 0..22 {
        all.push(linked(&site, "bangumi", &format!("sakura-{n}"), with(&site, 3600)).await);
    }
    // Nothing stands there yet: 404.
    sweep(&site).await;
    assert_eq!(remote.requests().len(), 20, "who answers nonsense to 20 is left alone");
    sweep(&site).await;
    assert_eq!(remote.requests().len(), 22, "and the next run goes on with the others");
    let link = stored(&site, &all[0]).await;
    assert_eq!((link.put_off, link.broken_since), (1, None));
    // Whoever needs a token tries all the same, and prolongs nothing.
    site.clock.advance(3500);
    let token = async || links::access_token(app, link.user_id, &link.provider).await;
    assert!(token().await.is_ok(), "it lasts");
    assert_eq!(remote.requests().len(), 23);
    assert_eq!(stored(&site, &all[0]).await.put_off_until, link.put_off_until);
    site.clock.advance(60);
    renews(&remote, "second");
    assert_eq!(secrecy::ExposeSecret::expose_secret(&token().await.unwrap()), "access-second");
    let link = stored(&site, &all[0]).await;
    assert_eq!((link.put_off, link.put_off_until), (0, None));
    site.clock.advance(DAY);
    sweep(&site).await;
    assert_eq!(remote.requests().len(), 24 + 21, "after a day the others are tried again");
}

#[tokio::test]
async fn a_link_in_somebodys_hands_is_not_put_off_under_them() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    let app = site.site.app();
    let unreadable = |link: Link| Link { subject: subject("moved"), ..with(&site, 20)(link) };
    let link = linked(&site, "bangumi", "sakura", unreadable).await;
    let lease = shared::id::LeaseId::new(&app.entropy);
    let leased = app.store.lease_tokens(&link, lease, app.clock.now(), attempt(app)).await.unwrap().unwrap();
    sweep(&site).await;
    assert_eq!(stored(&site, &link).await, leased);
    let renewed = leased.clone().with_tokens(&links::at_rest(app), &tokens(app, "second", 7 * DAY));
    assert!(app.store.renew_tokens(&leased, &renewed, attempt(app)).await.unwrap());
}

#[tokio::test]
async fn a_run_begins_no_renewal_that_lambda_could_cut_off() {
    let remote = Remote::start().await;
    let site = start(&remote).await;
    for n in 0..3 {
        linked(&site, "bangumi", &format!("sakura-{n}"), with(&site, 600)).await;
    }
    renews(&remote, "second");
    let clock = site.clock.clone();
    site.proxy.meanwhile("PutItem USER/UPSTREAM", async move { clock.advance(40) });
    sweep(&site).await;
    assert_eq!(remote.requests().len(), 1);
    sweep(&site).await;
    assert_eq!(remote.requests().len(), 3, "the next run goes on");
}
