//! What both sides of the synchronisation know of an entry, and what the other side can hold of it.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::entry::{Status, TAGS};
use super::marks::Marks;
use crate::clock::Millis;

/// The fields of an entry that Bangumi has, too. It can't hold how often something was watched again, nor the dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// How far.
    pub status: Status,
    /// 1 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether only its owner sees it.
    #[serde(default)]
    pub private: bool,
    /// The marks of episodes.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
}

/// What both sides agreed on when they were last compared: the base of the next merge. A blank one is that of an entry
/// which was never compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Which account there: the agreement with one says nothing about another.
    pub account: String,
    /// How far; nothing, where it was never agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// 1 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether only its owner sees it.
    #[serde(default)]
    pub private: bool,
    /// The marks of episodes.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
    /// When it last changed there, as far as is known: what has not changed since need not be looked at closely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Millis>,
}

impl Base {
    /// A base of `account` on which nothing was agreed yet.
    pub fn blank(account: &str) -> Self {
        Self { account: account.to_owned(), ..Self::default() }
    }

    /// What was agreed on, with `status` where none was.
    pub fn fields(&self, status: Status) -> Fields {
        let Self { rating, comment, tags, private, marks, .. } = self.clone();
        Fields { status: self.status.unwrap_or(status), rating, comment, tags, private, marks }
    }

    /// Whether an entry, as the other side can hold it, is what was agreed on.
    pub fn is(&self, fields: &Fields) -> bool {
        let there = fields.as_held_there();
        self.status == Some(there.status)
            && self.rating == there.rating
            && self.comment == there.comment
            && same_tags(&self.tags, &there.tags)
            && self.private == there.private
            && self.marks.changes(&there.marks).is_empty()
    }
}

impl Fields {
    /// The same as Bangumi can hold it: a comment without blanks around it, tags in compatibility form, of two characters
    /// or more, and without blanks.
    pub fn as_held_there(&self) -> Self {
        Self { comment: comment_held(self.comment.as_deref()), tags: tags_held(&self.tags), ..self.clone() }
    }
}

pub(super) fn comment_held(comment: Option<&str>) -> Option<String> {
    comment.map(str::trim).filter(|comment| !comment.is_empty()).map(str::to_owned)
}

pub(super) fn tags_held(tags: &[String]) -> Vec<String> {
    let mut held: Vec<String> = Vec::new();
    for tag in tags.iter().filter_map(|tag| tag_held(tag)) {
        if held.len() < TAGS && !held.contains(&tag) {
            held.push(tag);
        }
    }
    held
}

/// Whether two lists have the same tags, in any order.
pub(super) fn same_tags(some: &[String], others: &[String]) -> bool {
    some.len() == others.len() && some.iter().all(|tag| others.contains(tag))
}

/// `mine` after the other side's tags were taken over: what can't be held there stays.
pub(super) fn with_tags_of(theirs: &[String], mine: &[String]) -> Vec<String> {
    let only_here = mine.iter().filter(|tag| tag_held(tag).is_none());
    theirs.iter().chain(only_here).take(TAGS.max(theirs.len())).cloned().collect()
}

fn tag_held(tag: &str) -> Option<String> {
    let tag: String = tag.nfkc().collect();
    let holds = tag.chars().count() >= 2 && !tag.chars().any(char::is_whitespace);
    holds.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|&tag| tag.to_owned()).collect()
    }

    #[test]
    fn a_tag_that_bangumi_refuses_is_not_sent_and_not_lost() {
        let mine = owned(&["百合", "神", "two words", "ＴＶ", "TV"]);
        assert_eq!(tags_held(&mine), owned(&["百合", "TV"]));
        assert_eq!(with_tags_of(&owned(&["原创"]), &mine), owned(&["原创", "神", "two words"]));
    }
}
