//! The three-way merge of an entry with the same entry at Bangumi, field by field, on what both last agreed on. Pure.
//!
//! What changed on one side only is taken over. What changed on both in the same way is agreed. What changed on both in
//! different ways is for the user's rule. Merging what was merged changes nothing, and what is pulled first and pushed then
//! ends as what is pushed first and pulled then.

use serde::{Deserialize, Serialize};

use super::entry::Status;
use super::fields::{Base, Fields, comment_held, same_tags, tags_held, with_tags_of};
use super::marks::{Mark, Marks};
use crate::clock::Millis;

/// Which way changes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// None does.
    Off,
    /// From there to here.
    Pull,
    /// From here to there.
    Push,
    /// Both ways.
    #[default]
    Both,
}

impl Direction {
    /// Whether changes come from there.
    pub fn pulls(self) -> bool {
        matches!(self, Self::Pull | Self::Both)
    }

    /// Whether changes go there.
    pub fn pushes(self) -> bool {
        matches!(self, Self::Push | Self::Both)
    }
}

/// Which side counts where both changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The side that changed last; but done is not undone by watching.
    Newest,
    /// This one.
    Mine,
    /// Bangumi.
    Theirs,
    /// The user is asked.
    #[default]
    Ask,
}

/// What becomes there of an entry that was deleted here. Bangumi can't delete one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is marked as dropped.
    Dropped,
}

/// How a user wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Which way.
    pub direction: Direction,
    /// Who counts where both sides changed.
    pub conflicts: Rule,
    /// What becomes there of what is deleted here.
    pub deletions: OnDelete,
}

/// A field by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// How far.
    Status,
    /// The rating.
    Rating,
    /// The comment.
    Comment,
    /// The tags.
    Tags,
    /// Who sees it.
    Private,
    /// The marks of episodes.
    Episodes,
    /// Whether it is there at all.
    Presence,
}

impl Field {
    /// Those that Bangumi holds.
    pub const HELD: [Self; 6] = [Self::Status, Self::Rating, Self::Comment, Self::Tags, Self::Private, Self::Episodes];

    /// The field as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Rating => "rating",
            Self::Comment => "comment",
            Self::Tags => "tags",
            Self::Private => "private",
            Self::Episodes => "episodes",
            Self::Presence => "presence",
        }
    }
}

/// What the owner of an entry is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which fields.
    pub fields: Vec<Field>,
    /// The entry there; nothing, where it was removed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Fields>,
    /// When it last changed there, as far as is known.
    pub changed_at: Millis,
}

/// One side of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The entry.
    pub fields: Fields,
    /// When it last changed on this side.
    pub changed_at: Millis,
}

/// What becomes of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The entry here.
    pub mine: Fields,
    /// The entry there: where it differs from what is there, it has to be sent.
    pub theirs: Fields,
    /// What is agreed on, once that was sent.
    pub base: Base,
    /// What the user is asked about.
    pub asked: Vec<Field>,
}

/// Merges an entry that both sides have.
pub fn merge(base: &Base, mine: &Side, theirs: &Side, settings: Settings) -> Merged {
    let judge = Judge { settings, mine_is_newer: mine.changed_at >= theirs.changed_at };
    let (here, there) = (&mine.fields, &theirs.fields);
    let held = here.as_held_there();
    let mut asked = Vec::new();
    let mut ask = |field, outcome| {
        if outcome == Outcome::Ask {
            asked.push(field);
        }
        outcome
    };
    let mut merged = Merged { mine: here.clone(), theirs: there.clone(), base: base.clone(), asked: Vec::new() };

    let finished = [here.status, there.status];
    let outcome = judge.field(base.status.as_ref(), &here.status, &there.status);
    let undone = settings.conflicts == Rule::Newest
        && base.status != Some(here.status)
        && base.status != Some(there.status)
        && finished.contains(&Status::Done)
        && finished.contains(&Status::Watching);
    let outcome = match outcome {
        Outcome::Agreed => Outcome::Agreed,
        _ if undone => judge.winner(if here.status == Status::Done { Winner::Mine } else { Winner::Theirs }),
        outcome => outcome,
    };
    match ask(Field::Status, outcome) {
        Outcome::Agreed => merged.base.status = Some(there.status),
        Outcome::Take => (merged.mine.status, merged.base.status) = (there.status, Some(there.status)),
        Outcome::Send => (merged.theirs.status, merged.base.status) = (here.status, Some(here.status)),
        Outcome::Leave | Outcome::Ask => {}
    }
    match ask(Field::Rating, judge.field(Some(&base.rating), &here.rating, &there.rating)) {
        Outcome::Agreed => merged.base.rating = there.rating,
        Outcome::Take => (merged.mine.rating, merged.base.rating) = (there.rating, there.rating),
        Outcome::Send => (merged.theirs.rating, merged.base.rating) = (here.rating, here.rating),
        Outcome::Leave | Outcome::Ask => {}
    }
    let comment = comment_held(there.comment.as_deref());
    match ask(Field::Comment, judge.field(Some(&base.comment), &held.comment, &comment)) {
        Outcome::Agreed => merged.base.comment = comment,
        Outcome::Take => (merged.mine.comment, merged.base.comment) = (there.comment.clone(), comment),
        Outcome::Send => (merged.theirs.comment, merged.base.comment) = (held.comment.clone(), held.comment.clone()),
        Outcome::Leave | Outcome::Ask => {}
    }
    let sorted = |tags: &[String]| {
        let mut tags = tags_held(tags);
        tags.sort_unstable();
        tags
    };
    match ask(Field::Tags, judge.field(Some(&sorted(&base.tags)), &sorted(&held.tags), &sorted(&there.tags))) {
        Outcome::Agreed => merged.base.tags = tags_held(&there.tags),
        Outcome::Take => {
            merged.mine.tags = with_tags_of(&there.tags, &here.tags);
            merged.base.tags = tags_held(&there.tags);
        }
        Outcome::Send => (merged.theirs.tags, merged.base.tags) = (held.tags.clone(), held.tags.clone()),
        Outcome::Leave | Outcome::Ask => {}
    }
    match ask(Field::Private, judge.field(Some(&base.private), &here.private, &there.private)) {
        Outcome::Agreed => merged.base.private = there.private,
        Outcome::Take => (merged.mine.private, merged.base.private) = (there.private, there.private),
        Outcome::Send => (merged.theirs.private, merged.base.private) = (here.private, here.private),
        Outcome::Leave | Outcome::Ask => {}
    }
    let mut episodes = Outcome::Agreed;
    for episode in base.marks.episodes(&here.marks).chain(there.marks.iter().map(|(episode, _)| episode)) {
        let mark = |marks: &Marks| marks.get(episode).map(|marked| marked.mark);
        let outcome = judge.field(Some(&mark(&base.marks)), &mark(&here.marks), &mark(&there.marks));
        match outcome {
            Outcome::Agreed => merged.base.marks.set(episode, there.marks.get(episode)),
            Outcome::Take => {
                merged.mine.marks.set(episode, there.marks.get(episode));
                merged.base.marks.set(episode, there.marks.get(episode));
            }
            Outcome::Send => {
                merged.theirs.marks.set(episode, here.marks.get(episode));
                merged.base.marks.set(episode, here.marks.get(episode));
            }
            Outcome::Ask => episodes = Outcome::Ask,
            Outcome::Leave => {}
        }
    }
    ask(Field::Episodes, episodes);
    Merged { asked, ..merged }
}

/// What becomes of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Agreed,
    Take,
    Send,
    Ask,
    /// It is not going that way.
    Leave,
}

#[derive(Clone, Copy)]
enum Winner {
    Mine,
    Theirs,
}

struct Judge {
    settings: Settings,
    mine_is_newer: bool,
}

impl Judge {
    fn field<T: PartialEq>(&self, base: Option<&T>, mine: &T, theirs: &T) -> Outcome {
        if mine == theirs {
            Outcome::Agreed
        } else if base == Some(mine) {
            self.winner(Winner::Theirs)
        } else if base == Some(theirs) {
            self.winner(Winner::Mine)
        } else {
            match self.settings.conflicts {
                Rule::Mine => self.winner(Winner::Mine),
                Rule::Theirs => self.winner(Winner::Theirs),
                Rule::Newest if self.mine_is_newer => self.winner(Winner::Mine),
                Rule::Newest => self.winner(Winner::Theirs),
                Rule::Ask if self.settings.direction == Direction::Off => Outcome::Leave,
                Rule::Ask => Outcome::Ask,
            }
        }
    }

    fn winner(&self, winner: Winner) -> Outcome {
        match winner {
            Winner::Mine if self.settings.direction.pushes() => Outcome::Send,
            Winner::Theirs if self.settings.direction.pulls() => Outcome::Take,
            Winner::Mine | Winner::Theirs => Outcome::Leave,
        }
    }
}

/// What becomes of an entry that was deleted here and is still there.
#[derive(Clone, Debug, PartialEq)]
pub enum Deleted {
    /// It stays deleted. What is there now is known: only a later change there is news.
    Stays(Base),
    /// It is to be marked as dropped there; that is then what is known.
    MarkDropped(Base),
    /// It was changed there after it was deleted here, and comes back.
    Revive,
    /// The same, and the user is asked.
    Ask,
}

/// Merges an entry that was deleted here at `deleted_at`.
pub fn merge_deleted(base: Option<&Base>, deleted_at: Millis, theirs: &Side, settings: Settings) -> Deleted {
    let account = base.map(|base| base.account.clone()).unwrap_or_default();
    let known = Base::agreed(&account, theirs);
    let unchanged = base.is_some_and(|base| base.is(&theirs.fields));
    if unchanged || settings.direction == Direction::Off {
        let mark = settings.deletions == OnDelete::Dropped
            && settings.direction.pushes()
            && unchanged
            && theirs.fields.status != Status::Dropped;
        return if mark {
            Deleted::MarkDropped(Base { status: Some(Status::Dropped), ..known })
        } else {
            Deleted::Stays(known)
        };
    }
    match settings.conflicts {
        _ if !settings.direction.pulls() => Deleted::Stays(known),
        Rule::Mine => Deleted::Stays(known),
        Rule::Theirs => Deleted::Revive,
        Rule::Newest if theirs.changed_at > deleted_at => Deleted::Revive,
        Rule::Newest => Deleted::Stays(known),
        Rule::Ask => Deleted::Ask,
    }
}

impl Base {
    /// The base after both sides agreed on what is there.
    pub fn agreed(account: &str, theirs: &Side) -> Self {
        let Fields { status, rating, comment, tags, private, marks } = theirs.fields.as_held_there();
        let (account, status) = (account.to_owned(), Some(status));
        Self { account, status, rating, comment, tags, private, marks, seen: Some(theirs.changed_at) }
    }
}

/// A user's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// What is here.
    Mine,
    /// What is there.
    Theirs,
}

/// Settles one field of which the user was asked: after that it has changed on one side alone.
pub fn settle(field: Field, choice: Choice, mine: &mut Fields, base: &mut Base, theirs: &Fields) {
    let take = choice == Choice::Theirs;
    match field {
        Field::Status => {
            base.status = Some(theirs.status);
            if take {
                mine.status = theirs.status;
            }
        }
        Field::Rating => {
            base.rating = theirs.rating;
            if take {
                mine.rating = theirs.rating;
            }
        }
        Field::Comment => {
            base.comment = comment_held(theirs.comment.as_deref());
            if take {
                mine.comment.clone_from(&theirs.comment);
            }
        }
        Field::Tags => {
            base.tags = tags_held(&theirs.tags);
            if take {
                mine.tags = with_tags_of(&theirs.tags, &mine.tags);
            }
        }
        Field::Private => {
            base.private = theirs.private;
            if take {
                mine.private = theirs.private;
            }
        }
        Field::Episodes => {
            let asked = asked_episodes(base, mine, theirs);
            for episode in asked {
                base.marks.set(episode, theirs.marks.get(episode));
                if take {
                    mine.marks.set(episode, theirs.marks.get(episode));
                }
            }
        }
        Field::Presence => {}
    }
}

/// The episodes that both sides marked differently since they agreed.
fn asked_episodes(base: &Base, mine: &Fields, theirs: &Fields) -> Vec<u32> {
    let mark = |marks: &Marks, episode| -> Option<Mark> { marks.get(episode).map(|marked| marked.mark) };
    let all = mine.marks.episodes(&theirs.marks);
    let asked = all.filter(|&episode| {
        let (agreed, here, there) =
            (mark(&base.marks, episode), mark(&mine.marks, episode), mark(&theirs.marks, episode));
        here != there && here != agreed && there != agreed
    });
    asked.collect()
}

/// Whether a field is the same on both sides, as far as the other one can hold it.
pub fn is_same(field: Field, mine: &Fields, theirs: &Fields) -> bool {
    let (mine, theirs) = (mine.as_held_there(), theirs.as_held_there());
    match field {
        Field::Status => mine.status == theirs.status,
        Field::Rating => mine.rating == theirs.rating,
        Field::Comment => mine.comment == theirs.comment,
        Field::Tags => same_tags(&mine.tags, &theirs.tags),
        Field::Private => mine.private == theirs.private,
        Field::Episodes => mine.marks.changes(&theirs.marks).is_empty(),
        Field::Presence => false,
    }
}
