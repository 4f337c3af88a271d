//! Letters that are still to be sent.

use super::item::{Condition, Item, item, number, text};
use super::keys;
use super::table::{Query, Store, StoreError, Written};
use super::transaction::Action;
use crate::clock::Time;
use crate::id::{Attempt, LetterId};
use crate::mail::Letter;
use crate::oauth::lifetimes::DAY;

fn letter_item(letter: &Letter) -> Result<Item, StoreError> {
    let mut item = item(&keys::letter(letter.letter_id), "letter", letter)?;
    item.insert("GSI1PK".to_owned(), text(keys::LETTERS_DUE));
    item.insert("GSI1SK".to_owned(), text(letter.due_at));
    item.insert("ttl".to_owned(), number((letter.due_at + 7 * DAY).0));
    Ok(item)
}

/// Writes a letter down: a step of the transaction that it tells of.
///
/// # Errors
/// [`StoreError::Corrupt`]: never.
pub fn write_letter(letter: &Letter) -> Result<Action, StoreError> {
    Ok(Action::Put(letter_item(letter)?, Condition::absent()))
}

impl Store {
    /// Writes a letter down by itself, where what it tells was written before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_letter(&self, letter: &Letter, attempt: Attempt) -> Result<(), StoreError> {
        self.put(letter_item(letter)?, Condition::absent(), attempt).await.map(drop)
    }

    /// Up to `limit` letters that are to be sent again, the longest due first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_due_letters(&self, now: Time, limit: usize) -> Result<Vec<Letter>, StoreError> {
        let (from, to) = ("!".to_owned(), now.to_string());
        let partition = keys::LETTERS_DUE.to_owned();
        self.query_work(Query { index: Some("GSI1"), partition, from, to, descending: false, limit, attributes: None })
            .await
    }

    /// Makes `after` of a letter that was tried `attempts` times. False if somebody else tries it already, or it is sent:
    /// then it is theirs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_letter(&self, after: &Letter, attempts: u32, attempt: Attempt) -> Result<bool, StoreError> {
        let unclaimed = Condition::new("#attempts = :attempts").bind(":attempts", number(attempts));
        Ok(matches!(self.put(letter_item(after)?, unclaimed, attempt).await?, Written::Done))
    }

    /// A letter is sent, or given up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_letter(&self, id: LetterId) -> Result<(), StoreError> {
        self.delete(&keys::letter(id), None).await.map(drop)
    }
}
