//! Two items changed together, or neither.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde_dynamo::Item;

use crate::dynamo_rows::DynamoRows;
use crate::dynamo_rows::Still;
use crate::projection::Projection;
use crate::row_error::RowError;
use crate::row_image::RowImage;

const OPERATION: &str = "TransactWriteItems";

/// An item that is to take the place of what `was` there.
pub(super) struct Change<'a> {
    pub(super) was: Option<&'a RowImage>,
    pub(super) item: Item,
}

impl DynamoRows {
    /// Puts both items; false where something else stands at either place by now, or is about to, and nothing was done.
    pub(super) async fn write_together<P: Projection>(&self, changes: [Change<'_>; 2]) -> Result<bool, RowError> {
        let [row, sum] = changes.map(|change| self.put::<P>(change));
        let unbuilt = |error: BuildError| RowError::Refused { operation: OPERATION, source: Box::new(error) };
        let items =
            [row.map_err(unbuilt)?, sum.map_err(unbuilt)?].map(|put| TransactWriteItem::builder().put(put).build());
        let result = self.client.transact_write_items().set_transact_items(Some(items.into())).send().await;
        let Err(error) = result else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) if may_pass_later(cancelled) => {
                Ok(false)
            }
            // Our own attempt before this one, the SDK's retries included.
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => Ok(false),
            Some(_) | None => Err(RowError::of(OPERATION, error)),
        }
    }

    fn put<P: Projection>(&self, change: Change<'_>) -> Result<Put, BuildError> {
        let still = Still::as_it_was::<P>(change.was);
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(change.item.into()))
            .condition_expression(still.expression)
            .set_expression_attribute_names(Some(still.names))
            .set_expression_attribute_values(still.values)
            .build()
    }
}

/// Whether a transaction was cancelled by what others did, or by throttling. The SDK retries neither.
fn may_pass_later(cancelled: &TransactionCanceledException) -> bool {
    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let mut codes = codes.filter(|code| *code != "None").peekable();
    let passing = ["ConditionalCheckFailed", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];
    codes.peek().is_some() && codes.all(|code| passing.contains(&code))
}
