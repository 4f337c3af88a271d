//! What a run would do, without doing it.

use std::collections::HashMap;

use super::Stop;
use super::entry::fields;
use super::slice::there;
use crate::app::App;
use crate::bangumi::{ANIME, COLLECTIONS};
use crate::clock::Millis;
use crate::collection::merge::{Side, is_same};
use crate::collection::reconcile::{Known, Step};
use crate::collection::sync::SyncState;
use crate::collection::{Entry, Field, Marks, Work};
use crate::http::links;
use crate::id::UserId;
use crate::upstream::ProviderId;

/// How many rows one preview looks at.
const ROWS: u32 = 300;

/// How many entries that wait to be sent are told.
const WAITING: usize = 100;

/// What a run would do, as far as it was looked at.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// What would change, entry by entry.
    pub changes: Vec<Planned>,
    /// How many entries there were looked at.
    pub looked_at: u32,
    /// Of how many.
    pub of: u32,
    /// Where the next preview goes on; nothing, where this was the end.
    pub next_offset: Option<u32>,
}

/// What would become of one entry.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The work.
    pub subject_id: u32,
    /// The work, in short.
    pub work: Option<Work>,
    /// The fields that would change here; [`Field::Presence`], where it would come.
    pub here: Vec<Field>,
    /// The fields that would be sent; [`Field::Presence`], where it would be new there.
    pub there: Vec<Field>,
    /// The fields that its owner would be asked about.
    pub asked: Vec<Field>,
    /// Whether the episodes that are marked there are not known before it is looked at closely.
    pub episodes_unknown: bool,
}

/// Looks at `ROWS` entries there from `offset` on, the newest first, and at what waits here, and writes nothing.
///
/// # Errors
/// [`Stop`].
pub async fn preview(app: &App, user: UserId, offset: u32) -> Result<Preview, Stop> {
    let bangumi = ProviderId::bangumi();
    let link = app.store.find_link(user, &bangumi).await?.ok_or(Stop::NotLinked)?;
    let token = links::present_token(app, user, &bangumi).await?;
    let state = app.store.find_sync(user).await?;
    let settings = state.as_ref().map(|state| state.settings).unwrap_or_default();
    let account = link.subject.as_str();
    let known_name = state.map(|SyncState { progress, .. }| progress).and_then(|progress| progress.username);
    let username = match known_name {
        Some(name) => name,
        None => app.bangumi.me(app, &token).await?.username,
    };
    let mut preview = Preview::default();
    let mut seen = Vec::new();
    let mut at = offset;
    while at < offset.saturating_add(ROWS) {
        let Ok(mut page) = there(app.bangumi.collections(app, &token, &username, at, COLLECTIONS).await)? else {
            break;
        };
        page.data.retain(|row| row.subject_type == ANIME);
        let ids: Vec<_> = page.data.iter().map(|row| row.subject_id).collect();
        let kept = app.store.find_kept_entries(user, &ids).await?;
        let kept: HashMap<u32, Entry> = kept.into_iter().map(|entry| (entry.subject_id, entry)).collect();
        for row in &page.data {
            let Some(fields) = fields(row) else { continue };
            let (subject_id, kept) = (row.subject_id, kept.get(&row.subject_id));
            let known = Known { subject_id, kept, account, settings, now: app.clock.now_millis() };
            let mut side = Side { fields, changed_at: Millis(row.updated_at.as_millisecond()) };
            if known.is_old(&side) && !kept.is_some_and(Entry::is_to_be_sent) {
                continue;
            }
            let marks = known.marks_there(side.changed_at, row.ep_status);
            let episodes_unknown = marks.is_none();
            side.fields.marks = marks.unwrap_or_else(|| base_marks(kept));
            let work = row.subject.as_ref().map(Work::from);
            let step = known.with(&side, work.as_ref());
            preview.note(subject_id, kept, Some(&side), &step, episodes_unknown);
        }
        seen.extend(ids);
        preview.of = page.total;
        at = at.saturating_add(COLLECTIONS);
        if at >= page.total {
            break;
        }
    }
    preview.looked_at = at.min(preview.of).saturating_sub(offset);
    preview.next_offset = (at < preview.of).then_some(at);
    if offset == 0 && settings.direction.pushes() {
        for entry in app.store.list_waiting_entries(user, 0, WAITING).await? {
            // What is there is not looked at one by one: a run does, and sends nothing that is there already.
            if entry.is_to_be_sent() && entry.is_live() && !seen.contains(&entry.subject_id) {
                let (subject_id, kept) = (entry.subject_id, Some(&entry));
                let known = Known { subject_id, kept, account, settings, now: app.clock.now_millis() };
                let there = entry.base.as_ref().filter(|base| base.account == account && base.status.is_some());
                let side = there
                    .map(|base| Side { fields: base.fields(entry.status), changed_at: base.seen.unwrap_or(Millis(0)) });
                let step = side.as_ref().map_or_else(|| known.without(), |side| known.with(side, None));
                preview.note(subject_id, kept, side.as_ref(), &step, false);
            }
        }
    }
    Ok(preview)
}

fn base_marks(kept: Option<&Entry>) -> Marks {
    kept.and_then(|kept| kept.base.as_ref()).map(|base| base.marks.clone()).unwrap_or_default()
}

impl Preview {
    fn note(
        &mut self,
        subject_id: u32,
        kept: Option<&Entry>,
        theirs: Option<&Side>,
        step: &Step,
        episodes_unknown: bool,
    ) {
        let live = kept.filter(|kept| kept.is_live());
        let here = match (live, step.entry.as_ref().filter(|entry| entry.is_live())) {
            (None, Some(_)) => vec![Field::Presence],
            (Some(before), Some(after)) => {
                let (before, after) = (before.fields(), after.fields());
                Field::HELD.into_iter().filter(|field| !is_same(*field, &before, &after)).collect()
            }
            _ => Vec::new(),
        };
        let there = match (&step.send, theirs) {
            (None, _) => Vec::new(),
            (Some(_), None) => vec![Field::Presence],
            (Some(wanted), Some(theirs)) => {
                Field::HELD.into_iter().filter(|field| !is_same(*field, &theirs.fields, wanted)).collect()
            }
        };
        let entry = step.entry.as_ref();
        let asked = entry.and_then(|entry| entry.asked.as_ref()).map(|asked| asked.fields.clone()).unwrap_or_default();
        let work = entry.and_then(|entry| entry.work.clone());
        if !(here.is_empty() && there.is_empty() && asked.is_empty()) || episodes_unknown {
            self.changes.push(Planned { subject_id, work, here, there, asked, episodes_unknown });
        }
    }
}
