//! What somebody did to their collection, change by change.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entry::Entry;
use crate::clock::Millis;

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// It was added.
    Added,
    /// It was changed.
    Changed,
    /// It was removed.
    Removed,
    /// It came back after it was removed.
    Restored,
}

/// A change of one entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The work.
    pub subject_id: u32,
    /// When.
    pub at: Millis,
    /// What.
    pub happened: Happened,
    /// The fields that are not as before, each with its value before and after, as the API shows them.
    #[serde(default)]
    pub fields: Vec<Changed>,
}

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Its name.
    pub field: String,
    /// Its value before.
    #[serde(default)]
    pub before: Value,
    /// Its value after.
    #[serde(default)]
    pub after: Value,
}

/// Of these nothing is told: they go with every change.
const ALWAYS: [&str; 6] = ["subject_id", "subject", "created_at", "updated_at", "deleted_at", "version"];

/// For how many seconds a change is told: a year.
pub const TOLD: i64 = 365 * 24 * 60 * 60;

impl Activity {
    /// What made `after` of `before`.
    pub fn between(before: Option<&Entry>, after: &Entry) -> Self {
        let happened = match (before.map(Entry::is_live), after.is_live()) {
            (None, _) => Happened::Added,
            (Some(_), false) => Happened::Removed,
            // What was removed and is added anew is another entry.
            (Some(false), true) if before.is_some_and(|before| before.created_at != after.created_at) => {
                Happened::Added
            }
            (Some(false), true) => Happened::Restored,
            (Some(true), true) => Happened::Changed,
        };
        let fields = match (happened, before.map(Entry::to_json), after.to_json()) {
            (Happened::Added | Happened::Changed, before, Value::Object(members)) => {
                let before = before.filter(|_| happened == Happened::Changed).unwrap_or_default();
                let value = |name: &str| before.get(name).cloned().unwrap_or_default();
                let told = members.into_iter().filter(|(name, _)| !ALWAYS.contains(&name.as_str()));
                let changed = told.map(|(field, after)| Changed { before: value(&field), field, after });
                changed.filter(|changed| changed.before != changed.after && !is_default(changed)).collect()
            }
            _ => Vec::new(),
        };
        Self { subject_id: after.subject_id, at: after.updated_at, happened, fields }
    }

    /// The change in JSON.
    pub fn to_json(&self) -> Value {
        let fields = self
            .fields
            .iter()
            .map(|Changed { field, before, after }| json!({ "field": field, "before": before, "after": after }));
        json!({
            "subject_id": self.subject_id,
            "at": self.at.to_string(),
            "happened": self.happened,
            "fields": fields.collect::<Vec<_>>(),
        })
    }
}

/// Of a new entry, only what is not as in any new entry is worth telling.
fn is_default(changed: &Changed) -> bool {
    let Changed { before, after, .. } = changed;
    let blanks = [json!(null), json!(false), json!(0), json!([]), json!({ "main": 0, "special": 0 })];
    let blank = blanks.contains(after);
    before.is_null() && blank
}
