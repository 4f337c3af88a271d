//! Accounts elsewhere: bound, shown, unbound, and their tokens kept.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod binding;
mod deletion;
mod page;
mod passwordless;
mod rebound;
mod renewal;
mod reseal;
mod sweep;
mod unbinding;

use local::site::ProviderOptions;
use secrecy::SecretString;
use shared::account::{Session, User as Account};
use shared::app::App;
use shared::config::provider_settings;
use shared::http::links;
use shared::i18n::Lang;
use shared::id::{Attempt, UserId};
use shared::oauth::client::sha256_hex;
use shared::store::links::{Created, Link, Linked};
use shared::store::pendings::Pending;
use shared::upstream::{ProviderId, Subject, Tokens};
use tests::remote::Answer;
use tests::{Browser, Remote, TestSite, User, Value, Wishes, json};

/// A site with three providers, of which `remote` plays Bangumi.
pub(crate) async fn start(remote: &Remote) -> TestSite {
    let providers = json!({
        "bangumi": { "client_id": "bgm1", "client_secret": "of bangumi", "addresses": { "oauth": remote.url } },
        "weibo": { "client_id": "w1", "client_secret": "of weibo" },
        "acwing": { "client_id": "a1", "client_secret": "of acwing" },
    });
    let settings = provider_settings(&providers.to_string()).unwrap();
    let providers = Some(ProviderOptions { files: Vec::new(), settings });
    TestSite::start_with(Wishes { providers, ..Wishes::default() }).await
}

pub(crate) fn provider(id: &str) -> ProviderId {
    id.parse().unwrap()
}

pub(crate) fn subject(text: &str) -> Subject {
    text.to_owned().try_into().unwrap()
}

pub(crate) fn attempt(app: &App) -> Attempt {
    Attempt::new(&app.entropy)
}

/// Tokens named after `name` that expire after so many seconds.
pub(crate) fn tokens(app: &App, name: &str, seconds: i64) -> Tokens {
    Tokens {
        access_token: SecretString::from(format!("access-{name}")),
        refresh_token: Some(SecretString::from(format!("refresh-{name}"))),
        expires_at: Some(app.clock.now() + seconds),
    }
}

/// The account as the table has it.
pub(crate) async fn account(site: &TestSite, user: &User) -> Account {
    site.site.app().store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap()
}

/// A link that is not written yet.
pub(crate) fn link(site: &TestSite, user: &Account, at: &str, name: &str, tokens: Option<&Tokens>) -> Link {
    let app = site.site.app();
    links::new_link(app, user.user_id, app.upstream.find(at).unwrap(), subject(name), tokens, Lang::En)
}

/// Binds the account `name` at a provider to a user's.
pub(crate) async fn bind(site: &TestSite, user: &User, at: &str, name: &str, tokens: Option<&Tokens>) -> Linked {
    let (app, account) = (site.site.app(), account(site, user).await);
    let link = link(site, &account, at, name, tokens);
    app.store.create_link(&account, &link, None, attempt(app)).await.unwrap()
}

/// Whose the account `name` at a provider is.
pub(crate) async fn owner(site: &TestSite, at: &str, name: &str) -> Option<UserId> {
    site.site.app().store.find_upstream_user(&provider(at), &subject(name)).await.unwrap()
}

/// Keeps an account elsewhere as pending, and gives the hash of its secret.
pub(crate) async fn pending(site: &TestSite, at: &str, name: &str) -> String {
    let app = site.site.app();
    let hash = sha256_hex(&attempt(app).to_string());
    let (provider, subject, created_at) = (provider(at), subject(name), app.clock.now());
    let pending = Pending { provider, subject, tokens: None, created_at, continue_to: None };
    app.store.create_pending(&hash, &pending, attempt(app)).await.unwrap();
    hash
}

/// Creates a user for the account `name` at a provider; what became of it, and the cookie that they would have.
pub(crate) async fn create(site: &TestSite, username: &str, at: &str, name: &str) -> (Account, Created, String) {
    let hash = pending(site, at, name).await;
    create_for(site, username, at, name, &hash).await
}

/// The same for what is pending.
pub(crate) async fn create_for(
    site: &TestSite,
    username: &str,
    at: &str,
    name: &str,
    hash: &str,
) -> (Account, Created, String) {
    let (app, sealer) = (site.site.app(), site.site.app().site().await.unwrap().sealer.clone());
    let mut user = Account::new(UserId::new(&app.entropy), app.clock.now());
    user.username = Some(username.to_owned());
    let link = link(site, &user, at, name, None);
    let (session, token) = Session::start(&user, "", &app.entropy, app.clock.now());
    let store = &app.store;
    let created = store.create_user_with_link(&user, &link, &session, hash, None, attempt(app)).await.unwrap();
    (user, created, format!("session={}", token.seal(&sealer)))
}

/// Somebody who came with an account elsewhere and has no password, in their browser.
pub(crate) async fn newcomer<'s>(site: &'s TestSite, username: &str, at: &str, name: &str) -> (User, Browser<'s>) {
    let (account, created, cookie) = create(site, username, at, name).await;
    assert_eq!(created, Created::Done);
    let browser = site.browser();
    browser.accept(&cookie);
    (User { user_id: account.user_id.to_string(), username: username.to_owned(), password: String::new() }, browser)
}

/// What `GET /connections` says in a browser.
pub(crate) async fn connections(site: &TestSite, browser: &Browser<'_>) -> Value {
    let reply = site.send(browser.http.get(site.url("/connections")), None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

/// Bangumi renews tokens from now on: to those named after `name`.
pub(crate) fn renews(remote: &Remote, name: &str) {
    let body = json!({
        "access_token": format!("access-{name}"), "refresh_token": format!("refresh-{name}"),
        "expires_in": 604_800, "token_type": "Bearer", "scope": null,
    });
    remote.put("/oauth/access_token", Answer::json(&body));
}
