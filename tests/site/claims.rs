//! Claims (OpenID Connect Core §5): what people tell about themselves, what is asked for one by one, and of whom.

mod details;
mod first_party;
mod hints;
mod parameter;

use tests::{Browser, Client, TestSite, User};

/// Somebody who is signed in, and an application.
async fn somebody<'s>(site: &'s TestSite, name: &str) -> (User, Browser<'s>, Client) {
    let (user, client) = (site.register(name).await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    (user, browser, client)
}
