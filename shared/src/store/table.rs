//! The few calls that every aggregate is made of, and how they fail.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use serde::de::DeserializeOwned;

use super::item::{Condition, Found, Item, key_item, names, names_of, number, read, text, with_attempt};
use super::keys::{self, Key};
use crate::id::Attempt;
use crate::log::{self, Metric};

/// The table could not be asked or did not answer. The caller answers 503; what was written stays consistent.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, refused or cut off, after the SDK's own retries.
    #[error("{operation}: {detail}")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// For the log, never for the caller.
        detail: String,
    },
    /// An item of this type does not have the shape that this version of the code writes.
    #[error("an item does not read: {0}")]
    Corrupt(String),
    /// The table is new: the site has no signing keys yet.
    #[error("the table has no signing keys: rotate-keys, which makes them, has not run yet")]
    NoSite,
}

/// The outcome of a conditional write.
#[derive(Debug)]
pub enum Written {
    /// It was made, now or by an earlier try of the same request.
    Done,
    /// The condition failed; this is what was there.
    Lost(Option<Item>),
}

/// A query of one partition, of the table or one of its indexes.
pub struct Query<'a> {
    /// `None` for the table itself.
    pub index: Option<&'static str>,
    /// The partition's value.
    pub partition: String,
    /// Lowest sort key, inclusive.
    pub from: String,
    /// Highest sort key, inclusive.
    pub to: String,
    /// Newest or highest first.
    pub descending: bool,
    /// How many items at the most.
    pub limit: usize,
    /// Only these attributes, or all.
    pub attributes: Option<&'a str>,
}

impl Query<'static> {
    /// Up to `limit` items of the table whose sort key begins like `prefix`'s, in order, those after `after`.
    pub fn after(prefix: &Key, after: Option<&Key>, limit: usize) -> Self {
        // Between a sort key and the next one: ours have nothing below `!`, and nothing above `~`.
        let from = after.map_or_else(|| prefix.sk.clone(), |key| format!("{}!", key.sk));
        let (partition, to) = (prefix.pk.clone(), format!("{}~", prefix.sk));
        Self { index: None, partition, from, to, descending: false, limit, attributes: None }
    }
}

/// The table. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(super) client: Arc<LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>>,
    pub(super) table: Arc<str>,
}

impl Store {
    /// Reads one item, consistently.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let call = self.client.get_item().table_name(&*self.table).set_key(Some(key_item(key))).consistent_read(true);
        let answer = call.send().await.map_err(|error| unavailable("GetItem", error))?;
        answer.item.map(read).transpose()
    }

    /// Reads the cheapest thing there is, only to see that the table answers: the site's epoch, not consistently.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let call = self.client.get_item().table_name(&*self.table).set_key(Some(key_item(&keys::site_epoch())));
        call.consistent_read(false).send().await.map(drop).map_err(|error| unavailable("GetItem", error))
    }

    /// Reads up to 100 items in one round trip, consistently. Keys may repeat.
    ///
    /// # Errors
    /// [`StoreError`], also where the table keeps leaving keys unprocessed.
    pub async fn batch_get(&self, keys: &[Key]) -> Result<Found, StoreError> {
        let mut found = HashMap::new();
        let mut open: Vec<Item> = Vec::with_capacity(keys.len());
        for key in keys {
            let key = key_item(key);
            if !open.contains(&key) {
                open.push(key);
            }
        }
        for pause in PAUSES {
            if open.is_empty() {
                return Ok(Found(found));
            }
            wait(pause).await;
            let request = KeysAndAttributes::builder().set_keys(Some(std::mem::take(&mut open))).consistent_read(true);
            let request = request.build().map_err(|error| unavailable("BatchGetItem", error))?;
            let call = self.client.batch_get_item().request_items(&*self.table, request);
            let mut answer = call.send().await.map_err(|error| unavailable("BatchGetItem", error))?;
            let items = answer.responses.as_mut().and_then(|tables| tables.remove(&*self.table)).unwrap_or_default();
            for item in items {
                if let (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) = (item.get("PK"), item.get("SK")) {
                    found.insert((pk.clone(), sk.clone()), item);
                }
            }
            let left = answer.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&*self.table));
            open = left.map(|left| left.keys).unwrap_or_default();
        }
        if open.is_empty() {
            return Ok(Found(found));
        }
        Err(unavailable("BatchGetItem", "keys are left unprocessed"))
    }

    /// Reads one partition in order. Consistent, but for a global index, which can't be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn query<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Vec<T>, StoreError> {
        self.query_items(query).await?.into_iter().map(read).collect()
    }

    /// The same of a list of work: what does not read is left out, and told of in the log, so that it keeps nothing else
    /// from being done. Another version of the code may have written it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn query_work<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Vec<T>, StoreError> {
        let items = self.query_items(query).await?.into_iter().map(read);
        Ok(items
            .filter_map(|item| item.inspect_err(|error| tracing::error!(%error, "work is left undone")).ok())
            .collect())
    }

    async fn query_items(&self, query: Query<'_>) -> Result<Vec<Item>, StoreError> {
        let (pk, sk) = match query.index {
            None => ("PK", "SK"),
            Some("GSI1") => ("GSI1PK", "GSI1SK"),
            Some("LSI1") => ("PK", "LSI1SK"),
            Some("LSI2") => ("PK", "LSI2SK"),
            Some(_) => ("PK", "LSI3SK"),
        };
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let remaining = i32::try_from(query.limit.saturating_sub(items.len())).unwrap_or(i32::MAX);
            let mut call = self
                .client
                .query()
                .table_name(&*self.table)
                .set_index_name(query.index.map(str::to_owned))
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                .expression_attribute_names("#pk", pk)
                .expression_attribute_names("#sk", sk)
                .expression_attribute_values(":pk", text(&query.partition))
                .expression_attribute_values(":from", text(&query.from))
                .expression_attribute_values(":to", text(&query.to))
                .scan_index_forward(!query.descending)
                .consistent_read(query.index != Some("GSI1"))
                .limit(remaining)
                .set_exclusive_start_key(start.take());
            if let Some(attributes) = query.attributes {
                call = call
                    .projection_expression(attributes)
                    .set_expression_attribute_names(Some(names(attributes)))
                    .expression_attribute_names("#pk", pk)
                    .expression_attribute_names("#sk", sk);
            }
            let answer = call.send().await.map_err(|error| unavailable("Query", error))?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() || items.len() >= query.limit {
                return Ok(items);
            }
        }
    }

    /// Writes an item if `condition` holds, or if this `attempt` already wrote it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, mut item: Item, condition: Condition, attempt: Attempt) -> Result<Written, StoreError> {
        item.insert("attempt".to_owned(), text(attempt));
        let condition = condition.or_attempt(attempt);
        let sent = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .set_expression_attribute_names(names_of(&condition.expression))
            .set_expression_attribute_values(Some(condition.values))
            .condition_expression(condition.expression)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        written("PutItem", sent, |error| match error {
            PutItemError::ConditionalCheckFailedException(failed) => Some(failed.item.clone()),
            _ => None,
        })
    }

    /// Changes an item by `update` (`SET …`) if `condition` holds, or if this `attempt` already did.
    ///
    /// The update expression's values are bound in the condition.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update(
        &self,
        key: &Key,
        update: &str,
        condition: Condition,
        attempt: Attempt,
    ) -> Result<Written, StoreError> {
        let condition = condition.or_attempt(attempt);
        let update = with_attempt(update);
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key_item(key)))
            .set_expression_attribute_names(names_of(&format!("{update} {}", condition.expression)))
            .set_expression_attribute_values(Some(condition.values))
            .update_expression(update)
            .condition_expression(condition.expression)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        written("UpdateItem", sent, |error| match error {
            UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed.item.clone()),
            _ => None,
        })
    }

    /// Counts one more at `key` while fewer than `limit` were counted; the item goes at `ttl`.
    ///
    /// The same `attempt` counts once, also when its answer was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, key: &Key, limit: u64, ttl: i64, attempt: Attempt) -> Result<bool, StoreError> {
        let expression = "(attribute_not_exists(#hits) OR #hits < :limit) AND \
                          (attribute_not_exists(#attempt) OR #attempt <> :attempt)";
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key_item(key)))
            .update_expression("SET #attempt = :attempt, #ttl = :ttl ADD #hits :one")
            .condition_expression(expression)
            .set_expression_attribute_names(names_of(&format!("{expression} #ttl")))
            .expression_attribute_values(":attempt", text(attempt))
            .expression_attribute_values(":limit", number(limit))
            .expression_attribute_values(":ttl", number(ttl))
            .expression_attribute_values(":one", number(1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let outcome = written("UpdateItem", sent, |error| match error {
            UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed.item.clone()),
            _ => None,
        })?;
        Ok(match outcome {
            Written::Done => true,
            Written::Lost(old) => old.and_then(|mut old| old.remove("attempt")) == Some(text(attempt)),
        })
    }

    /// Takes back one count at `key`. The same `attempt` takes back once, also when its answer was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn uncount(&self, key: &Key, attempt: Attempt) -> Result<(), StoreError> {
        let condition = "attribute_exists(#PK) AND #attempt <> :attempt";
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key_item(key)))
            .update_expression("SET #attempt = :attempt ADD #hits :minus_one")
            .condition_expression(condition)
            .set_expression_attribute_names(names_of(&format!("{condition} #hits")))
            .expression_attribute_values(":attempt", text(attempt))
            .expression_attribute_values(":minus_one", number(-1))
            .send()
            .await;
        let done = written("UpdateItem", sent, |error| match error {
            UpdateItemError::ConditionalCheckFailedException(_) => Some(None),
            _ => None,
        });
        done.map(drop)
    }

    /// Removes an item and returns what stood there. Removing nothing is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete(&self, key: &Key, condition: Option<Condition>) -> Result<Written, StoreError> {
        let mut call = self.client.delete_item().table_name(&*self.table).set_key(Some(key_item(key)));
        if let Some(condition) = condition {
            call = call
                .set_expression_attribute_names(names_of(&condition.expression))
                .set_expression_attribute_values(Some(condition.values).filter(|values| !values.is_empty()))
                .condition_expression(condition.expression)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        }
        let sent = call.return_values(ReturnValue::None).send().await;
        written("DeleteItem", sent, |error| match error {
            DeleteItemError::ConditionalCheckFailedException(failed) => Some(failed.item.clone()),
            _ => None,
        })
    }

    /// Removes any number of items. Removing what is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`]: some may be gone, some not.
    pub async fn delete_all(&self, keys: &[Key]) -> Result<(), StoreError> {
        let failed = |error| unavailable("BatchWriteItem", error);
        for keys in keys.chunks(25) {
            let mut open = Vec::with_capacity(keys.len());
            for key in keys {
                let delete = DeleteRequest::builder().set_key(Some(key_item(key))).build().map_err(failed)?;
                open.push(WriteRequest::builder().delete_request(delete).build());
            }
            for pause in PAUSES {
                if open.is_empty() {
                    break;
                }
                wait(pause).await;
                let call = self.client.batch_write_item().request_items(&*self.table, std::mem::take(&mut open));
                let mut answer = call.send().await.map_err(|error| unavailable("BatchWriteItem", error))?;
                let left = answer.unprocessed_items.as_mut().and_then(|tables| tables.remove(&*self.table));
                open = left.unwrap_or_default();
            }
            if !open.is_empty() {
                return Err(unavailable("BatchWriteItem", "items are left unprocessed"));
            }
        }
        Ok(())
    }
}

/// Milliseconds before each try of a batch. DynamoDB leaves over what it throttles, so that is asked for again, twice
/// and not at once. (The SDK takes such an answer for a success and tries nothing again.)
const PAUSES: [u64; 3] = [0, 25, 50];

async fn wait(millis: u64) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

fn written<O, E, R>(
    operation: &'static str,
    sent: Result<O, SdkError<E, R>>,
    lost: impl Fn(&E) -> Option<Option<Item>>,
) -> Result<Written, StoreError>
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let Err(error) = sent else { return Ok(Written::Done) };
    match error.as_service_error().and_then(lost) {
        Some(old) => Ok(Written::Lost(old)),
        None => Err(unavailable(operation, error)),
    }
}

pub(super) fn unavailable(
    operation: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    log::count(Metric::TableErrors);
    StoreError::Unavailable { operation, detail: describe(&*error.into()) }
}

/// An error and its causes in their own words, but for those that would quote an item: their `Debug`, which has the
/// answer's bytes, and the message of a `ValidationException`.
fn describe(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let words = causes.filter_map(|cause| match cause.downcast_ref::<ErrorMetadata>() {
        Some(metadata) if metadata.code() == Some("ValidationException") => None,
        Some(metadata) => metadata.message().map(str::to_owned),
        None => Some(cause.to_string()),
    });
    words.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_its_words_unless_they_quote_what_was_written() {
        let told = |code: &str, message: &str| describe(&ErrorMetadata::builder().code(code).message(message).build());
        assert_eq!(told("AccessDeniedException", "it may not do that"), "it may not do that");
        assert_eq!(told("ValidationException", "no number: sakura@moe.example"), "");
        assert_eq!(describe(&std::io::Error::other("cut")), "cut");
    }
}
