//! The shapes of replies: JSON in camelCase, amounts as integers in minor units, instants in RFC 3339.

mod details;
pub mod size;
mod stale;
mod summary;
mod totals;

pub use details::{CancellationView, DetailsView, PaymentView, RefundView, ReturnView, ShipmentView};

use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::values::OrderId;
use order_domain::{Event, Order};
use serde::{Serialize, Serializer};
use serde_json::Value;
pub use stale::Stale;
pub use summary::{LineView, SummaryPage, SummaryView};
pub use totals::{CurrencyTotalsView, CustomerTotalsView, PlacedOrderView};
use uuid::Uuid;

use crate::problem::Problem;
use crate::timestamps::rfc3339_ms;

/// The reply to an accepted command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandReply {
    /// Which order.
    pub order_id: OrderId,
    /// The order's version after the command.
    pub version: u64,
    /// The order's status after the command.
    pub status: OrderStatus,
    /// Where its payment stood after the command.
    pub payment_status: PaymentStatus,
    /// Where its fulfilment stood after the command.
    pub fulfillment_status: FulfillmentStatus,
    /// What the command recorded; what had recorded it before, where nothing need change.
    pub events: Vec<EventView>,
}

impl CommandReply {
    /// The reply, given the order as it was at `version`.
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

/// One event, as the reply to its command shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// The event's own id.
    pub event_id: Uuid,
    /// The event's name.
    pub event_type: String,
    /// The order's version that recorded it.
    pub version: u64,
    /// When it was recorded, in milliseconds since 1970.
    #[serde(rename = "recordedAt", serialize_with = "timestamp")]
    pub recorded_at_ms: i64,
    /// The event's fields.
    pub data: Value,
}

impl EventView {
    /// The view of an event that was recorded under `event_id` as part of `version`.
    ///
    /// # Errors
    /// When the event cannot be written as JSON; none of today's gives cause.
    pub fn of(event: &Event, event_id: Uuid, version: u64, recorded_at_ms: i64) -> Result<Self, Problem> {
        let stored = order_domain::stored::encode(event).map_err(|_| Problem::internal())?;
        let event_type = stored.event_type.to_owned();
        Ok(Self { event_id, event_type, version, recorded_at_ms, data: stored.data })
    }
}

/// One event of the audit trail: what happened, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// What happened.
    #[serde(flatten)]
    pub event: EventView,
    /// Who asked for it; [`STAFF`] where the caller may not know.
    pub actor: String,
    /// The id of the request that asked for it: its `Idempotency-Key`, or the gateway's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The chain of requests it belongs to, where its request named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What caused the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
}

/// The actor of an event as a customer sees it, unless the customer is the actor.
pub const STAFF: &str = "staff";

impl AuditEvent {
    /// The event without what identifies its request or the person behind it.
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
    /// Names the page after this one; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's serialize_with passes a reference")]
fn timestamp<S: Serializer>(epoch_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339_ms(*epoch_ms))
}
