//! One entry: looked at there, merged, sent, written.

use super::Stop;
use super::slice::{Slice, there};
use crate::bangumi::{BangumiError, MAIN, MARKS, Modify, Paged, UserCollection, UserEpisode};
use crate::clock::Millis;
use crate::collection::fields::{Base, Fields};
use crate::collection::merge::{Side, is_same};
use crate::collection::reconcile::{Known, Step};
use crate::collection::{Entry, Field, Mark, Marked, Marks, Status, Work};
use crate::id::Attempt;

/// A write that comes second is made again of what came first.
const TRIES: usize = 8;

/// How many episodes are marked at once.
const EPISODES: usize = 500;

/// What is there.
pub(super) enum There {
    /// This.
    Row(Box<UserCollection>),
    /// It is not collected.
    Nothing,
    /// There is no such work any more, or nobody can change it.
    NoWork,
}

impl Slice<'_> {
    /// Looks at one entry alone.
    pub(super) async fn look(&mut self, subject_id: u32) -> Result<There, Stop> {
        for anew in [false, true] {
            let username = self.username(anew).await?;
            self.admit().await?;
            let row = self.app.bangumi.collection(self.app, &self.token, &username, subject_id).await;
            match there(row)? {
                Ok(row) => return Ok(There::Row(Box::new(row))),
                Err(BangumiError::NotCollected) => return Ok(There::Nothing),
                // It may as well be the user who is not found under that name any more.
                Err(_) => {}
            }
        }
        Ok(There::NoWork)
    }

    /// Brings the entry of a row in step.
    pub(super) async fn settle_row(&mut self, row: &UserCollection, kept: Option<Entry>) -> Result<(), Stop> {
        let Some(fields) = fields(row) else {
            tracing::warn!("a row of Bangumi's has a type that is not known");
            return Ok(());
        };
        let changed_at = Millis(row.updated_at.as_millisecond());
        let known = self.known(row.subject_id, kept.as_ref());
        let mut theirs = Side { fields, changed_at };
        if known.is_old(&theirs) && !kept.as_ref().is_some_and(Entry::is_to_be_sent) {
            return Ok(());
        }
        theirs.fields.marks = match known.marks_there(changed_at, row.ep_status) {
            Some(marks) => marks,
            None => self.marks(row.subject_id).await?,
        };
        let work = row.subject.as_ref().map(Work::from);
        self.settle(row.subject_id, kept, Some(theirs), work.as_ref()).await
    }

    /// Brings an entry in step of which nothing is there.
    pub(super) async fn settle_nothing(&mut self, kept: Entry) -> Result<(), Stop> {
        self.settle(kept.subject_id, Some(kept), None, None).await
    }

    /// Notes that Bangumi does not take an entry as it is.
    pub(super) async fn give_up(&mut self, kept: &Entry) -> Result<(), Stop> {
        self.state.progress.counts.refused += 1;
        self.leave(kept).await
    }

    /// Leaves what is there as it is until the entry changes here again.
    pub(super) async fn leave(&mut self, kept: &Entry) -> Result<(), Stop> {
        let settled = Entry { settled: Some(kept.version), ..kept.clone() };
        self.write(&settled, Some(kept)).await.map(drop)
    }

    fn known<'e>(&'e self, subject_id: u32, kept: Option<&'e Entry>) -> Known<'e> {
        let account = &self.state.progress.account;
        Known { subject_id, kept, account, settings: self.state.settings, now: self.now() }
    }

    async fn settle(
        &mut self,
        subject_id: u32,
        mut kept: Option<Entry>,
        mut theirs: Option<Side>,
        work: Option<&Work>,
    ) -> Result<(), Stop> {
        // What was sent, and what was there before: nothing, or nothing at all.
        let mut sent: Option<(Option<Fields>, Fields)> = None;
        for _ in 0..TRIES {
            let known = self.known(subject_id, kept.as_ref());
            let Step { send, entry } = match &theirs {
                Some(theirs) => known.with(theirs, work),
                None => known.without(),
            };
            let seen = Step { send: None, entry: entry.clone() }.is_seen(kept.as_ref());
            let mut entry = entry;
            if let Some(wanted) = send {
                let before = theirs.take().map(|theirs| theirs.fields);
                match self.send(subject_id, before.as_ref(), &wanted).await? {
                    Ok(()) => {}
                    Err(_) => {
                        let Some(kept) = kept else { return Ok(()) };
                        return self.give_up(&kept).await;
                    }
                }
                let progress = &mut self.state.progress;
                progress.counts.pushed += 1;
                if before.is_none() {
                    // One more is there, and it is no surprise.
                    progress.total = progress.total.map(|total| total.saturating_add(1));
                }
                // When it was changed there is Bangumi's to say.
                let changed_at = self.changed_at(subject_id).await;
                if let Some(entry) = &mut entry {
                    if let Some(base) = &mut entry.base {
                        base.seen = changed_at;
                    }
                    if let (Some(asked), Some(changed_at)) = (&mut entry.asked, changed_at) {
                        (asked.theirs, asked.changed_at) = (Some(wanted.clone()), changed_at);
                    }
                }
                theirs = Some(Side { fields: wanted.clone(), changed_at: changed_at.unwrap_or_else(|| self.now()) });
                sent = Some((sent.map_or(before, |(first, _)| first), wanted));
            }
            let Some(entry) = entry.filter(|entry| Some(entry) != kept.as_ref()) else { return Ok(()) };
            if self.write(&entry, kept.as_ref()).await? {
                let counts = &mut self.state.progress.counts;
                counts.pulled += u32::from(seen);
                let asked = |entry: &Entry| entry.asked.is_some();
                counts.asked += u32::from(asked(&entry) && !kept.as_ref().is_some_and(asked));
                return Ok(());
            }
            // It was changed here meanwhile. What was just sent is agreed on, and nothing of it is news from there.
            kept = self.app.store.find_kept_entry(self.user, subject_id).await?;
            if let (Some(kept), Some((before, wanted))) = (&mut kept, &sent) {
                let base = kept.base.take().filter(|base| base.account == self.state.progress.account);
                let mut base = base.unwrap_or_else(|| Base::blank(&self.state.progress.account));
                base.sent(before.as_ref(), wanted);
                kept.base = Some(base);
            }
        }
        tracing::warn!("an entry changes all the time here: the next run looks at it again");
        Ok(())
    }

    /// Sends what differs. An error says that Bangumi does not take it.
    async fn send(
        &mut self,
        subject_id: u32,
        before: Option<&Fields>,
        wanted: &Fields,
    ) -> Result<Result<(), BangumiError>, Stop> {
        let modify = modify(before, wanted);
        if modify != Modify::default() {
            self.admit().await?;
            let saved = self.app.bangumi.save_collection(self.app, &self.token, subject_id, &modify).await;
            if let Err(error) = there(saved)? {
                return Ok(Err(error));
            }
        }
        let blank = Marks::default();
        for (mark, episodes) in before.map_or(&blank, |before| &before.marks).changes(&wanted.marks) {
            for episodes in episodes.chunks(EPISODES) {
                self.admit().await?;
                let mark = mark.map_or(0, number_of_mark);
                let marked = self.app.bangumi.mark_episodes(self.app, &self.token, subject_id, episodes, mark).await;
                if let Err(error) = there(marked)? {
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(()))
    }

    /// When an entry was changed there; nothing, if that can't be told now: then the next run looks at it closely.
    async fn changed_at(&mut self, subject_id: u32) -> Option<Millis> {
        match self.look(subject_id).await {
            Ok(There::Row(row)) => Some(Millis(row.updated_at.as_millisecond())),
            _ => None,
        }
    }

    async fn marks(&mut self, subject_id: u32) -> Result<Marks, Stop> {
        let mut marks = Marks::default();
        let mut offset = 0;
        loop {
            self.admit().await?;
            let page = self.app.bangumi.episode_marks(self.app, &self.token, subject_id, offset, MARKS).await;
            // The work went while it was looked at.
            let Ok(Paged { total, data, .. }) = there(page)? else { return Ok(marks) };
            let read = u32::try_from(data.len()).unwrap_or(u32::MAX);
            for UserEpisode { episode, kind, .. } in data {
                marks.set(episode.id, mark_of(kind).map(|mark| Marked { mark, main: episode.kind == MAIN }));
            }
            offset = offset.saturating_add(read);
            if read == 0 || offset >= total {
                return Ok(marks);
            }
        }
    }

    /// Writes an entry, if what it was made of is still there. What its owner sees of it is told, where it was here before.
    async fn write(&mut self, entry: &Entry, kept: Option<&Entry>) -> Result<bool, Stop> {
        let (store, attempt) = (&self.app.store, Attempt::new(&self.app.entropy));
        let told = kept.is_some_and(|kept| kept.version != entry.version);
        if told {
            return Ok(store.put_entry(self.user, entry, kept, attempt).await?);
        }
        if kept.is_none_or(|kept| kept.work != entry.work) {
            self.state.progress.pulled_at = Some(self.now());
        }
        Ok(store.put_entry_untold(self.user, entry, kept, attempt).await?)
    }
}

/// What a row says, but for marks.
pub(super) fn fields(row: &UserCollection) -> Option<Fields> {
    let status = match row.kind {
        1 => Status::Wish,
        2 => Status::Done,
        3 => Status::Watching,
        4 => Status::OnHold,
        5 => Status::Dropped,
        _ => return None,
    };
    let comment = row.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty());
    Some(Fields {
        status,
        rating: Some(row.rate).filter(|rate| (1..=10).contains(rate)),
        comment: comment.map(str::to_owned),
        tags: row.tags.clone(),
        private: row.private,
        marks: Marks::default(),
    })
}

fn modify(before: Option<&Fields>, wanted: &Fields) -> Modify {
    let differs = |field| before.is_none_or(|before| !is_same(field, before, wanted));
    let held = wanted.as_held_there();
    let kind = match held.status {
        Status::Wish => 1,
        Status::Done => 2,
        Status::Watching => 3,
        Status::OnHold => 4,
        Status::Dropped => 5,
    };
    Modify {
        kind: differs(Field::Status).then_some(kind),
        rate: differs(Field::Rating).then(|| held.rating.unwrap_or(0)),
        comment: differs(Field::Comment).then(|| held.comment.unwrap_or_default()),
        private: differs(Field::Private).then_some(held.private),
        tags: differs(Field::Tags).then_some(held.tags),
    }
}

fn mark_of(kind: u8) -> Option<Mark> {
    match kind {
        1 => Some(Mark::Wish),
        2 => Some(Mark::Done),
        3 => Some(Mark::Dropped),
        _ => None,
    }
}

fn number_of_mark(mark: Mark) -> u8 {
    match mark {
        Mark::Wish => 1,
        Mark::Done => 2,
        Mark::Dropped => 3,
    }
}
