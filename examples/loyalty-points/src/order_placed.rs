//! What this consumer reads of an `OrderPlaced` event. Fields that are not named here are skipped: the publisher may
//! add some at any time.

use serde::Deserialize;
use serde_json::Value;

/// The only type of event that earns points.
pub const EVENT_TYPE: &str = "OrderPlaced";
/// The only schema that is understood here. Version 1 has no `total`, and a version 3 may mean something else by it.
pub const DATA_SCHEMA: &str = "urn:order-ledger:event:OrderPlaced:2";

/// An order that a customer placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPlaced {
    /// The event's own id: the same however often, and by whatever way, the event arrives.
    pub event_id: String,
    /// The order's id.
    pub order_id: String,
    /// Whose order it is.
    pub customer_id: String,
    /// When the order was recorded: RFC 3339, UTC.
    pub time: String,
    /// What the customer owes, in minor units of the order's currency.
    pub total: u64,
}

/// An event that must not be credited as it is. Trying again changes nothing: it is for the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum NotUnderstood {
    /// The detail is no CloudEvent.
    #[error("the detail is not an order event: {0}")]
    Envelope(serde_json::Error),
    /// Another type of event: the rule that sends events here lets too much through.
    #[error("event {event_id} is of type {event_type}, and only {EVENT_TYPE} earns points: check the rule's pattern")]
    Type {
        /// The event's id.
        event_id: String,
        /// Its type.
        event_type: String,
    },
    /// Another version of the event: its data may mean something else.
    #[error("event {event_id} follows the schema {data_schema}; known here is {DATA_SCHEMA}")]
    Schema {
        /// The event's id.
        event_id: String,
        /// The schema it names.
        data_schema: String,
    },
    /// The data is not what its schema says.
    #[error("the data of event {event_id} is malformed: {source}")]
    Data {
        /// The event's id.
        event_id: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    subject: String,
    time: String,
    dataschema: String,
    data: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    customer_id: String,
    total: u64,
}

impl OrderPlaced {
    /// Reads the detail of an EventBridge event.
    ///
    /// # Errors
    /// When it is anything but an `OrderPlaced` event of the known schema.
    pub fn from_detail(detail: Value) -> Result<Self, NotUnderstood> {
        let envelope: Envelope = serde_json::from_value(detail).map_err(NotUnderstood::Envelope)?;
        let Envelope { id: event_id, event_type, subject: order_id, time, dataschema: data_schema, data } = envelope;
        if event_type != EVENT_TYPE {
            return Err(NotUnderstood::Type { event_id, event_type });
        }
        if data_schema != DATA_SCHEMA {
            return Err(NotUnderstood::Schema { event_id, data_schema });
        }
        match serde_json::from_value(data) {
            Ok(Data { customer_id, total }) => Ok(Self { event_id, order_id, customer_id, time, total }),
            Err(source) => Err(NotUnderstood::Data { event_id, source }),
        }
    }

    /// What the order earns: a point for every full 100 minor units of its total.
    ///
    /// Kept simple: that is a point a euro or dollar, but also one for 100 yen, which has no smaller unit, and one for a
    /// tenth of a Kuwaiti dinar, which has 1,000. A real programme would have a rate for each currency.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.total / 100
    }
}
