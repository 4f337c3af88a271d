//! People and sessions made behind the site's back: hashing passwords is what would make these tests slow.

use std::sync::LazyLock;

use local::table::TABLE_NAME;
use shared::account::{Password, Session, SessionToken, User as Account};
use shared::id::{Attempt, UserId};
use shared::store::users::StoredPassword;
use shared::store::{Patience, Store};
use tests::{Browser, PASSWORD, TestSite, User};

/// A hash of [`PASSWORD`] that is checked in no time. A sign-in would make it anew.
pub(super) static WEAK: LazyLock<String> = LazyLock::new(|| Password::new(PASSWORD).hash_with(8, 1).unwrap());

/// Somebody new, signed in.
pub(super) struct Newcomer<'s> {
    pub(super) user: User,
    pub(super) browser: Browser<'s>,
    /// For the forms of the site's pages.
    pub(super) csrf: String,
}

/// Makes somebody of that name.
pub(super) async fn newcomer<'s>(site: &'s TestSite, username: &str) -> Newcomer<'s> {
    let app = site.site.app();
    let account = account(site, username);
    let (session, token) = Session::start(&account, "", &app.entropy, app.clock.now());
    let password = StoredPassword { hash: WEAK.clone(), version: 1 };
    app.store.create_user(&account, &password, Some(&session), Attempt::new(&app.entropy)).await.unwrap();
    let (user_id, username) = (account.user_id.to_string(), username.to_owned());
    let user = User { user_id, username, password: PASSWORD.to_owned() };
    let browser = browser_with(site, &token).await;
    let csrf = browser.open("/register").await.input("csrf");
    Newcomer { user, browser, csrf }
}

/// An account that is written nowhere yet.
pub(super) fn account(site: &TestSite, username: &str) -> Account {
    let app = site.site.app();
    Account { username: Some(username.to_owned()), ..Account::new(UserId::new(&app.entropy), app.clock.now()) }
}

/// A browser in which they are signed in, and which is not known to be theirs.
pub(super) async fn browser_of<'s>(site: &'s TestSite, user: &User) -> Browser<'s> {
    let app = site.site.app();
    let account = app.store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap();
    let (session, token) = Session::start(&account, "", &app.entropy, app.clock.now());
    app.store.create_session(&session, Attempt::new(&app.entropy)).await.unwrap();
    browser_with(site, &token).await
}

async fn browser_with<'s>(site: &'s TestSite, token: &SessionToken) -> Browser<'s> {
    let browser = site.browser();
    browser.accept(&format!("session={}", token.seal(&site.site.app().site().await.unwrap().sealer)));
    browser
}

/// Their password, as it is stored.
pub(super) async fn hash(site: &TestSite, user: &User) -> String {
    let (_, stored) = site.site.app().store.find_user_and_password(user.user_id.parse().unwrap()).await.unwrap();
    stored.unwrap().hash
}

/// Stores their password's weak hash again.
pub(super) async fn weaken(site: &TestSite, user: &User) {
    let app = site.site.app();
    let id = user.user_id.parse().unwrap();
    let (_, stored) = app.store.find_user_and_password(id).await.unwrap();
    app.store.rehash_password(id, &stored.unwrap(), WEAK.clone(), Attempt::new(&app.entropy)).await.unwrap();
}

/// The table, without the proxy: for what happens meanwhile.
pub(super) async fn elsewhere(site: &TestSite) -> Store {
    Store::connect(TABLE_NAME, Some(site.table_endpoint()), Patience::LOCAL).await.unwrap()
}
