//! A collection in step with Bangumi.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod conflicts;
mod day;
mod deletions;
mod kill;
mod pace;
mod steps;
mod trouble;
mod wishes;

use std::cell::RefCell;

use local::fakes::bangumi::World;
use local::fakes::{Control, Endpoint, Pulse};
use shared::clock::{Millis, Time};
use shared::collection::Entry;
use shared::collection::sync::SyncState;
use shared::id::UserId;
use tests::{Reply, TestSite, User, Value, json};

/// Somebody whose account at Bangumi is bound, under the same name there.
pub(crate) struct Bound<'s> {
    pub(crate) site: &'s TestSite,
    pub(crate) name: String,
    pub(crate) id: UserId,
    user: User,
    /// Until when the token is good, and the token.
    token: RefCell<(Time, String)>,
}

pub(crate) fn control(site: &TestSite) -> &Control {
    site.site.fakes().unwrap().control()
}

pub(crate) fn world(site: &TestSite) -> &World {
    control(site).bangumi()
}

/// How often Bangumi was asked for something.
pub(crate) fn asked(site: &TestSite, endpoint: Endpoint) -> usize {
    control(site).requests_to("bangumi", endpoint).len()
}

/// How often it was asked to change anything.
pub(crate) fn writes(site: &TestSite) -> usize {
    asked(site, Endpoint::Save) + asked(site, Endpoint::Mark)
}

pub(crate) async fn run(site: &TestSite) {
    site.site.run_scheduled("sync").await.unwrap();
}

/// From now on every request, to Bangumi and to the table, goes by this.
pub(crate) fn watch(site: &TestSite, pulse: Option<Pulse>) {
    control(site).watch(pulse.clone());
    site.proxy.watch(pulse);
}

/// Somebody new, who binds their account.
pub(crate) async fn bound<'s>(site: &'s TestSite, name: &str) -> Bound<'s> {
    let user = site.register(name).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let bound = browser.bind("bangumi", name).await;
    assert_eq!(bound.status, 303, "{}", bound.body);
    let id = browser.me().await["user_id"].as_str().unwrap().parse().unwrap();
    Bound { site, name: name.to_owned(), id, user, token: RefCell::new((Time(0), String::new())) }
}

impl Bound<'_> {
    /// Who they are.
    pub(crate) fn user(&self) -> &User {
        &self.user
    }

    /// A token that is good now.
    pub(crate) async fn token(&self) -> String {
        let (good_until, token) = self.token.borrow().clone();
        if good_until > self.site.clock.now() {
            return token;
        }
        let token = self.site.sign_in(&self.user).await;
        *self.token.borrow_mut() = (self.site.clock.now() + 600, token.clone());
        token
    }

    pub(crate) async fn entry(&self, subject: u32) -> Option<Entry> {
        self.site.site.app().store.find_entry(self.id, subject).await.unwrap()
    }

    pub(crate) async fn state(&self) -> SyncState {
        self.site.site.app().store.find_sync(self.id).await.unwrap().unwrap()
    }

    pub(crate) async fn put(&self, subject: u32, entry: Value) {
        let reply = self.site.put(&format!("/collections/{subject}"), Some(&self.token().await), entry).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.body);
    }

    pub(crate) async fn patch(&self, subject: u32, edit: Value) {
        let reply = self.site.patch(&format!("/collections/{subject}"), Some(&self.token().await), edit).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    pub(crate) async fn delete(&self, subject: u32) {
        let reply = self.site.delete(&format!("/collections/{subject}"), Some(&self.token().await), json!({})).await;
        assert_eq!(reply.status, 204, "{}", reply.body);
    }

    /// How it is, as they see it.
    pub(crate) async fn sync(&self) -> Value {
        let reply = self.site.get("/collections/sync", Some(&self.token().await)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    pub(crate) async fn set(&self, settings: Value) {
        let reply = self.site.patch("/collections/sync", Some(&self.token().await), settings).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    /// What they are asked.
    pub(crate) async fn conflicts(&self) -> Vec<Value> {
        let reply = self.site.get("/collections/sync/conflicts", Some(&self.token().await)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn settle(&self, subject: u32, answer: Value) -> Reply {
        self.site.post(&format!("/collections/sync/conflicts/{subject}"), Some(&self.token().await), answer).await
    }

    /// All that is here.
    pub(crate) async fn all(&self) -> Vec<Entry> {
        let kept = self.site.site.app().store.list_kept_entries(self.id, 0, 100_000).await.unwrap();
        kept.into_iter().filter(Entry::is_live).collect()
    }

    /// Whether nothing is different on the two sides, entry by entry.
    pub(crate) async fn assert_in_step(&self, case: &str) {
        self.assert_in_step_but(case, &[]).await;
    }

    /// The same, but for some.
    pub(crate) async fn assert_in_step_but(&self, case: &str, others: &[u32]) {
        let mut there = world(self.site).collection(&self.name);
        let mut here = self.all().await;
        there.retain(|subject, _| !others.contains(subject));
        here.retain(|entry| !others.contains(&entry.subject_id));
        assert_eq!(here.len(), there.len(), "{case}");
        for entry in here {
            let row = &there[&entry.subject_id];
            let status = match row.kind {
                1 => "wish",
                2 => "done",
                3 => "watching",
                4 => "on_hold",
                _ => "dropped",
            };
            assert_eq!(entry.status.as_str(), status, "{case}: {}", entry.subject_id);
            assert_eq!(entry.rating.unwrap_or(0), row.rate, "{case}: {}", entry.subject_id);
            assert_eq!(entry.comment.clone().unwrap_or_default(), row.comment, "{case}: {}", entry.subject_id);
            assert_eq!(entry.tags, row.tags, "{case}: {}", entry.subject_id);
            assert_eq!(entry.private, row.private, "{case}: {}", entry.subject_id);
            let marks: Vec<_> = entry.marks.iter().map(|(id, _)| id).collect();
            assert_eq!(marks, row.marks.keys().copied().collect::<Vec<_>>(), "{case}: {}", entry.subject_id);
        }
    }
}

/// A later moment, so that what is done next is newer.
pub(crate) fn later(site: &TestSite, seconds: i64) -> Millis {
    site.clock.advance(seconds);
    site.clock.now_millis()
}
