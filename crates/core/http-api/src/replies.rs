//! The shapes of replies: JSON in camelCase, amounts as integers in minor units, instants in RFC 3339.

mod details;
mod open_orders;
pub mod size;
mod stale;
mod summary;
mod totals;

pub use details::{CancellationView, DetailsView, PaymentView, RefundView, ReturnView, ShipmentView};

pub use open_orders::OpenOrderView;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::values::OrderId;
use order_domain::{Event, Order};
use serde::Serialize;
use serde_json::Value;
pub use stale::Stale;
pub use summary::{LineView, OrdersPage, SummaryView};
use timestamp::Timestamp;
pub use totals::{CurrencyTotalsView, CustomerTotalsView, PlacedOrderView};
use uuid::Uuid;

use crate::problem::Problem;

/// The reply to an accepted command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandReply {
    /// The order's id.
    pub order_id: OrderId,
    /// The order's version after the command.
    pub version: u64,
    /// The order's status after the command.
    pub status: OrderStatus,
    /// The payment status after the command.
    pub payment_status: PaymentStatus,
    /// The fulfilment status after the command.
    pub fulfillment_status: FulfillmentStatus,
    /// The events that the command recorded. If nothing changed, the events that an earlier request recorded.
    pub events: Vec<EventView>,
}

impl CommandReply {
    /// Builds the reply from the order at `version`.
    #[must_use]
    pub fn of_order(order_id: OrderId, order: &Order, version: u64, events: Vec<EventView>) -> Self {
        Self {
            order_id,
            version,
            status: order.status(),
            payment_status: order.payment_status(),
            fulfillment_status: order.fulfillment_status(),
            events,
        }
    }
}

/// One event in the reply to its command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// The event's own id.
    pub event_id: Uuid,
    /// The event's name.
    pub event_type: String,
    /// The order's version that the event is part of.
    pub version: u64,
    /// The time when it was recorded.
    pub recorded_at: Timestamp,
    /// The event's fields.
    pub data: Value,
}

impl EventView {
    /// Builds the view of an event that was recorded with `event_id` as part of `version`.
    ///
    /// # Errors
    /// Returns a problem if the event cannot be written as JSON, which no current event causes.
    pub fn of(event: &Event, event_id: Uuid, version: u64, recorded_at: Timestamp) -> Result<Self, Problem> {
        let stored = order_domain::stored::encode(event).map_err(|_| Problem::internal())?;
        let event_type = stored.event_type.to_owned();
        Ok(Self { event_id, event_type, version, recorded_at, data: stored.data })
    }
}

/// One event of the audit trail with its actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// The actor; [`STAFF`] if the caller may not know it.
    pub actor: String,
    /// The id of its request: the `Idempotency-Key`, or the gateway's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The correlation id of its request, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The id of the message that caused the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
}

/// The actor that a customer sees on an event, unless the customer is the actor.
pub const STAFF: &str = "staff";

impl AuditEvent {
    /// Removes the data that identifies the event's request or the person behind it.
    #[must_use]
    pub fn by_staff(event: EventView) -> Self {
        Self { event, actor: STAFF.to_owned(), request_id: None, correlation_id: None, causation_id: None }
    }
}

/// A page of the audit trail, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsPage {
    /// The events.
    pub items: Vec<AuditEvent>,
    /// The cursor of the next page; `None` on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
