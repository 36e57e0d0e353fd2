//! A sample consumer of Order Ledger's events, as another team would write it. It credits loyalty points to the customer of
//! every `OrderPlaced` event exactly once, even if the event arrives several times.
//!
//! It depends on the published contract only, not on the ledger's code. Start at [`LoyaltyPoints::handle`]; the fields that
//! it reads of an event are in [`order_placed`].

pub mod order_placed;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;

use order_placed::{NotUnderstood, OrderPlaced};

/// The function's response to an event. EventBridge discards it; a developer who invokes the function directly can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// The event's id.
    pub event_id: String,
    /// The points that the event earned, now or when it first arrived.
    pub points: u64,
    /// True if the event was credited before, so that no points were added this time.
    pub repeat: bool,
}

/// The reason why an event was not credited. Lambda retries it twice, then moves it to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// The event must not be credited; the inner error has the reason.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// DynamoDB did not store the credit because of an outage, a missing table or a missing permission.
    #[error("cannot record the credit of event {event_id}: {}", DisplayErrorContext(source))]
    Table {
        /// The event's id.
        event_id: String,
        /// The error of the SDK.
        source: Box<aws_sdk_dynamodb::Error>,
    },
}

impl From<CreditError> for Diagnostic {
    fn from(error: CreditError) -> Self {
        let error_type = match &error {
            CreditError::NotUnderstood(_) => "NotUnderstood",
            CreditError::Table { .. } => "Table",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// The consumer. It credits points in a table whose items are never changed or deleted.
#[derive(Debug, Clone)]
pub struct LoyaltyPoints {
    client: Client,
    table: String,
}

impl LoyaltyPoints {
    /// Creates a consumer that records credits in a table with the partition key `customerId` and the sort key `eventId`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Credits the points of one event.
    ///
    /// # Errors
    /// Returns an error if the event is not understood, or DynamoDB does not store the credit. In both cases nothing is
    /// credited.
    pub async fn handle(&self, event: LambdaEvent<EventBridgeEvent>) -> Result<Credit, CreditError> {
        // The Lambda runtime logs failures.
        let credit = self.credit(event.payload).await?;
        let Credit { event_id, points, repeat } = &credit;
        let message = if *repeat { "repeat: credited before, nothing added" } else { "credited" };
        tracing::info!(event_id, points, repeat, message);
        Ok(credit)
    }

    async fn credit(&self, event: EventBridgeEvent) -> Result<Credit, CreditError> {
        // Uses the id in the detail. EventBridge's own id differs for every publication of the same event. Therefore replays
        // (from an archive, or from the publisher, which sets `replayname`) need no special handling: they have the same
        // ids, and only add missing credits.
        let order = OrderPlaced::from_detail(&event.detail)?;
        let points = order.points();
        let repeat = !self.record(&order).await?;
        Ok(Credit { event_id: order.event_id, points, repeat })
    }

    /// Adds a credit to the table. Returns false if the credit exists already.
    ///
    /// The credit itself proves that the event was handled. The design therefore has no gap between the credit and the
    /// proof, needs no second table of processed ids and no transaction, and never counts an old event again.
    async fn record(&self, order: &OrderPlaced) -> Result<bool, CreditError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("customerId", AttributeValue::S(order.customer_id.clone()))
            .item("eventId", AttributeValue::S(order.event_id.clone()))
            .item("orderId", AttributeValue::S(order.order_id.clone()))
            .item("placedAt", AttributeValue::S(order.time.clone()))
            .item("points", AttributeValue::N(order.points().to_string()))
            .condition_expression("attribute_not_exists(eventId)")
            .send()
            .await;
        match put.map_err(aws_sdk_dynamodb::Error::from) {
            Ok(_) => Ok(true),
            // An earlier delivery, a concurrent delivery, or this call has written the credit. The SDK retries a write whose
            // response was lost.
            Err(aws_sdk_dynamodb::Error::ConditionalCheckFailedException(_)) => Ok(false),
            Err(source) => Err(CreditError::Table { event_id: order.event_id.clone(), source: Box::new(source) }),
        }
    }
}
