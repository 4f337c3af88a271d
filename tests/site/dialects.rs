//! Other systems' words: an application that was written against one of their documents works here, and whoever was not
//! given a dialect gets nothing by it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod acwing;
mod crossing;
mod lianluo;
mod registration;
mod six_park;
mod weibo;

use tests::{Browser, Client, Reply, TestSite, User, Value, json};

/// An application that was given these dialects, and has one address.
async fn application(site: &TestSite, dialects: &[&str], redirect: &str) -> Client {
    site.client_with(json!({ "dialects": dialects, "redirect_uris": [redirect] })).await
}

/// Somebody who is signed in.
async fn somebody<'s>(site: &'s TestSite, name: &str) -> (Browser<'s>, User) {
    let user = site.register(name).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    (browser, user)
}

/// Opens an authorization address, and consents where asked.
async fn allowed(browser: &Browser<'_>, path: &str) -> Reply {
    let reply = browser.open(path).await;
    if reply.status == 200 { browser.decide(&reply, "allow").await } else { reply }
}

/// A query, percent-encoded, in this order.
fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The members' names of an answer, sorted.
fn members(reply: &Reply) -> Vec<String> {
    reply.json().as_object().unwrap().keys().cloned().collect()
}

fn text(reply: &Reply, member: &str) -> String {
    reply.json()[member].as_str().unwrap_or_else(|| panic!("{member} of {}", reply.body)).to_owned()
}

/// Status and error.
fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status, reply.error())
}

/// Gives somebody a picture.
async fn with_avatar(site: &TestSite, user: &User, avatar: &str) {
    let own = site.sign_in(user).await;
    assert_eq!(site.patch("/account", Some(&own), json!({ "avatar": avatar })).await.status, 200);
}

fn string(text: &str) -> Value {
    Value::from(text)
}
