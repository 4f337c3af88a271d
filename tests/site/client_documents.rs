//! Clients whose `client_id` is the address of what they are (draft-ietf-oauth-client-id-metadata-document).

mod changes;
mod documents;
mod flows;
mod names;
mod operators;
mod outages;

use tests::{Browser, DocumentSite, Reply, TestSite};

use crate::authorize::assert_page;

/// A site, and the name of somebody who has an account.
async fn start() -> (DocumentSite, tests::User) {
    let site = DocumentSite::start().await;
    let user = site.register("sakura").await;
    (site, user)
}

/// Somebody's browser.
async fn signed_in<'s>(site: &'s TestSite, user: &tests::User) -> Browser<'s> {
    let browser = site.browser();
    browser.sign_in(user).await;
    browser
}

fn assert_refused(reply: &Reply, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{why}: {}", reply.body);
}
