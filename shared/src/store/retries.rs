//! What is worth trying again beside what the SDK knows itself: a write that met somebody else's transaction.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;

/// Has writes retried that were refused only because they came at the wrong moment. Their conditions were not judged.
#[derive(Debug)]
pub(super) struct WrongMoment;

impl ClassifyRetry for WrongMoment {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let Some(error) = error.as_operation_error() else { return RetryAction::NoActionIndicated };
        let in_vain = match error.downcast_ref() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => only_momentary(cancelled),
            _ => {
                matches!(error.downcast_ref(), Some(PutItemError::TransactionConflictException(_)))
                    || matches!(error.downcast_ref(), Some(UpdateItemError::TransactionConflictException(_)))
                    || matches!(error.downcast_ref(), Some(DeleteItemError::TransactionConflictException(_)))
            }
        };
        if in_vain { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "a write at the wrong moment"
    }
}

/// Whether another transaction or a throttle was all that stopped this one.
fn only_momentary(cancelled: &TransactionCanceledException) -> bool {
    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let mut codes = codes.filter(|code| *code != "None").peekable();
    let momentary = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    codes.peek().is_some() && codes.all(|code| momentary.contains(&code))
}
