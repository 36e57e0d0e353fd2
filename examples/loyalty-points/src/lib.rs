//! A sample consumer of Order Ledger's events, as another team would write it: it credits loyalty points to the
//! customer of every `OrderPlaced`, exactly once, although the event may arrive any number of times.
//!
//! It knows the published contract and nothing of the ledger's code. Start at [`LoyaltyPoints::handle`]; what it reads
//! of an event is in [`order_placed`].

pub mod order_placed;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;

use order_placed::{NotUnderstood, OrderPlaced};

/// What became of an event: the function's answer. EventBridge drops it; whoever invokes the function by hand reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// The event's id.
    pub event_id: String,
    /// The points that the event earned, now or when it first arrived.
    pub points: u64,
    /// Whether the event had been credited before, so that nothing was added now.
    pub repeat: bool,
}

/// Why an event was not credited. Lambda tries it twice more, then puts it into the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// The event is not one to credit; see the reason.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// DynamoDB did not take the credit: an outage, or a missing table or permission.
    #[error("cannot record the credit of event {event_id}: {}", DisplayErrorContext(source))]
    Table {
        /// The event's id.
        event_id: String,
        /// What the SDK says.
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

/// The consumer: credits points to a table that is only ever added to.
#[derive(Debug, Clone)]
pub struct LoyaltyPoints {
    client: Client,
    table: String,
}

impl LoyaltyPoints {
    /// A consumer that records credits in a table with the partition key `customerId` and the sort key `eventId`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Credits the points of one event.
    ///
    /// # Errors
    /// When the event is not understood, or DynamoDB does not take the credit. Nothing is credited then.
    pub async fn handle(&self, event: LambdaEvent<EventBridgeEvent>) -> Result<Credit, CreditError> {
        // A failure is logged by the runtime.
        let credit = self.credit(event.payload).await?;
        let Credit { event_id, points, repeat } = &credit;
        let message = if *repeat { "repeat: credited before, nothing added" } else { "credited" };
        tracing::info!(event_id, points, repeat, message);
        Ok(credit)
    }

    async fn credit(&self, event: EventBridgeEvent) -> Result<Credit, CreditError> {
        // The id within the detail, not EventBridge's own, which is another for every publication of the same event.
        // A replay (an archive's, or the publisher's, which sets `replayname`) needs no care for that reason: it brings
        // the same ids, and adds only what was missed.
        let order = OrderPlaced::from_detail(&event.detail)?;
        let points = order.points();
        let repeat = !self.record(&order).await?;
        Ok(Credit { event_id: order.event_id, points, repeat })
    }

    /// Adds a credit to the table; false if it was there.
    ///
    /// The credit is its own proof that the event was handled. So there is no moment between the two, no second table
    /// of seen ids, no transaction, and no day after which an old event counts again.
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
            // An earlier delivery's credit, one made at this moment beside us, or our own: when the answer to a write
            // is lost, the SDK writes again.
            Err(aws_sdk_dynamodb::Error::ConditionalCheckFailedException(_)) => Ok(false),
            Err(source) => Err(CreditError::Table { event_id: order.event_id.clone(), source: Box::new(source) }),
        }
    }
}
