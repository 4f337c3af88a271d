//! A collection in numbers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Status};

/// How long an episode is taken to be, in minutes: Bangumi's entries do not say.
pub const EPISODE_MINUTES: u32 = 24;

/// How many tags are told, the most used first.
pub const TAGS: usize = 100;

/// How many entries there are of a kind, and how they are rated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub entries: u32,
    /// How many of them are rated.
    pub rated: u32,
    /// Their mean.
    pub mean: Option<f64>,
}

/// A collection in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// How many entries there are.
    pub entries: u32,
    /// By status.
    pub by_status: BTreeMap<String, Count>,
    /// How many are rated 1, 2, … 10.
    pub ratings: [u32; 10],
    /// Their mean.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub spread: Option<f64>,
    /// By the year in which the works began, where that is known, the latest first.
    pub by_year: Vec<(u16, Count)>,
    /// By tag, the most used first.
    pub by_tag: Vec<(String, Count)>,
    /// How many main episodes were watched: those that are marked, or all of a work that is done and has no marks.
    pub episodes: u32,
    /// How many others.
    pub specials: u32,
}

impl Count {
    fn of(ratings: &[Option<u8>]) -> Self {
        let rated: Vec<f64> = ratings.iter().flatten().copied().map(f64::from).collect();
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self { entries: number(ratings.len()), rated: number(rated.len()), mean: mean(&rated) }
    }
}

impl Stats {
    /// The numbers of these entries. Each counts once, with the rewatching that its owner tells of.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut stats = Self::default();
        let (mut by_status, mut by_year, mut by_tag) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut all = Vec::new();
        for entry in entries {
            stats.entries += 1;
            let rating = entry.rating;
            push(by_status.entry(entry.status.as_str().to_owned()), rating);
            if let Some(year) = entry.work.as_ref().and_then(super::Work::year) {
                push(by_year.entry(year), rating);
            }
            for tag in &entry.tags {
                push(by_tag.entry(tag.clone()), rating);
            }
            if let Some(rating) = rating {
                all.push(f64::from(rating));
                if let Some(count) = stats.ratings.get_mut(usize::from(rating).saturating_sub(1)) {
                    *count += 1;
                }
            }
            let (episodes, specials) = watched(entry);
            stats.episodes = stats.episodes.saturating_add(episodes);
            stats.specials = stats.specials.saturating_add(specials);
        }
        (stats.mean, stats.spread) = (mean(&all), spread(&all));
        stats.by_status = counted(by_status).collect();
        stats.by_year = counted(by_year).collect();
        stats.by_year.reverse();
        stats.by_tag = counted(by_tag).collect();
        stats.by_tag.sort_by_key(|(_, of)| std::cmp::Reverse(of.entries));
        stats.by_tag.truncate(TAGS);
        stats
    }

    /// How long that took, in hours, if every episode is [`EPISODE_MINUTES`] long.
    pub fn hours(&self) -> f64 {
        f64::from(self.episodes.saturating_add(self.specials)) * f64::from(EPISODE_MINUTES) / 60.0
    }
}

fn push<K: Ord>(ratings: Slot<'_, K, Vec<Option<u8>>>, rating: Option<u8>) {
    ratings.or_default().push(rating);
}

fn counted<K>(ratings: BTreeMap<K, Vec<Option<u8>>>) -> impl Iterator<Item = (K, Count)> {
    ratings.into_iter().map(|(key, ratings)| (key, Count::of(&ratings)))
}

/// Main episodes and others that were watched, also again.
fn watched(entry: &Entry) -> (u32, u32) {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (main, specials) = (number(entry.marks.watched(true)), number(entry.marks.watched(false)));
    let all = entry.work.as_ref().and_then(|work| work.episodes).unwrap_or_default();
    let once = if entry.status == Status::Done { main.max(all) } else { main };
    (once.saturating_add(entry.rewatch_count.saturating_mul(all.max(main))), specials)
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

fn spread(values: &[f64]) -> Option<f64> {
    let middle = mean(values)?;
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>()).map(f64::sqrt)
}

#[cfg(test)]
mod tests {
    use super::super::Work;
    use super::*;
    use crate::clock::Millis;

    #[test]
    fn numbers_are_those_of_the_entries() {
        let work = |date: &str, episodes| Work { date: Some(date.into()), episodes: Some(episodes), ..Work::default() };
        let entry = |id, status, rating, work| Entry {
            rating,
            work: Some(work),
            tags: vec!["TV".into()],
            ..Entry::new(id, status, Millis(0))
        };
        let mut entries = vec![
            entry(1, Status::Done, Some(8), work("2011-04-05", 25)),
            entry(2, Status::Done, Some(4), work("2011", 12)),
            entry(3, Status::Wish, None, work("年代不明", 12)),
        ];
        entries[1].tags.push("原创".into());
        entries[1].rewatch_count = 1;
        let stats = Stats::of(&entries);
        assert_eq!((stats.entries, stats.mean, stats.spread), (3, Some(6.0), Some(2.0)));
        assert_eq!(stats.by_status["done"], Count { entries: 2, rated: 2, mean: Some(6.0) });
        assert_eq!(stats.by_status["wish"], Count { entries: 1, rated: 0, mean: None });
        assert_eq!(stats.by_year, [(2011, Count { entries: 2, rated: 2, mean: Some(6.0) })]);
        assert_eq!(stats.by_tag[0], ("TV".into(), Count { entries: 3, rated: 2, mean: Some(6.0) }));
        assert_eq!(stats.by_tag[1].0, "原创");
        assert_eq!((stats.ratings[7], stats.ratings[3]), (1, 1));
        assert_eq!((stats.episodes, stats.hours()), (25 + 24, 19.6));
        assert_eq!(Stats::of([]), Stats::default());
    }
}
