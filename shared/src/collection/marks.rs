//! Which episodes are marked, and how. Progress is counted from this alone: what Bangumi calls an entry's progress counts
//! special episodes and mere wishes as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What somebody says about one episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// 想看
    Wish,
    /// 看过
    Done,
    /// 抛弃
    Dropped,
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Wish, Self::Done, Self::Dropped];

    /// The mark as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wish => "wish",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }

    /// Reads a mark.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.as_str() == text)
    }
}

/// An episode's mark, and whether the episode counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The mark.
    pub mark: Mark,
    /// Whether it is one of the main episodes, and no special, opening or trailer.
    pub main: bool,
}

/// The marks of one work's episodes, by the episodes' ids. Stored as runs: `1027-1036,1040`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<u32, Marked>);

impl Marks {
    /// None is marked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An episode's mark.
    pub fn get(&self, episode: u32) -> Option<Marked> {
        self.0.get(&episode).copied()
    }

    /// Marks an episode, or takes its mark away.
    pub fn set(&mut self, episode: u32, marked: Option<Marked>) {
        match marked {
            Some(marked) => self.0.insert(episode, marked),
            None => self.0.remove(&episode),
        };
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Marked)> {
        self.0.iter().map(|(&episode, &marked)| (episode, marked))
    }

    /// How many main episodes (`true`) or others (`false`) were watched.
    pub fn watched(&self, main: bool) -> usize {
        self.0.values().filter(|marked| marked.mark == Mark::Done && marked.main == main).count()
    }

    /// Every episode that is marked on either side.
    pub fn episodes<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u32> {
        let others = other.0.keys().filter(|episode| !self.0.contains_key(episode));
        self.0.keys().chain(others).copied()
    }

    /// What must be sent for `self` to become `wanted`: episodes by their new mark; `None` takes a mark away.
    pub fn changes(&self, wanted: &Self) -> Vec<(Option<Mark>, Vec<u32>)> {
        let mut changes: BTreeMap<Option<Mark>, Vec<u32>> = BTreeMap::new();
        for episode in self.episodes(wanted) {
            let mark = |marks: &Self| marks.get(episode).map(|marked| marked.mark);
            if mark(self) != mark(wanted) {
                changes.entry(mark(wanted)).or_default().push(episode);
            }
        }
        changes.into_iter().collect()
    }

    fn runs(&self, marked: Marked) -> String {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for episode in self.0.iter().filter(|(_, other)| **other == marked).map(|(&episode, _)| episode) {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(episode) => *last = episode,
                _ => runs.push((episode, episode)),
            }
        }
        let runs = runs.into_iter().map(
            |(first, last)| {
                if first == last { first.to_string() } else { format!("{first}-{last}") }
            },
        );
        runs.collect::<Vec<_>>().join(",")
    }
}

impl FromIterator<(u32, Marked)> for Marks {
    fn from_iter<I: IntoIterator<Item = (u32, Marked)>>(marks: I) -> Self {
        Self(marks.into_iter().collect())
    }
}

/// How many episodes a work can have here: runs that are longer together were not written by us.
const MOST: u32 = 20_000;

/// The groups in which marks are stored.
const GROUPS: [(&str, Marked); 6] = [
    ("done", Marked { mark: Mark::Done, main: true }),
    ("done_special", Marked { mark: Mark::Done, main: false }),
    ("wish", Marked { mark: Mark::Wish, main: true }),
    ("wish_special", Marked { mark: Mark::Wish, main: false }),
    ("dropped", Marked { mark: Mark::Dropped, main: true }),
    ("dropped_special", Marked { mark: Mark::Dropped, main: false }),
];

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = GROUPS.iter().map(|&(name, marked)| (name, self.runs(marked)));
        serializer.collect_map(groups.filter(|(_, runs)| !runs.is_empty()))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = BTreeMap::<String, String>::deserialize(deserializer)?;
        let (mut marks, mut left) = (Self::default(), MOST);
        for (name, marked) in GROUPS {
            let Some(runs) = stored.get(name) else { continue };
            for run in runs.split(',') {
                let (first, last) = run.split_once('-').unwrap_or((run, run));
                let wrong = || serde::de::Error::custom("not a run of episodes");
                let (first, last): (u32, u32) = first.parse().ok().zip(last.parse().ok()).ok_or_else(wrong)?;
                if last < first {
                    return Err(wrong());
                }
                left = left.checked_sub((last - first).saturating_add(1)).ok_or_else(wrong)?;
                marks.0.extend((first..=last).map(|episode| (episode, marked)));
            }
        }
        Ok(marks)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(episodes: &[(u32, Mark, bool)]) -> Marks {
        episodes.iter().map(|&(episode, mark, main)| (episode, Marked { mark, main })).collect()
    }

    #[test]
    fn marks_are_stored_as_runs_and_counted_apart() {
        let some = marks(&[
            (7, Mark::Done, true),
            (8, Mark::Done, true),
            (9, Mark::Done, true),
            (11, Mark::Done, true),
            (12, Mark::Done, false),
            (13, Mark::Wish, true),
        ]);
        let json = serde_json::to_string(&some).unwrap();
        assert_eq!(json, r#"{"done":"7-9,11","done_special":"12","wish":"13"}"#);
        assert_eq!((some.watched(true), some.watched(false)), (4, 1));
    }

    #[test]
    fn what_is_no_run_is_no_marks() {
        for json in [
            r#"{"done":"9-7"}"#,
            r#"{"done":"a"}"#,
            r#"{"done":""}"#,
            r#"{"done":"1-4000000000"}"#,
            r#"{"done":"0-4294967295"}"#,
            r#"{"done":"1-15000","wish":"20000-30000"}"#,
        ] {
            assert!(serde_json::from_str::<Marks>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let before = marks(&[(1, Mark::Done, true), (2, Mark::Wish, true), (3, Mark::Done, true)]);
        let after = marks(&[(1, Mark::Done, true), (2, Mark::Done, true), (4, Mark::Done, true)]);
        assert_eq!(before.changes(&after), [(None, vec![3]), (Some(Mark::Done), vec![2, 4])]);
        assert!(after.changes(&after).is_empty());
    }

    proptest! {
        #[test]
        fn marks_read_as_they_were_written(episodes in prop::collection::btree_map(0u32..300, (0usize..3, any::<bool>()), 0..100)) {
            let some: Marks = episodes.into_iter().map(|(id, (mark, main))| (id, Marked { mark: Mark::ALL[mark], main })).collect();
            let json = serde_json::to_string(&some).unwrap();
            prop_assert_eq!(serde_json::from_str::<Marks>(&json).unwrap(), some);
        }
    }
}
