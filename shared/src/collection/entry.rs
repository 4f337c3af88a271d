//! A collection entry: what a user says about one work. In Bangumi's words, which are used here, a work is a
//! *subject*.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{Base, Fields};
use super::marks::Marks;
use super::merge::{Asked, Field, is_same};
use super::work::Work;
use crate::account::FieldError;
use crate::clock::Millis;

/// How far the user is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 想看
    Wish,
    /// 在看
    Watching,
    /// 看过
    Done,
    /// 搁置
    OnHold,
    /// 抛弃
    Dropped,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wish, Self::Watching, Self::Done, Self::OnHold, Self::Dropped];

    /// The status as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wish => "wish",
            Self::Watching => "watching",
            Self::Done => "done",
            Self::OnHold => "on_hold",
            Self::Dropped => "dropped",
        }
    }

    /// Reads a status.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// An entry of a collection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The work.
    pub subject_id: u32,
    /// How far.
    pub status: Status,
    /// 1 to 10.
    #[serde(default)]
    pub rating: Option<u8>,
    /// At most 380 characters.
    #[serde(default)]
    pub comment: Option<String>,
    /// At most 10.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether only its owner sees it.
    pub private: bool,
    /// How often it was watched again.
    pub rewatch_count: u32,
    /// A date, or a moment in RFC 3339, as the user wrote it.
    #[serde(default)]
    pub started_at: Option<String>,
    /// A date, or a moment in RFC 3339, as the user wrote it.
    #[serde(default)]
    pub finished_at: Option<String>,
    /// The episodes that are marked.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
    /// When it was added.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
    /// When it was removed: then it is only kept for a while, so that it can come back.
    #[serde(default)]
    pub deleted_at: Option<Millis>,
    /// Raised by every change, also by a removal.
    pub version: u64,
    /// Raised by every write, also by one that changes nothing that its owner sees: what is written over it must have been
    /// made of it.
    #[serde(default)]
    pub revision: u64,
    /// The work, in short, so that a list shows it without asking anybody; nothing where that was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Work>,
    /// What was agreed on with Bangumi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// What its owner is asked, since both sides changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// The version with which Bangumi was left as it is, although it differs: nothing of it is to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<u64>,
}

/// For how many milliseconds what was removed can come back: 30 days.
pub const KEPT: i64 = 30 * 24 * 60 * 60 * 1000;

impl Entry {
    /// One of which nothing is said yet but how far its owner is.
    pub fn new(subject_id: u32, status: Status, now: Millis) -> Self {
        Self {
            subject_id,
            status,
            rating: None,
            comment: None,
            tags: Vec::new(),
            private: false,
            rewatch_count: 0,
            started_at: None,
            finished_at: None,
            marks: Marks::default(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 0,
            revision: 0,
            work: None,
            base: None,
            asked: None,
            settled: None,
        }
    }

    /// What Bangumi can have of it, too.
    pub fn fields(&self) -> Fields {
        let Self { status, rating, comment, tags, private, marks, .. } = self.clone();
        Fields { status, rating, comment, tags, private, marks }
    }

    /// The same entry with other fields.
    pub fn with_fields(self, fields: Fields) -> Self {
        let Fields { status, rating, comment, tags, private, marks } = fields;
        Self { status, rating, comment, tags, private, marks, ..self }
    }

    /// Whether there is something that Bangumi does not know of as far as is known here, and that nobody is asked about.
    pub fn is_to_be_sent(&self) -> bool {
        if self.settled == Some(self.version) {
            return false;
        }
        let Some(base) = &self.base else { return self.is_live() };
        let asked = |field| self.asked.as_ref().is_some_and(|asked| asked.fields.contains(&field));
        if asked(Field::Presence) {
            return false;
        }
        if !self.is_live() {
            return true;
        }
        let (mine, agreed) = (self.fields(), base.fields(self.status));
        Field::HELD.into_iter().any(|field| {
            let same = match field {
                Field::Status => base.status == Some(mine.status),
                field => is_same(field, &mine, &agreed),
            };
            !same && !asked(field)
        })
    }

    /// Its place among others by time.
    pub fn at(&self) -> (Millis, u32) {
        (self.updated_at, self.subject_id)
    }

    /// Whether it is in the collection.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Whether it was removed, and can still come back.
    pub fn can_return(&self, now: Millis) -> bool {
        self.deleted_at.is_some_and(|deleted_at| now.0 < deleted_at.0 + KEPT)
    }

    /// The entry in JSON.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "subject_id": self.subject_id,
            "subject": self.work.as_ref().map(Work::to_json),
            "status": self.status,
            "rating": self.rating,
            "comment": self.comment,
            "tags": self.tags,
            "private": self.private,
            "rewatch_count": self.rewatch_count,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "progress": { "main": self.marks.watched(true), "special": self.marks.watched(false) },
            "created_at": self.created_at.to_string(),
            "updated_at": self.updated_at.to_string(),
            "version": self.version,
        });
        if let (Some(deleted_at), Some(members)) = (self.deleted_at, json.as_object_mut()) {
            members.insert("deleted_at".to_owned(), deleted_at.to_string().into());
        }
        json
    }

    /// A strong entity tag (RFC 9110 §8.8.3). The creation time is in it: an entry that was removed so long ago that it is
    /// forgotten, and added again, begins anew at version 1, and must not look like the one before.
    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.created_at.0, self.version)
    }
}

/// What a PUT or PATCH asks for: the entry's fields as far as they came.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    status: Option<Status>,
    rating: Option<Option<u8>>,
    comment: Option<Option<String>>,
    tags: Option<Vec<String>>,
    private: Option<bool>,
    rewatch_count: Option<u32>,
    started_at: Option<Option<String>>,
    finished_at: Option<Option<String>>,
}

/// Characters of a comment.
pub const COMMENT: usize = 380;
/// Tags of an entry.
pub const TAGS: usize = 10;
/// Characters of a tag.
pub const TAG: usize = 50;
/// How often something can have been watched again.
pub const REWATCHES: u64 = 9_999;

impl Edit {
    /// Reads the known fields of a JSON object; unknown ones are ignored.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(object: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut edit = Self::default();
        let mut errors = Vec::new();
        let mut wrong = |field, code, message| errors.push(FieldError { field, code, message });
        for (name, value) in object {
            match name.as_str() {
                "status" => match value.as_str().and_then(Status::parse) {
                    Some(status) => edit.status = Some(status),
                    None => wrong("status", "invalid_status", "must be wish, watching, done, on_hold or dropped"),
                },
                "rating" => match value {
                    Value::Null => edit.rating = Some(None),
                    value => match value.as_u64().and_then(|rating| u8::try_from(rating).ok()) {
                        Some(rating @ 1..=10) => edit.rating = Some(Some(rating)),
                        _ => wrong("rating", "out_of_range", "must be a whole number from 1 to 10, or null"),
                    },
                },
                "comment" => match value {
                    Value::Null => edit.comment = Some(None),
                    Value::String(text) if text.chars().count() <= COMMENT => {
                        edit.comment = Some(Some(text.clone()).filter(|text| !text.is_empty()));
                    }
                    Value::String(_) => wrong("comment", "too_long", "must be of 380 characters at most"),
                    _ => wrong("comment", "wrong_type", "must be a string or null"),
                },
                "tags" => match tags(value) {
                    Some(tags) => edit.tags = Some(tags),
                    None => wrong("tags", "invalid_tags", "must be at most 10 strings of 1 to 50 characters"),
                },
                "private" => match value.as_bool() {
                    Some(private) => edit.private = Some(private),
                    None => wrong("private", "wrong_type", "must be true or false"),
                },
                "rewatch_count" => match value.as_u64() {
                    Some(count) if count <= REWATCHES => edit.rewatch_count = u32::try_from(count).ok(),
                    _ => wrong("rewatch_count", "out_of_range", "must be a whole number from 0 to 9999"),
                },
                "started_at" => match moment(value) {
                    Some(moment) => edit.started_at = Some(moment),
                    None => wrong("started_at", "invalid_date", "must be a date, a moment in RFC 3339, or null"),
                },
                "finished_at" => match moment(value) {
                    Some(moment) => edit.finished_at = Some(moment),
                    None => wrong("finished_at", "invalid_date", "must be a date, a moment in RFC 3339, or null"),
                },
                _ => {}
            }
        }
        if errors.is_empty() { Ok(edit) } else { Err(errors) }
    }

    /// How far, where that came.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// The whole entry as PUT means it: what did not come has its default.
    ///
    /// # Errors
    /// `status` is needed.
    pub fn put(self, subject_id: u32, before: Option<&Entry>, now: Millis) -> Result<Entry, Vec<FieldError>> {
        let Some(status) = self.status else { return Err(vec![FieldError::new("status", "required")]) };
        let blank = Entry::new(subject_id, status, now);
        let blank = match before {
            // The marks of its episodes are put by themselves, and what the synchronisation knows is not the caller's.
            Some(before) => Entry {
                rating: None,
                comment: None,
                tags: Vec::new(),
                private: false,
                rewatch_count: 0,
                started_at: None,
                finished_at: None,
                ..before.clone()
            },
            None => blank,
        };
        Ok(self.patch(&blank))
    }

    /// `before` with what came changed.
    pub fn patch(self, before: &Entry) -> Entry {
        Entry {
            status: self.status.unwrap_or(before.status),
            rating: self.rating.unwrap_or(before.rating),
            comment: self.comment.unwrap_or_else(|| before.comment.clone()),
            tags: self.tags.unwrap_or_else(|| before.tags.clone()),
            private: self.private.unwrap_or(before.private),
            rewatch_count: self.rewatch_count.unwrap_or(before.rewatch_count),
            started_at: self.started_at.unwrap_or_else(|| before.started_at.clone()),
            finished_at: self.finished_at.unwrap_or_else(|| before.finished_at.clone()),
            ..before.clone()
        }
    }
}

/// Trimmed and without repeats.
fn tags(value: &Value) -> Option<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for tag in value.as_array()? {
        let tag = tag.as_str()?.trim();
        if tag.is_empty() || tag.chars().count() > TAG {
            return None;
        }
        if !tags.iter().any(|other| other == tag) {
            tags.push(tag.to_owned());
        }
    }
    (tags.len() <= TAGS).then_some(tags)
}

fn moment(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => {
            // The date parser also takes a moment and drops its time: the length tells them apart.
            let date = text.len() == 10 && text.parse::<Date>().is_ok();
            (text.len() <= 40 && (date || text.parse::<Timestamp>().is_ok())).then(|| Some(text.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Edit, Vec<FieldError>> {
        Edit::parse(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn put_gives_defaults_to_what_did_not_come_and_patch_leaves_it() {
        let full =
            r#"{"status":"done","rating":8,"comment":"好","tags":["a","a "," b"],"private":true,"rewatch_count":2}"#;
        let entry = parse(full).unwrap().put(1, None, Millis(5)).unwrap();
        assert_eq!((entry.rating, entry.tags.len(), entry.private), (Some(8), 2, true));
        let patched = parse(r#"{"rating":null}"#).unwrap().patch(&entry);
        assert_eq!((patched.rating, patched.comment.as_deref(), patched.rewatch_count), (None, Some("好"), 2));
        let replaced = parse(r#"{"status":"wish"}"#).unwrap().put(1, Some(&entry), Millis(9)).unwrap();
        assert_eq!((replaced.comment, replaced.private, replaced.created_at), (None, false, Millis(5)));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let json = r#"{"status":"seen","rating":11,"comment":1,"tags":"x","private":"yes","rewatch_count":-1,"started_at":"soon"}"#;
        let errors = parse(json).unwrap_err();
        assert_eq!(errors.len(), 7, "{errors:?}");
        for json in [
            r#"{"rating":0}"#,
            r#"{"rating":7.5}"#,
            r#"{"tags":[""]}"#,
            r#"{"finished_at":"2024-13-01"}"#,
            &format!(r#"{{"comment":"{}"}}"#, "番".repeat(381)),
            r#"{"tags":["1","2","3","4","5","6","7","8","9","10","11"]}"#,
        ] {
            assert!(parse(json).is_err(), "{json}");
        }
        assert!(parse(&format!(r#"{{"comment":"{}"}}"#, "番".repeat(380))).is_ok());
        assert!(parse(r#"{"started_at":"2024-04-01","finished_at":"2024-04-01T12:00:00+09:00"}"#).is_ok());
        assert!(parse("{}").unwrap().put(1, None, Millis(0)).is_err());
    }

    #[test]
    fn an_entry_that_came_back_has_another_etag() {
        let edit = || parse(r#"{"status":"wish"}"#).unwrap();
        assert_ne!(edit().put(1, None, Millis(1)).unwrap().etag(), edit().put(1, None, Millis(2)).unwrap().etag());
    }
}
