//! The anime collection: one's own entries, one of them, finding another, and the synchronisation.

use askama::Template;

use super::Layout;
use crate::account::FieldError;
use crate::collection::{Entry, Field, Status, Work};
use crate::i18n::{Messages, fill};

/// A link that may be where the page is.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Where it leads.
    pub href: String,
    /// In words.
    pub name: &'static str,
    /// Whether that is this page.
    pub current: bool,
}

/// A value of a list to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// As the form sends it.
    pub value: String,
    /// In words.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A work as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its number.
    pub subject_id: u32,
    /// What it is called; its number, where that is not known.
    pub title: String,
    /// Its own name, where that is another.
    pub original: Option<String>,
    /// The address of its cover.
    pub cover: Option<String>,
    /// The year in which it began.
    pub year: Option<u16>,
}

impl Shown {
    /// A work, as far as it is known.
    pub fn new(subject_id: u32, work: Option<&Work>) -> Self {
        let Some(work) = work else { return Self { subject_id, title: format!("#{subject_id}"), ..Self::default() } };
        let title = work.title().to_owned();
        let original = Some(work.name.clone()).filter(|name| *name != title);
        Self { subject_id, title, original, cover: work.cover(200), year: work.year() }
    }
}

/// An entry in a list.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// The work.
    pub work: Shown,
    /// How far, in words.
    pub status: &'static str,
    /// 1 to 10.
    pub rating: Option<u8>,
    /// How many main episodes were watched.
    pub watched: usize,
    /// Of how many, where that is known.
    pub total: Option<u32>,
}

impl EntryRow {
    /// An entry, in these words.
    pub fn new(entry: &Entry, m: &Messages) -> Self {
        Self {
            work: Shown::new(entry.subject_id, entry.work.as_ref()),
            status: m.status(entry.status),
            rating: entry.rating,
            watched: entry.marks.watched(true),
            total: entry.work.as_ref().and_then(|work| work.episodes).filter(|episodes| *episodes > 0),
        }
    }

    /// Whether there may be an episode that was not watched.
    fn goes_on(&self) -> bool {
        self.total.is_none_or(|total| usize::try_from(total).is_ok_and(|total| self.watched < total))
    }

    fn progress(&self, m: &Messages) -> String {
        let watched = self.watched.to_string();
        match self.total {
            Some(total) => fill(m.entry_watched, &[("watched", &watched), ("total", &total.to_string())]),
            None => fill(m.entry_watched_some, &[("watched", &watched)]),
        }
    }

    fn rated(&self, m: &Messages) -> Option<String> {
        self.rating.map(|rating| fill(m.entry_rated, &[("rating", &rating.to_string())]))
    }
}

/// `GET /me/collections`. Each entry's button posts `subject_id`, `return_to` and `csrf` back to it.
#[derive(Debug, Template)]
#[template(path = "collection.html")]
pub struct Collection<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// By status.
    pub tabs: Vec<Tab>,
    /// The status of the tab, as the query has it.
    pub status: &'a str,
    /// The words that were looked for.
    pub words: &'a str,
    /// The orders.
    pub orders: Vec<Choice>,
    /// The entries.
    pub rows: Vec<EntryRow>,
    /// The next page.
    pub next_href: Option<String>,
    /// Whether anything was looked for.
    pub is_search: bool,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

/// An episode of an entry.
#[derive(Clone, Debug)]
pub struct EpisodeBox {
    /// Its id.
    pub id: u32,
    /// Its number.
    pub number: String,
    /// What it is called.
    pub title: String,
    /// Whether it was watched.
    pub done: bool,
    /// Whether it is a main one.
    pub main: bool,
}

/// `GET /me/collections/{subject_id}`. Its forms post `action` and `csrf` back to it: `save` with the fields, `remove`,
/// `restore`, `mark` with `episode`, and `up_to` with a number.
#[derive(Debug, Template)]
#[template(path = "collection_entry.html")]
pub struct CollectionEntry<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The work.
    pub work: Shown,
    /// Whether it is collected.
    pub is_collected: bool,
    /// Whether it was removed, and can come back.
    pub can_return: bool,
    /// The statuses.
    pub statuses: Vec<Choice>,
    /// The ratings.
    pub ratings: Vec<Choice>,
    /// What was typed.
    pub comment: String,
    /// What was typed.
    pub tags: String,
    /// Whether only its owner sees it.
    pub private: bool,
    /// What was typed.
    pub rewatch_count: String,
    /// What was typed.
    pub started_at: String,
    /// What was typed.
    pub finished_at: String,
    /// Its episodes; nothing, where they can't be had.
    pub episodes: Option<Vec<EpisodeBox>>,
    /// Whether its owner may want to say that they are through with it.
    pub offers_done: bool,
    /// What just succeeded, in words.
    pub notice: Option<&'a str>,
    /// What is wrong with the fields.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole, in words.
    pub error: Option<&'a str>,
}

impl CollectionEntry<'_> {
    fn episodes_of(&self, main: bool) -> impl Iterator<Item = &EpisodeBox> {
        self.episodes.iter().flatten().filter(move |episode| episode.main == main)
    }
}

/// `GET /me/collections/add`.
#[derive(Debug, Template)]
#[template(path = "collection_add.html")]
pub struct CollectionAdd<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// What was looked for.
    pub words: &'a str,
    /// What was found; nothing, where nothing was looked for.
    pub found: Option<Vec<Shown>>,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

/// A field of an entry that its owner is asked about.
#[derive(Clone, Debug)]
pub struct AskedField {
    /// As the form sends it.
    pub field: Field,
    /// In words.
    pub name: &'static str,
    /// What is here.
    pub here: String,
    /// What is there.
    pub there: String,
}

impl AskedField {
    /// As the form sends it.
    fn value(&self) -> &'static str {
        self.field.as_str()
    }
}

/// An entry that its owner is asked about.
#[derive(Clone, Debug)]
pub struct ConflictRow {
    /// The work.
    pub work: Shown,
    /// Its fields.
    pub fields: Vec<AskedField>,
}

/// `GET /me/collections/sync`. Its forms post `action` and `csrf` back to it: `set` with the settings, `now`, and `settle` with
/// `subject_id`, `field` and `choice`.
#[derive(Debug, Template)]
#[template(path = "collection_sync.html")]
pub struct CollectionSync<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// `unbound`, `idle`, `running` or `attention`.
    pub state: &'a str,
    /// The same in words.
    pub words: String,
    /// What keeps it for the moment, in words.
    pub setback: Option<&'a str>,
    /// What the last run did, in words.
    pub last: Option<String>,
    /// When that was: RFC 3339.
    pub last_at: Option<String>,
    /// When it comes next: RFC 3339.
    pub next_at: Option<String>,
    /// The settings: the name of each, what it is called, and its values.
    pub settings: Vec<(&'a str, &'a str, Vec<Choice>)>,
    /// What has to be settled.
    pub conflicts: Vec<ConflictRow>,
    /// What went wrong, in words.
    pub error: Option<&'a str>,
}

impl Messages {
    /// A status in words.
    pub fn status(&self, status: Status) -> &'static str {
        match status {
            Status::Wish => self.status_wish,
            Status::Watching => self.status_watching,
            Status::Done => self.status_done,
            Status::OnHold => self.status_on_hold,
            Status::Dropped => self.status_dropped,
        }
    }
}
