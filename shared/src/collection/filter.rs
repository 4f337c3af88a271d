//! Which entries of a collection somebody looks for.

use super::entry::Entry;
use super::work::{Work, normalised};

/// What an entry must be like. Without anything, every entry is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// It has this tag.
    pub tag: Option<String>,
    /// It is rated, and not lower.
    pub rating_min: Option<u8>,
    /// It is rated, and not higher.
    pub rating_max: Option<u8>,
    /// Whether only its owner sees it.
    pub private: Option<bool>,
    /// The work began in this year.
    pub year: Option<u16>,
    /// Each of these words is somewhere in the work's names, in a tag or in the comment.
    pub words: Vec<String>,
}

impl Filter {
    /// Whether every entry will do.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry is looked for.
    pub fn takes(&self, entry: &Entry) -> bool {
        let Self { tag, rating_min, rating_max, private, year, words } = self;
        tag.as_ref().is_none_or(|tag| entry.tags.contains(tag))
            && rating_min.is_none_or(|least| entry.rating.is_some_and(|rating| rating >= least))
            && rating_max.is_none_or(|most| entry.rating.is_some_and(|rating| rating <= most))
            && private.is_none_or(|private| entry.private == private)
            && year.is_none_or(|year| entry.work.as_ref().and_then(Work::year) == Some(year))
            && (words.is_empty() || has(entry, words))
    }
}

/// Whether an entry has all words, as [`normalised`] has them.
fn has(entry: &Entry, words: &[String]) -> bool {
    let names = entry.work.iter().flat_map(|work| [&work.name, &work.name_cn]);
    let texts: Vec<String> = names.chain(&entry.tags).chain(&entry.comment).map(|text| normalised(text)).collect();
    words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
}
