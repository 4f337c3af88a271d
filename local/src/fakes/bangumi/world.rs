//! What Bangumi knows: who collected what, what became of works, and who asked how often.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use serde_json::{Value, json};
use shared::bangumi::Modify;
use shared::clock::{Clock, Millis, Time};

use super::super::person::Person;
use super::catalogue::{self, Work};

/// What may be switched off, or set otherwise, for everybody.
#[derive(Clone, Debug)]
pub struct Quirks {
    /// Whoever does not say who they are, as `owner/app/version (homepage)`, is refused.
    pub user_agent: bool,
    /// A body that is not exactly `application/json`, or has unknown fields, is refused.
    pub strict_bodies: bool,
    /// How many requests each may make in ten minutes; whoever makes more is refused for an hour.
    pub requests: u32,
    /// What a saved entry is answered with: 202 or 204.
    pub saved: u16,
    /// A list without rows is null.
    pub null_lists: bool,
    /// An edit of score or tags on the web leaves `updated_at` as it is.
    pub quiet_edits: bool,
    /// Rows of removed works are left out, and counted all the same.
    pub leaves_removed_out: bool,
    /// Numbers no longer name those who chose a name.
    pub wants_username: bool,
    /// How many made-up works there are.
    pub works: u32,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            user_agent: true,
            strict_bodies: true,
            requests: 3_000,
            saved: 202,
            null_lists: true,
            quiet_edits: true,
            leaves_removed_out: true,
            wants_username: true,
            works: 400,
        }
    }
}

/// A line of somebody's public timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// About which work.
    pub subject_id: u32,
    /// What was done.
    pub deed: Deed,
    /// Whether the API was asked to, and not the web.
    pub by_api: bool,
}

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The work was put under this type, or once more.
    Collected(u8),
    /// These episodes were marked so.
    Marked(Vec<u32>, u8),
}

/// Something collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 1 wish, 2 done, 3 doing, 4 on hold, 5 dropped.
    pub kind: u8,
    /// 1 to 10, or 0.
    pub rate: u8,
    /// A remark, or nothing.
    pub comment: String,
    /// Whether its owner alone sees it.
    pub private: bool,
    /// Tags.
    pub tags: Vec<String>,
    /// Episodes that have a mark, and when they got it.
    pub marks: BTreeMap<u32, (u8, Time)>,
    /// When it was changed, as Bangumi believes.
    pub updated_at: Millis,
    moderated: bool,
}

#[derive(Default)]
pub(super) struct Account {
    pub(super) username: String,
    pub(super) chosen: bool,
    pub(super) rows: BTreeMap<u32, Row>,
    timeline: Vec<Line>,
}

/// The whole of it, for tests to look at and to change, as people do on the web.
pub struct World {
    clock: Clock,
    /// The day on which it began.
    today: Date,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) quirks: Quirks,
    pub(super) accounts: BTreeMap<u64, Account>,
    removed: BTreeSet<u32>,
    merged: BTreeMap<u32, u32>,
    locked: BTreeSet<u32>,
    asked: HashMap<String, Tally>,
    /// Disorder that never repeats.
    pub(super) turns: u64,
}

struct Tally {
    since: Time,
    count: u32,
    banned_until: Time,
}

/// What became of a work.
pub(super) enum Standing {
    Here(Work),
    Merged(u32),
    Gone,
}

impl World {
    pub(in super::super) fn new(clock: Clock) -> Self {
        let today = day(clock.now());
        let mut state = State::default();
        // Some are gone from the start.
        state.merged.extend((391..=395).map(|id| (id, id - 100)));
        state.removed.extend(396..=400);
        Self { clock, today, state: Mutex::new(state) }
    }

    pub(in super::super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Changes how it behaves.
    pub fn set(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.state().quirks);
    }

    /// What somebody collected, by the number of the work.
    pub fn collection(&self, person: &str) -> BTreeMap<u32, Row> {
        self.with(person, |account, _| account.rows.clone())
    }

    /// Somebody's public timeline, the oldest first.
    pub fn timeline(&self, person: &str) -> Vec<Line> {
        self.with(person, |account, _| account.timeline.clone())
    }

    /// Changes an entry, or makes one, as its owner does on the web.
    pub fn edit(&self, person: &str, subject: u32, edit: &Modify) {
        let now = self.clock.now_millis();
        self.with(person, |account, quirks| {
            let quiet = quirks.quiet_edits
                && edit.kind.is_none()
                && edit.comment.is_none()
                && edit.private.is_none()
                && account.rows.contains_key(&subject);
            account.save(subject, edit, if quiet { None } else { Some(now) }, false);
        });
    }

    /// Marks episodes of a collected work, as its owner does on the web.
    pub fn mark(&self, person: &str, subject: u32, episodes: &[u32], mark: u8) {
        let now = self.clock.now_millis();
        self.with(person, |account, _| account.mark(subject, episodes, mark, now, false));
    }

    /// Takes an entry out, as its owner does on the web: the API can't.
    pub fn remove(&self, person: &str, subject: u32) {
        self.with(person, |account, _| account.rows.remove(&subject));
    }

    /// Makes an entry private, for good.
    pub fn moderate(&self, person: &str, subject: u32) {
        self.with(person, |account, _| {
            if let Some(row) = account.rows.get_mut(&subject) {
                (row.private, row.moderated) = (true, true);
            }
        });
    }

    /// Gives somebody another name in addresses.
    pub fn rename(&self, person: &str, username: &str) {
        self.with(person, |account, _| {
            username.clone_into(&mut account.username);
            account.chosen = true;
        });
    }

    /// Collects the first `count` works for somebody, one a minute, the last one now; every fourth is marked as far as half.
    pub fn fill(&self, person: &str, count: u32) {
        let now = self.clock.now_millis();
        let state = self.state();
        let ids: Vec<_> = catalogue::numbers(state.quirks.works)
            .filter(|id| matches!(self.standing(&state, *id), Standing::Here(_)))
            .take(usize::try_from(count).unwrap_or(usize::MAX))
            .collect();
        let works = state.quirks.works;
        drop(state);
        let mut minutes = i64::from(count);
        for id in ids {
            minutes -= 1;
            let at = Millis(now.0 - minutes * 60_000);
            let seed = catalogue::mix(id.into());
            let part = |shift: u32, of: u64| u8::try_from((seed >> shift) % of).unwrap_or_default();
            let edit = Modify {
                kind: Some(part(0, 5) + 1),
                rate: Some(part(8, 11)),
                comment: (id % 7 == 0).then(|| format!("评{id}")),
                private: Some(id % 19 == 0),
                tags: Some(if id % 3 == 0 { vec!["TV".to_owned(), "原创".to_owned()] } else { Vec::new() }),
            };
            let half = catalogue::work(id, works, self.today).map(|work| {
                let main = work.episodes().filter(|(_, kind)| *kind == 0);
                main.take(usize::try_from(work.eps / 2).unwrap_or_default()).map(|(id, _)| id).collect::<Vec<_>>()
            });
            self.with(person, |account, _| {
                account.save(id, &edit, Some(at), false);
                if let Some(half) = half.filter(|half| id % 4 == 0 && !half.is_empty()) {
                    account.mark(id, &half, 2, at, false);
                }
                account.timeline.clear();
            });
        }
    }

    /// The numbers of a work's episodes of a type.
    pub fn episodes(&self, subject: u32, kind: u8) -> Vec<u32> {
        let state = self.state();
        let work = catalogue::work(subject, state.quirks.works, self.today);
        work.into_iter().flat_map(|work| work.episodes()).filter(|(_, is)| *is == kind).map(|(id, _)| id).collect()
    }

    /// Removes a work.
    pub fn remove_subject(&self, subject: u32) {
        self.state().removed.insert(subject);
    }

    /// Merges a work into another.
    pub fn merge_subject(&self, subject: u32, into: u32) {
        self.state().merged.insert(subject, into);
    }

    /// Lets nobody change what they collected of a work.
    pub fn lock_subject(&self, subject: u32) {
        self.state().locked.insert(subject);
    }

    fn with<T>(&self, person: &str, act: impl FnOnce(&mut Account, &Quirks) -> T) -> T {
        let mut state = self.state();
        let State { accounts, quirks, .. } = &mut *state;
        act(account(accounts, &Person::named(person)), quirks)
    }

    pub(super) fn now(&self) -> Millis {
        self.clock.now_millis()
    }

    pub(super) fn standing(&self, state: &State, subject: u32) -> Standing {
        if let Some(into) = state.merged.get(&subject) {
            return Standing::Merged(*into);
        }
        let work = catalogue::work(subject, state.quirks.works, self.today);
        work.filter(|_| !state.removed.contains(&subject)).map_or(Standing::Gone, Standing::Here)
    }

    pub(super) fn is_locked(&self, state: &State, subject: u32) -> bool {
        state.locked.contains(&subject)
    }

    /// The works that `wanted` says yes to.
    pub(super) fn works(&self, state: &State, wanted: impl Fn(&Work) -> bool) -> Vec<Work> {
        let here = catalogue::numbers(state.quirks.works).filter_map(|id| match self.standing(state, id) {
            Standing::Here(work) => Some(work),
            Standing::Merged(_) | Standing::Gone => None,
        });
        here.filter(|work| wanted(work)).collect()
    }

    /// The present day.
    pub(super) fn day(&self) -> Date {
        day(self.clock.now())
    }

    /// Counts a request of somebody; false where there were too many.
    pub(super) fn admits(&self, state: &mut State, who: String) -> bool {
        let now = self.clock.now();
        let tally = state.asked.entry(who).or_insert(Tally { since: now, count: 0, banned_until: Time(0) });
        if now < tally.banned_until {
            return false;
        }
        if now - tally.since >= 600 {
            (tally.since, tally.count) = (now, 0);
        }
        tally.count += 1;
        if tally.count > state.quirks.requests {
            (tally.banned_until, tally.count) = (now + 3_600, 0);
            return false;
        }
        true
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's account; everybody has one.
pub(super) fn account<'a>(accounts: &'a mut BTreeMap<u64, Account>, person: &Person) -> &'a mut Account {
    accounts.entry(person.number).or_insert_with(|| {
        let chosen = person.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let chosen = chosen && person.name != person.number.to_string();
        let username = if chosen { person.name.clone() } else { person.number.to_string() };
        Account { username, chosen, ..Account::default() }
    })
}

impl Account {
    /// Makes an entry or changes it. `at` is when; `None` leaves that as it was.
    pub(super) fn save(&mut self, subject: u32, edit: &Modify, at: Option<Millis>, by_api: bool) {
        let new = Row {
            kind: 1,
            rate: 0,
            comment: String::new(),
            private: false,
            tags: Vec::new(),
            marks: BTreeMap::new(),
            updated_at: at.unwrap_or(Millis(0)),
            moderated: false,
        };
        let row = self.rows.entry(subject).or_insert(new);
        row.kind = edit.kind.unwrap_or(row.kind);
        row.rate = edit.rate.unwrap_or(row.rate);
        row.comment = edit.comment.clone().unwrap_or_else(|| row.comment.clone());
        row.tags = edit.tags.clone().unwrap_or_else(|| row.tags.clone());
        row.private = edit.private.unwrap_or(row.private) || row.moderated;
        row.updated_at = at.unwrap_or(row.updated_at);
        if let (Some(kind), false) = (edit.kind, row.private) {
            self.timeline.push(Line { subject_id: subject, deed: Deed::Collected(kind), by_api });
        }
    }

    /// Marks episodes of a collected work.
    pub(super) fn mark(&mut self, subject: u32, episodes: &[u32], mark: u8, at: Millis, by_api: bool) {
        let Some(row) = self.rows.get_mut(&subject) else { return };
        for episode in episodes {
            if mark == 0 {
                row.marks.remove(episode);
            } else {
                row.marks.insert(*episode, (mark, at.time()));
            }
        }
        row.updated_at = at;
        if !row.private {
            let deed = Deed::Marked(episodes.to_vec(), mark);
            self.timeline.push(Line { subject_id: subject, deed, by_api });
        }
    }
}

impl Row {
    /// As the API shows it.
    pub(super) fn json(&self, work: &Work) -> Value {
        json!({
            "subject_id": work.id,
            "subject_type": 2,
            "rate": self.rate,
            "type": self.kind,
            "comment": Some(&self.comment).filter(|comment| !comment.is_empty()),
            "tags": self.tags,
            // Every mark, whatever it says and of whatever kind the episode is.
            "ep_status": self.marks.len(),
            "vol_status": 0,
            "updated_at": shown(self.updated_at),
            "private": self.private,
            "subject": work.slim(),
        })
    }
}

/// RFC 3339, to the second, as it is in China.
fn shown(at: Millis) -> String {
    let at = Timestamp::from_second(at.time().0).unwrap_or_default();
    at.display_with_offset(tz::offset(8)).to_string()
}

fn day(now: Time) -> Date {
    Timestamp::from_second(now.0).unwrap_or_default().to_zoned(tz::TimeZone::fixed(tz::offset(8))).date()
}
