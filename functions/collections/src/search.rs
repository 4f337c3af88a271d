//! Looking for some of one's own entries, and other orders than the table's.

use serde::{Deserialize, Serialize};
use shared::app::{App, Site};
use shared::clock::Millis;
use shared::collection::entry::TAG;
use shared::collection::sort::{Rank, Sort, compare};
use shared::collection::work::normalised;
use shared::collection::{Entry, Filter};
use shared::http::{Incoming, Problem};
use shared::id::UserId;
use shared::oauth::lifetimes::CURSOR;
use shared::seal::Sealable;
use shared::store::StoreError;
use shared::store::entries::Page;

use crate::list::{Found, limit, status, wrong};

/// How many entries at the most are put in an order that the table does not have: all are read for it.
const SORTED: usize = 20_000;

/// Characters of what is looked for.
const WORDS: usize = 100;

/// Where the next page of a list begins that is in another order than the table's.
#[derive(Serialize, Deserialize)]
struct After(Rank);

impl Sealable for After {
    const PURPOSE: &'static str = "collection rank";
}

/// How many entries one request looks through for what the index can't find: a megabyte or less.
const LOOKED_THROUGH: usize = 1_000;

/// The entries of a page that `filter` takes, and where to go on. A page may be short, or empty, and not the last.
pub(crate) async fn look(
    app: &App,
    user: UserId,
    page: &Page,
    filter: &Filter,
) -> Result<(Vec<Entry>, Option<(Millis, u32)>), StoreError> {
    let read = app.store.list_entries(user, &Page { limit: LOOKED_THROUGH, ..*page }).await?;
    let (more, mut found, mut last) = (read.len() > LOOKED_THROUGH, Vec::new(), None);
    for entry in read.into_iter().take(LOOKED_THROUGH) {
        if !filter.takes(&entry) {
            last = Some(entry.at());
        } else if found.len() < page.limit {
            last = Some(entry.at());
            found.push(entry);
        } else {
            return Ok((found, last));
        }
    }
    Ok((found, last.filter(|_| more)))
}

/// What the query looks for.
pub(crate) fn filter(incoming: &Incoming) -> Result<Filter, Problem> {
    let params = incoming.query_params()?;
    let rating = |name, message| match params.get(name).map(str::parse) {
        None => Ok(None),
        Some(Ok(rating @ 1..=10)) => Ok(Some(rating)),
        Some(_) => Err(wrong(message)),
    };
    if params.get("tag").is_some_and(|tag| tag.chars().count() > TAG) {
        return Err(wrong("tag must be of 50 characters at most"));
    }
    let year = match params.get("year").map(|year| (year.len(), year.parse())) {
        None => None,
        Some((4, Ok(year))) => Some(year),
        Some(_) => return Err(wrong("year must be a year, in four digits")),
    };
    if params.get("q").is_some_and(|words| words.chars().count() > WORDS) {
        return Err(wrong("q must be of 100 characters at most"));
    }
    let words = normalised(params.get("q").unwrap_or_default());
    Ok(Filter {
        year,
        words: words.split_whitespace().map(str::to_owned).collect(),
        tag: params.get("tag").map(|tag| tag.trim().to_owned()),
        rating_min: rating("rating_min", "rating_min must be a whole number from 1 to 10")?,
        rating_max: rating("rating_max", "rating_max must be a whole number from 1 to 10")?,
        private: match params.get("private") {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(wrong("private must be true or false")),
        },
    })
}

/// The order that is asked for, and whether it is descending; nothing, where it is the table's own.
pub(crate) fn order(incoming: &Incoming) -> Result<Option<(Sort, bool)>, Problem> {
    let params = incoming.query_params()?;
    params.refuse_doubled()?;
    let Some(text) = params.get("sort") else { return Ok(None) };
    let wrong = || {
        wrong("sort must be updated_at, created_at, rating, date or title, with - before it to begin at the other end")
    };
    let (sort, descending) = Sort::parse(text).ok_or_else(wrong)?;
    Ok(Some((sort, descending)).filter(|_| sort != Sort::UpdatedAt))
}

/// A page in an order that the table does not have.
pub(crate) async fn sorted(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    user: UserId,
    filter: &Filter,
    (sort, descending): (Sort, bool),
) -> Result<Found, Problem> {
    let params = incoming.query_params()?;
    let (status, limit) = (status(&params)?, limit(&params)?);
    // A cursor is no good for what is looked for otherwise.
    let list = format!("sorted {user} {filter:?} {status:?} {sort:?} {descending}");
    let after = params.get("cursor").map(|text| site.sealer.open::<After>(text, list.as_bytes()));
    let after = after.transpose().map_err(|_| wrong("cursor is not one that this list gave, or is too old"))?;

    let all = Page { status, descending: true, after: None, limit: SORTED };
    let entries = app.store.list_entries(user, &all).await?;
    if entries.len() > SORTED {
        return Err(wrong("more than 20000 entries can't be put in this order: ask for those of one status"));
    }
    let ranked = entries.into_iter().filter(|entry| filter.takes(entry)).map(|entry| (sort.rank(&entry), entry));
    let mut ranked: Vec<_> = ranked
        .filter(|(rank, _)| after.as_ref().is_none_or(|After(after)| compare(after, rank, descending).is_lt()))
        .collect();
    ranked.sort_unstable_by(|(one, _), (other, _)| compare(one, other, descending));
    let more = ranked.len() > limit;
    ranked.truncate(limit);
    let next = ranked.last().filter(|_| more).map(|(rank, _)| After(rank.clone()));
    let cursor = next.map(|after| site.sealer.seal(&after, CURSOR, list.as_bytes()));
    Ok(Found { entries: ranked.into_iter().map(|(_, entry)| entry).collect(), cursor })
}
