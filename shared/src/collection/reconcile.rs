//! What is to be done about one entry, given what is here and what is there. Pure: who asks Bangumi, sends and writes is
//! the synchronisation's matter.

use super::entry::{Entry, Status};
use super::fields::{Base, Fields};
use super::marks::Marks;
use super::merge::{Asked, Choice, Deleted, Field, Rule, Settings, Side, is_same, merge, merge_deleted, settle};
use super::work::Work;
use crate::clock::Millis;

/// What is known of both sides.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The work.
    pub subject_id: u32,
    /// The entry here, which may be one that was removed.
    pub kept: Option<&'a Entry>,
    /// Which account there.
    pub account: &'a str,
    /// How the user wants it.
    pub settings: Settings,
    /// Now.
    pub now: Millis,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is to be there afterwards, where something has to be sent. It is sent before the entry is written: cut off
    /// between the two, the next look finds both sides agreed.
    pub send: Option<Fields>,
    /// The entry as it is to be here; nothing, where there is to be none.
    pub entry: Option<Entry>,
}

impl Step {
    /// Whether its owner sees that the entry is another than before.
    pub fn is_seen(&self, kept: Option<&Entry>) -> bool {
        let version = |entry: &Entry| entry.version;
        self.entry.as_ref().map(version) != kept.map(version)
    }
}

impl Known<'_> {
    /// What was agreed on with this account. With another one nothing was.
    fn base(&self) -> Option<&Base> {
        self.kept?.base.as_ref().filter(|base| base.account == self.account)
    }

    /// Whether a row has nothing new: it is as agreed, or as its owner was asked about already.
    pub fn is_old(&self, row: &Side) -> bool {
        let Some(base) = self.base() else { return false };
        let asked = self.kept.and_then(|kept| kept.asked.as_ref());
        let marks = &base.marks;
        match asked {
            None => {
                base.seen == Some(row.changed_at) && base.is(&Fields { marks: marks.clone(), ..row.fields.clone() })
            }
            Some(Asked { theirs: Some(theirs), changed_at, .. }) => {
                let row_fields = Fields { marks: theirs.marks.clone(), ..row.fields.clone() };
                self.settings.conflicts == Rule::Ask && *changed_at == row.changed_at && *theirs == row_fields
            }
            Some(Asked { theirs: None, .. }) => false,
        }
    }

    /// The marks there, where a row says as much: it has none, or has not changed since they were read.
    pub fn marks_there(&self, changed_at: Millis, marked: u32) -> Option<Marks> {
        if marked == 0 {
            return Some(Marks::default());
        }
        let base = self.base()?;
        (base.seen == Some(changed_at)).then(|| base.marks.clone())
    }

    /// The entry is there.
    pub fn with(&self, theirs: &Side, work: Option<&Work>) -> Step {
        let nothing = Step { send: None, entry: self.kept.cloned() };
        let Some(kept) = self.kept else {
            let entry = self.settings.direction.pulls().then(|| self.taken(None, theirs, work));
            return Step { send: None, entry };
        };
        let described = Entry { work: work.cloned().or_else(|| kept.work.clone()), ..kept.clone() };
        if !kept.is_live() {
            return self.with_removed(&described, theirs, work);
        }
        let blank = Base::blank(self.account);
        let base = self.base().unwrap_or(&blank);
        let mine = Side { fields: kept.fields(), changed_at: kept.updated_at };
        let merged = merge(base, &mine, theirs, self.settings);
        let send = (!merged.theirs.is_held_as(&theirs.fields)).then(|| merged.theirs.clone());
        if merged.base == blank && merged.asked.is_empty() {
            // It goes neither way, so that nothing is known of this account.
            return nothing;
        }
        let asked = (!merged.asked.is_empty()).then(|| Asked {
            fields: merged.asked.clone(),
            theirs: Some(theirs.fields.clone()),
            changed_at: theirs.changed_at,
        });
        let base = Base { seen: Some(theirs.changed_at), ..merged.base };
        let entry = Entry { base: Some(base), asked, ..described.with_fields(merged.mine) };
        Step { send, entry: Some(self.after(kept, entry)) }
    }

    fn with_removed(&self, kept: &Entry, theirs: &Side, work: Option<&Work>) -> Step {
        let deleted_at = kept.deleted_at.unwrap_or(kept.updated_at);
        let blank = Base::blank(self.account);
        let settled = |base: Base| Entry {
            base: Some(Base { account: self.account.to_owned(), ..base }),
            asked: None,
            settled: Some(kept.version),
            ..kept.clone()
        };
        let outcome = merge_deleted(Some(self.base().unwrap_or(&blank)), deleted_at, theirs, self.settings);
        match outcome {
            Deleted::Stays(base) => Step { send: None, entry: Some(settled(base)) },
            Deleted::MarkDropped(base) => {
                let dropped = Fields { status: Status::Dropped, ..theirs.fields.clone() };
                Step { send: Some(dropped), entry: Some(settled(base)) }
            }
            Deleted::Revive => Step { send: None, entry: Some(self.taken(Some(kept), theirs, work)) },
            Deleted::Ask => {
                let asked = Asked {
                    fields: vec![Field::Presence],
                    theirs: Some(theirs.fields.clone()),
                    changed_at: theirs.changed_at,
                };
                let base = Some(self.base().unwrap_or(&blank).clone());
                Step { send: None, entry: Some(Entry { asked: Some(asked), base, ..kept.clone() }) }
            }
        }
    }

    /// The entry is not there.
    pub fn without(&self) -> Step {
        let Some(kept) = self.kept else { return Step { send: None, entry: None } };
        let nothing = Step { send: None, entry: Some(kept.clone()) };
        match self.base() {
            // Removed on both sides, or there before it ever was here: nothing is left to be known.
            _ if !kept.is_live() => Step { send: None, entry: Some(Entry { base: None, asked: None, ..kept.clone() }) },
            Some(base) if base.seen.is_some() || base.status.is_some() => {
                let changed_at = base.seen.unwrap_or(Millis(0));
                let asked = Asked { fields: vec![Field::Presence], theirs: None, changed_at };
                Step { send: None, entry: Some(Entry { asked: Some(asked), ..kept.clone() }) }
            }
            _ if self.settings.direction.pushes() => {
                let fields = kept.fields().as_held_there();
                let there = Side { fields: fields.clone(), changed_at: self.now };
                let base = Base { seen: None, ..Base::agreed(self.account, &there) };
                Step { send: Some(fields), entry: Some(Entry { base: Some(base), asked: None, ..kept.clone() }) }
            }
            _ => nothing,
        }
    }

    /// What is there, taken over as it is.
    fn taken(&self, kept: Option<&Entry>, theirs: &Side, work: Option<&Work>) -> Entry {
        // As old as it is there, so that a collection that comes over whole keeps its order.
        let at = if theirs.changed_at.0 > 0 { theirs.changed_at.min(self.now) } else { self.now };
        let new = Entry::new(self.subject_id, theirs.fields.status, at);
        let entry = Entry {
            base: Some(Base::agreed(self.account, theirs)),
            asked: None,
            deleted_at: None,
            work: work.cloned().or_else(|| kept.and_then(|kept| kept.work.clone())),
            ..kept.cloned().unwrap_or(new).with_fields(theirs.fields.clone())
        };
        match kept {
            Some(kept) => self.after(kept, entry),
            None => Entry { version: 1, ..entry },
        }
    }

    /// The entry, as it follows what is kept: what its owner sees of it may be another.
    fn after(&self, kept: &Entry, entry: Entry) -> Entry {
        if entry.fields() == kept.fields() && entry.is_live() == kept.is_live() {
            return entry;
        }
        let updated_at = self.now.max(Millis(kept.updated_at.0 + 1));
        Entry { updated_at, version: kept.version + 1, settled: None, ..entry }
    }
}

/// What becomes of an entry once its owner has said whose a field is to be, or all of them that they are asked about; `None`
/// where they are asked nothing of the kind.
pub fn answer(kept: &Entry, field: Option<Field>, choice: Choice, now: Millis) -> Option<Entry> {
    let asked = kept.asked.as_ref()?;
    let answered: Vec<Field> =
        asked.fields.iter().copied().filter(|asked| field.is_none_or(|field| field == *asked)).collect();
    if answered.is_empty() {
        return None;
    }
    let base = kept.base.clone().unwrap_or_default();
    let known = Known {
        subject_id: kept.subject_id,
        kept: Some(kept),
        account: &base.account,
        settings: Settings::default(),
        now,
    };
    let entry = match (&asked.theirs, choice) {
        // It was removed there.
        (None, Choice::Mine) => Entry { base: None, asked: None, settled: None, ..kept.clone() },
        (None, Choice::Theirs) => Entry { base: None, asked: None, deleted_at: Some(now), ..kept.clone() },
        // It was removed here.
        (Some(theirs), choice) if !kept.is_live() => {
            let theirs = Side { fields: theirs.clone(), changed_at: asked.changed_at };
            if choice == Choice::Theirs {
                return Some(known.taken(Some(kept), &theirs, None));
            }
            let base = Some(Base::agreed(&base.account, &theirs));
            Entry { base, asked: None, settled: Some(kept.version), ..kept.clone() }
        }
        (Some(theirs), choice) => {
            let (mut mine, mut base) = (kept.fields(), base.clone());
            for field in &answered {
                settle(*field, choice, &mut mine, &mut base, theirs);
            }
            let left: Vec<_> = asked.fields.iter().copied().filter(|field| !answered.contains(field)).collect();
            let asked = (!left.is_empty()).then(|| Asked { fields: left, ..asked.clone() });
            Entry { base: Some(base), asked, settled: None, ..kept.clone() }.with_fields(mine)
        }
    };
    Some(known.after(kept, entry))
}

impl Base {
    /// `wanted` was sent, where `before` was there, or nothing: what differs between the two is agreed on now.
    pub fn sent(&mut self, before: Option<&Fields>, wanted: &Fields) {
        let mut unused = wanted.clone();
        for field in Field::HELD {
            if before.is_some_and(|before| is_same(field, before, wanted)) {
                continue;
            }
            if field == Field::Episodes {
                let changes = before.map_or(Marks::default(), |before| before.marks.clone()).changes(&wanted.marks);
                for episode in changes.into_iter().flat_map(|(_, episodes)| episodes) {
                    self.marks.set(episode, wanted.marks.get(episode));
                }
            } else {
                settle(field, Choice::Mine, &mut unused, self, wanted);
            }
        }
    }
}

impl Fields {
    /// Whether Bangumi holds the same for both.
    pub fn is_held_as(&self, other: &Self) -> bool {
        Field::HELD.into_iter().all(|field| is_same(field, self, other))
    }
}
