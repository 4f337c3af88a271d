//! Items and conditions: what goes into the table and what has to hold for it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::Key;
use super::table::StoreError;
use crate::id::Attempt;

/// An item as the table has it.
pub type Item = HashMap<String, AttributeValue>;

/// A condition, with what it compares to. `#name` stands for the attribute `name`; every one may be a reserved word.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(super) expression: String,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Condition {
    /// A condition in DynamoDB's expression language.
    pub fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), values: HashMap::new() }
    }

    /// Nothing stands there yet.
    pub fn absent() -> Self {
        Self::new("attribute_not_exists(#PK)")
    }

    /// What stands there is of this version.
    pub fn version(version: u64) -> Self {
        Self::new("#version = :version").bind(":version", number(version))
    }

    /// What stands there is of this revision; 0 is that of what was written before there were any.
    pub fn revision(revision: u64) -> Self {
        match revision {
            0 => Self::new("attribute_exists(#PK) AND attribute_not_exists(#revision)"),
            revision => Self::new("#revision = :revision").bind(":revision", number(revision)),
        }
    }

    /// Gives `:name` its value.
    pub fn bind(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Holds where `other` does as well.
    pub fn and(mut self, other: &str) -> Self {
        self.expression = format!("({}) AND ({other})", self.expression);
        self
    }

    /// Holds also where nothing stands: a removal whose answer was lost can be tried again.
    pub fn or_absent(mut self) -> Self {
        self.expression = format!("({}) OR attribute_not_exists(#PK)", self.expression);
        self
    }

    /// Holds also where an earlier try of the same request already wrote.
    pub(super) fn or_attempt(mut self, attempt: Attempt) -> Self {
        self.expression = format!("({}) OR #attempt = :attempt", self.expression);
        self.bind(":attempt", text(attempt))
    }
}

/// A string attribute.
pub fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute.
pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A boolean attribute.
pub fn flag(value: bool) -> AttributeValue {
    AttributeValue::Bool(value)
}

/// An attribute that has a value's own fields.
///
/// # Errors
/// [`StoreError::Corrupt`] if the value can't be one.
pub fn map<T: Serialize>(kind: &str, value: &T) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|_| StoreError::Corrupt(kind.to_owned()))
}

/// An item of `kind` under `key`: the value's own fields, and the table's.
///
/// # Errors
/// [`StoreError::Corrupt`] if the value can't be an item.
pub fn item<T: Serialize>(key: &Key, kind: &str, value: &T) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|_| StoreError::Corrupt(kind.to_owned()))?;
    // Absent and null read the same, and an absent attribute costs nothing.
    item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    item.extend([
        ("PK".to_owned(), text(&key.pk)),
        ("SK".to_owned(), text(&key.sk)),
        ("type".to_owned(), text(kind)),
        ("schema".to_owned(), number(1)),
    ]);
    Ok(item)
}

/// Reads an item as `T`.
///
/// # Errors
/// [`StoreError::Corrupt`] where it is not one.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    // The parser's own words would quote what stands there.
    let kind = item.get("type").and_then(|kind| kind.as_s().ok()).cloned();
    serde_dynamo::from_item(item).map_err(|_| StoreError::Corrupt(kind.unwrap_or_default()))
}

/// What a [`Store::batch_get`](super::Store::batch_get) found.
pub struct Found(pub(super) HashMap<(String, String), Item>);

impl Found {
    /// Takes the item under `key` out.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it is not a `T`.
    pub fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>, StoreError> {
        self.0.remove(&(key.pk.clone(), key.sk.clone())).map(read).transpose()
    }
}

pub(super) fn key_item(key: &Key) -> Item {
    HashMap::from([("PK".to_owned(), text(&key.pk)), ("SK".to_owned(), text(&key.sk))])
}

/// `SET a` becomes `SET attempt, a`.
pub(super) fn with_attempt(update: &str) -> String {
    update.replacen("SET ", "SET #attempt = :attempt, ", 1)
}

/// The names that an expression's `#name`s stand for.
pub(super) fn names(expression: &str) -> HashMap<String, String> {
    let words = expression.split('#').skip(1);
    words
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default())
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect()
}

pub(super) fn names_of(expression: &str) -> Option<HashMap<String, String>> {
    Some(names(expression)).filter(|names| !names.is_empty())
}
