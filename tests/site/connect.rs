//! Signing in with, and binding, accounts elsewhere.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod begin;
mod binding;
mod callback;
mod outages;
mod pages;
mod pending;
mod programs;
mod providers;
mod races;
mod requests;
mod throttling;

use tests::{Reply, TestSite, Value};

/// How many sessions, links, identities and pending accounts the table has.
async fn kept(site: &TestSite) -> [usize; 4] {
    let items = site.dump().await;
    ["session", "link", "identity", "pending link"]
        .map(|kind| items.iter().filter(|item| item["type"]["S"] == kind).count())
}

/// The `code` of a refusal.
fn code(reply: &Reply) -> String {
    reply.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
}
