//! Works as this site tells of them.

use serde_json::{Value, json};
use shared::bangumi::{Airing, Episode, Images, Subject};

pub(crate) fn work(work: &Subject) -> Value {
    json!({
        "id": work.id,
        "name": work.name,
        "name_cn": known(&work.name_cn),
        "summary": work.summary,
        "date": work.date.as_deref().and_then(known),
        "platform": known(&work.platform),
        "cover": cover(&work.images),
        "episodes": Some(work.eps).filter(|eps| *eps > 0),
        "score": Some(work.rating.score).filter(|score| *score > 0.0),
        "rank": Some(work.rating.rank).filter(|rank| *rank > 0),
        "nsfw": work.nsfw,
        "tags": work.tags.iter().map(|tag| &tag.name).collect::<Vec<_>>(),
    })
}

/// A work by itself.
pub(crate) fn one(one: &Subject, stale: bool) -> Value {
    let mut json = work(one);
    if let Some(members) = json.as_object_mut() {
        members.insert("stale".to_owned(), stale.into());
    }
    json
}

pub(crate) fn episode(episode: &Episode) -> Value {
    let kinds = ["main", "special", "opening", "ending", "preview", "mad"];
    json!({
        "id": episode.id,
        "type": kinds.get(usize::from(episode.kind)).copied().unwrap_or("other"),
        "sort": episode.sort,
        "name": known(&episode.name),
        "name_cn": known(&episode.name_cn),
        "airdate": known(&episode.airdate),
        "duration": known(&episode.duration),
    })
}

pub(crate) fn airing(airing: &Airing) -> Value {
    json!({
        "id": airing.id,
        "name": airing.name,
        "name_cn": known(&airing.name_cn),
        "date": known(&airing.air_date),
        "cover": cover(&airing.images),
        "score": Some(airing.rating.score).filter(|score| *score > 0.0),
        "rank": Some(airing.rank).filter(|rank| *rank > 0),
    })
}

/// Addresses by size, or null.
fn cover(images: &Images) -> Value {
    if images.large.is_empty() && images.common.is_empty() {
        return Value::Null;
    }
    json!({
        "large": known(&images.large),
        "common": known(&images.common),
        "medium": known(&images.medium),
        "small": known(&images.small),
        "grid": known(&images.grid),
    })
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
