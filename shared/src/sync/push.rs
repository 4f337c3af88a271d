//! What changed here, and is to be sent.

use super::Stop;
use super::entry::There;
use super::slice::Slice;
use crate::collection::sync::Place;
use crate::collection::{Entry, OnDelete};

/// How many entries are read at once.
const PAGE: usize = 50;

/// Sends the next ones. Each is looked at first: what is there already is not sent, and what changed there is not written over.
pub(super) async fn next(slice: &mut Slice<'_>, after: u32) -> Result<(), Stop> {
    if !slice.state.settings.direction.pushes() {
        slice.state.progress.place = Place::Idle;
        return Ok(());
    }
    let waiting = slice.app.store.list_waiting_entries(slice.user, after, PAGE).await?;
    let Some(last) = waiting.last().map(|entry| entry.subject_id) else {
        slice.state.progress.place = Place::Idle;
        return Ok(());
    };
    for entry in waiting.into_iter().filter(Entry::is_to_be_sent) {
        let subject_id = entry.subject_id;
        if !entry.is_live() && slice.state.settings.deletions == OnDelete::Keep {
            // It stays there as it is.
            slice.leave(&entry).await?;
            continue;
        }
        match slice.look(subject_id).await? {
            There::Row(row) => slice.settle_row(&row, Some(entry)).await?,
            There::Nothing => slice.settle_nothing(entry).await?,
            There::NoWork => slice.give_up(&entry).await?,
        }
        slice.state.progress.place = Place::Send { after: subject_id };
        slice.keep_place().await?;
    }
    slice.state.progress.place = Place::Send { after: last };
    Ok(())
}
