//! Works, as Bangumi describes them: from the table while that is fresh, else from Bangumi, and from the table again while
//! Bangumi is away.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::bangumi::{ANIME, Bangumi, BangumiError, Day, EPISODES, Episode, Paged, Subject, SubjectId};
use crate::clock::Time;
use crate::collection::work::normalised;
use crate::id::Attempt;
use crate::store::StoreError;
use crate::store::rates::Counter;
use crate::store::works::{Kept, Shelf};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// How long it is believed that there is no such thing.
const MISSING: i64 = HOUR;
/// How often people of one network may make this site ask Bangumi, in a window of time. Bangumi bears 3,000 requests in ten
/// minutes of all of them.
const QUESTIONS_PER_NETWORK: u64 = 150;
/// How many episodes of a work are read.
const MOST_EPISODES: u32 = 2_000;
/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(7);

/// What was found.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// It.
    pub value: T,
    /// Whether it is older than it should be, because Bangumi does not answer.
    pub stale: bool,
}

/// Why nothing was.
#[derive(Debug, thiserror::Error)]
pub enum WorksError {
    /// There is no such anime.
    #[error("there is no such anime")]
    NotFound,
    /// This network has asked too much. In so many seconds it may again.
    #[error("too many questions")]
    TooMany(i64),
    /// Bangumi does not answer, and nothing is kept.
    #[error("Bangumi does not answer")]
    Unavailable,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A part of what words find.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hits {
    /// About how many there are in all.
    pub total: u32,
    /// The works.
    pub works: Vec<Subject>,
}

/// A work.
///
/// # Errors
/// [`WorksError`].
pub async fn work(app: &App, network: &str, id: SubjectId) -> Result<Found<Subject>, WorksError> {
    let now = app.clock.now();
    let fresh = |work: &Subject| if is_settled(work.date.as_deref(), now) { 7 * DAY } else { DAY };
    let ask = async {
        let mut work = app.bangumi.subject(app, id).await?;
        // What stands behind a number that was merged is kept under either.
        work.tags.truncate(30);
        if work.kind == ANIME { Ok(work) } else { Err(BangumiError::NotFound) }
    };
    kept_or_asked(app, network, &Shelf::work(id), 180, fresh, ask).await
}

/// A work's episodes, of all kinds.
///
/// # Errors
/// [`WorksError`].
pub async fn episodes(app: &App, network: &str, id: SubjectId) -> Result<Found<Vec<Episode>>, WorksError> {
    let ask = async {
        let all = all_episodes(&app.bangumi, app, id);
        tokio::time::timeout(PATIENCE, all).await.unwrap_or(Err(BangumiError::Unavailable))
    };
    kept_or_asked(app, network, &Shelf::episodes(id), 180, |_| DAY, ask).await
}

async fn all_episodes(bangumi: &Bangumi, app: &App, id: SubjectId) -> Result<Vec<Episode>, BangumiError> {
    let mut all: Vec<Episode> = Vec::new();
    loop {
        let offset = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let Paged { total, data, .. } = bangumi.episodes(app, id, offset, EPISODES).await?;
        let none = data.is_empty();
        // What they are about nobody reads here, and a thousand of them would not fit.
        all.extend(data.into_iter().map(|episode| Episode { desc: String::new(), ..episode }));
        let many = u32::try_from(all.len()).unwrap_or(u32::MAX);
        if none || many >= total.min(MOST_EPISODES) {
            return Ok(all);
        }
    }
}

/// A part of the anime that words find.
///
/// # Errors
/// [`WorksError`].
pub async fn search(app: &App, network: &str, words: &str, offset: u32, limit: u32) -> Result<Found<Hits>, WorksError> {
    let words = normalised(words);
    let ask = async {
        let Paged { total, data, .. } = match app.bangumi.search(app, &words, offset, limit).await {
            // Beyond the end: the total is an estimate.
            Err(BangumiError::Refused) if offset > 0 => return Ok(Hits { total: offset, works: Vec::new() }),
            answered => answered?,
        };
        let works = data.into_iter().filter(|work| work.kind == ANIME);
        let works = works.map(|mut work| {
            work.tags.truncate(10);
            work
        });
        Ok(Hits { total, works: works.collect() })
    };
    kept_or_asked(app, network, &Shelf::search(&words, offset, limit), 7, |_| DAY, ask).await
}

/// The anime that are being shown, by the day of the week.
///
/// # Errors
/// [`WorksError`].
pub async fn calendar(app: &App, network: &str) -> Result<Found<Vec<Day>>, WorksError> {
    let ask = async {
        let mut days = app.bangumi.calendar(app).await?;
        days.iter_mut().for_each(|day| day.items.retain(|item| item.kind == ANIME));
        Ok(days)
    };
    kept_or_asked(app, network, &Shelf::calendar(), 30, |_| 6 * HOUR, ask).await
}

/// What is kept, if it is `fresh` for long enough; else what Bangumi says to `ask`, which is kept for `days`; else what is
/// kept, however old.
async fn kept_or_asked<T: Serialize + DeserializeOwned>(
    app: &App,
    network: &str,
    shelf: &Shelf,
    days: i64,
    fresh: impl Fn(&T) -> i64,
    ask: impl Future<Output = Result<T, BangumiError>>,
) -> Result<Found<T>, WorksError> {
    let now = app.clock.now();
    let kept: Option<Kept<T>> = app.store.find_kept(shelf).await?;
    let kept = match kept {
        Some(Kept { value: Some(value), fetched_at }) if now - fetched_at < fresh(&value) => {
            return Ok(Found { value, stale: false });
        }
        Some(Kept { value: None, fetched_at }) if now - fetched_at < MISSING => return Err(WorksError::NotFound),
        kept => kept.and_then(|kept| kept.value),
    };
    let or_stale = |error| kept.map(|value| Found { value, stale: true }).ok_or(error);
    let counter = Counter::new("WORKS", network, QUESTIONS_PER_NETWORK, now);
    if !app.store.claim_attempt(&counter, Attempt::new(&app.entropy)).await? {
        return or_stale(WorksError::TooMany(counter.retry_after(now)));
    }
    let value = match ask.await {
        Ok(value) => Some(value),
        Err(BangumiError::NotFound) => None,
        Err(_) => return or_stale(WorksError::Unavailable),
    };
    let kept = Kept { value, fetched_at: now };
    if let Err(error) = app.store.keep(shelf, &kept, days, Attempt::new(&app.entropy)).await {
        // Whoever asks has an answer. The next one asks again.
        tracing::warn!(%error, "what Bangumi said could not be kept");
    }
    kept.value.map(|value| Found { value, stale: false }).ok_or(WorksError::NotFound)
}

/// Whether a work that began then is hardly described anew: it began more than a year ago.
fn is_settled(date: Option<&str>, now: Time) -> bool {
    let began = date.and_then(|date| date.parse::<jiff::civil::Date>().ok());
    let began = began.and_then(|began| began.to_zoned(jiff::tz::TimeZone::UTC).ok());
    began.is_some_and(|began| now.0 - began.timestamp().as_second() > 365 * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_work_is_settled_a_year_after_it_began() {
        // 2026-01-01.
        let now = Time(1_767_225_600);
        for (date, settled) in [
            (None, false),
            (Some(""), false),
            (Some("2025"), false),
            (Some("2025-06-01"), false),
            (Some("2027-01-01"), false),
            (Some("2011-04-05"), true),
        ] {
            assert_eq!(is_settled(date, now), settled, "{date:?}");
        }
    }

    #[test]
    fn words_are_the_same_however_they_are_typed() {
        assert_eq!(normalised("  ＳＴＥＩＮＳ；ＧＡＴＥ\t ｶﾗ "), "steins;gate カラ");
        assert_eq!(normalised(" \n"), "");
    }
}
