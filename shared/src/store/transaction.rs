//! Transactions: all or nothing.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::item::{Condition, Item, key_item, names_of, text, with_attempt};
use super::keys::Key;
use super::table::{Store, StoreError, unavailable};
use crate::id::Attempt;

/// The outcome of a transaction.
#[derive(Debug)]
pub enum Transacted {
    /// All of it was written.
    Done,
    /// None of it was; these actions' conditions failed (the index of each, and what was there).
    Lost(Vec<(usize, Option<Item>)>),
}

/// A step of a transaction.
pub enum Action {
    /// Write an item.
    Put(Item, Condition),
    /// Remove an item.
    Delete(Key, Condition),
    /// Change an item by an update expression.
    Update(Key, String, Condition),
    /// Demand something of an item that stays as it is.
    Check(Key, Condition),
}

impl Store {
    /// Writes all of `actions` or none. The `attempt` is also the request token, so a repeat does nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transact(&self, actions: Vec<Action>, attempt: Attempt) -> Result<Transacted, StoreError> {
        let items: Result<Vec<_>, _> = actions.into_iter().map(|action| self.action(action, attempt)).collect();
        let items = items.map_err(|error| unavailable("TransactWriteItems", error))?;
        let call = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(attempt.to_string());
        let Err(error) = call.send().await else { return Ok(Transacted::Done) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
            return Err(unavailable("TransactWriteItems", error));
        };
        let failed = |code: Option<&str>| code == Some("ConditionalCheckFailed");
        let reasons = cancelled.cancellation_reasons().iter().enumerate();
        let lost: Vec<_> = reasons.filter(|(_, reason)| failed(reason.code())).collect();
        if lost.is_empty() {
            // Throttled or in conflict with another transaction, every time that it was tried.
            return Err(unavailable("TransactWriteItems", error));
        }
        Ok(Transacted::Lost(lost.into_iter().map(|(at, reason)| (at, reason.item.clone())).collect()))
    }

    fn action(&self, action: Action, attempt: Attempt) -> Result<TransactWriteItem, BuildError> {
        let transact = TransactWriteItem::builder();
        let on_failure = ReturnValuesOnConditionCheckFailure::AllOld;
        Ok(match action {
            Action::Put(mut item, condition) => {
                item.insert("attempt".to_owned(), text(attempt));
                let put = Put::builder()
                    .table_name(&*self.table)
                    .set_item(Some(item))
                    .set_expression_attribute_names(names_of(&condition.expression))
                    .set_expression_attribute_values(Some(condition.values).filter(|values| !values.is_empty()))
                    .condition_expression(condition.expression)
                    .return_values_on_condition_check_failure(on_failure);
                transact.put(put.build()?)
            }
            Action::Delete(key, condition) => {
                let delete = Delete::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_item(&key)))
                    .set_expression_attribute_names(names_of(&condition.expression))
                    .set_expression_attribute_values(Some(condition.values).filter(|values| !values.is_empty()))
                    .condition_expression(condition.expression)
                    .return_values_on_condition_check_failure(on_failure);
                transact.delete(delete.build()?)
            }
            Action::Update(key, update, condition) => {
                let condition = condition.bind(":attempt", text(attempt));
                let update_expression = with_attempt(&update);
                let update = Update::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_item(&key)))
                    .set_expression_attribute_names(names_of(&format!("{update_expression} {}", condition.expression)))
                    .set_expression_attribute_values(Some(condition.values))
                    .update_expression(update_expression)
                    .condition_expression(condition.expression)
                    .return_values_on_condition_check_failure(on_failure);
                transact.update(update.build()?)
            }
            Action::Check(key, condition) => {
                // What stands there is told to nobody: the function may have no right to read it.
                let check = ConditionCheck::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_item(&key)))
                    .set_expression_attribute_names(names_of(&condition.expression))
                    .set_expression_attribute_values(Some(condition.values).filter(|values| !values.is_empty()))
                    .condition_expression(condition.expression);
                transact.condition_check(check.build()?)
            }
        }
        .build())
    }
}
