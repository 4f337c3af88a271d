//! What is there: the newest first, all of it, and what was not among all.

use std::collections::HashMap;

use super::Stop;
use super::entry::There;
use super::slice::{Slice, there};
use crate::bangumi::{ANIME, COLLECTIONS, Paged, UserCollection};
use crate::clock::Millis;
use crate::collection::Entry;
use crate::collection::sync::{FULL_EVERY, Place};
use crate::id::Attempt;

/// How many entries here are read at once.
const PAGE: usize = 100;

/// Pulls the next page of what changed.
pub(super) async fn changed(slice: &mut Slice<'_>, offset: u32, top: Millis) -> Result<(), Stop> {
    let page = rows(slice, offset).await?;
    let watermark = slice.state.progress.watermark.unwrap_or(Millis(0));
    // Those of one moment come in no order.
    let news: Vec<_> = page.data.iter().filter(|row| at(row) >= watermark).cloned().collect();
    let is_last = news.len() < page.data.len() || is_end(&page, offset);
    let created = settle(slice, &news, offset).await?;
    let top = top.max(newest(&page.data));
    let progress = &mut slice.state.progress;
    progress.counts.of = progress.counts.seen;
    let expected = progress.total.map(|total| total + created);
    progress.total = Some(page.total);
    if is_last {
        progress.watermark = Some(top.max(watermark));
        if expected.is_some_and(|expected| expected != page.total) {
            // Something went there, or came without moving its time.
            progress.full_at = None;
            progress.place = Place::Full { offset: 0, top: Millis(0), pass: slice.app.clock.now().0 };
            return Ok(());
        }
        progress.place = Place::Send { after: 0 };
    } else {
        progress.place = Place::Pull { offset: offset + COLLECTIONS, top };
    }
    Ok(())
}

/// Pulls the next page of all.
pub(super) async fn all(slice: &mut Slice<'_>, offset: u32, top: Millis, pass: i64) -> Result<(), Stop> {
    let page = rows(slice, offset).await?;
    settle(slice, &page.data, offset).await?;
    let subjects: Vec<_> = page.data.iter().map(|row| row.subject_id).collect();
    let attempt = Attempt::new(&slice.app.entropy);
    slice.app.store.note_seen(slice.user, (pass, offset), subjects, attempt).await?;
    let top = top.max(newest(&page.data));
    let progress = &mut slice.state.progress;
    progress.counts.of = page.total;
    progress.total = Some(page.total);
    progress.place = if is_end(&page, offset) {
        progress.watermark = Some(top.max(progress.watermark.unwrap_or(Millis(0))));
        Place::Missing { pass, after: 0 }
    } else {
        Place::Full { offset: offset + COLLECTIONS, top, pass }
    };
    Ok(())
}

/// Looks at the next ones that were not among all: an entry is believed to be gone there only after a look at it alone.
pub(super) async fn missing(slice: &mut Slice<'_>, pass: i64, after: u32) -> Result<(), Stop> {
    let seen = slice.app.store.list_seen(slice.user, pass).await?;
    let mut after = after;
    loop {
        let entries = slice.app.store.list_kept_entries(slice.user, after, PAGE).await?;
        let Some(last) = entries.last().map(|entry| entry.subject_id) else { break };
        for entry in entries {
            // What was never compared is found by what is to be sent.
            if seen.contains(&entry.subject_id) || entry.base.is_none() {
                continue;
            }
            let subject_id = entry.subject_id;
            match slice.look(subject_id).await? {
                There::Row(row) => slice.settle_row(&row, Some(entry)).await?,
                There::Nothing => slice.settle_nothing(entry).await?,
                // It stays as it is: nobody can do anything about it there.
                There::NoWork => {}
            }
            slice.state.progress.place = Place::Missing { pass, after: subject_id };
            slice.keep_place().await?;
        }
        after = last;
        slice.state.progress.place = Place::Missing { pass, after };
    }
    slice.app.store.forget_seen(slice.user).await?;
    let progress = &mut slice.state.progress;
    progress.full_at = Some(slice.app.clock.now() + FULL_EVERY);
    progress.place = Place::Send { after: 0 };
    Ok(())
}

async fn rows(slice: &mut Slice<'_>, offset: u32) -> Result<Paged<UserCollection>, Stop> {
    for anew in [false, true] {
        let username = slice.username(anew).await?;
        slice.admit().await?;
        let page = slice.app.bangumi.collections(slice.app, &slice.token, &username, offset, COLLECTIONS).await;
        match there(page)? {
            Ok(mut page) => {
                page.data.retain(|row| row.subject_type == ANIME);
                return Ok(page);
            }
            // Nobody is found under the name any more, or so much went that the page lies beyond the end.
            Err(_) if !anew => {}
            Err(_) => break,
        }
    }
    Ok(Paged { total: offset, limit: COLLECTIONS, offset, data: Vec::new() })
}

/// Brings rows in step. Gives how many were not known here.
async fn settle(slice: &mut Slice<'_>, rows: &[UserCollection], offset: u32) -> Result<u32, Stop> {
    let ids: Vec<_> = rows.iter().map(|row| row.subject_id).collect();
    let found = slice.app.store.find_kept_entries(slice.user, &ids).await?;
    let mut kept: HashMap<u32, Entry> = found.into_iter().map(|entry| (entry.subject_id, entry)).collect();
    let mut new = 0;
    for (row, place) in rows.iter().zip(1..) {
        let entry = kept.remove(&row.subject_id);
        new += u32::from(entry.as_ref().is_none_or(|entry| entry.base.is_none()));
        slice.settle_row(row, entry).await?;
        slice.state.progress.counts.seen = offset + place;
    }
    Ok(new)
}

fn at(row: &UserCollection) -> Millis {
    Millis(row.updated_at.as_millisecond())
}

fn newest(rows: &[UserCollection]) -> Millis {
    rows.iter().map(at).max().unwrap_or(Millis(0))
}

/// Rows of removed works are left out, so that their number says nothing.
fn is_end(page: &Paged<UserCollection>, offset: u32) -> bool {
    offset + COLLECTIONS >= page.total
}
