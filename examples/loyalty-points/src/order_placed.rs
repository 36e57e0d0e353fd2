//! The fields of an `OrderPlaced` event that this consumer reads. It ignores other fields, because the publisher can add
//! fields at any time.

use serde_json::Value;

/// The only event type that earns points.
pub const EVENT_TYPE: &str = "OrderPlaced";
/// The only schema that this consumer understands. Version 1 has no `total`, and in a version 3 `total` could have another
/// meaning.
pub const DATA_SCHEMA: &str = "urn:order-ledger:event:OrderPlaced:2";

/// An order that a customer placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPlaced {
    /// The event's own id, which is the same for every delivery.
    pub event_id: String,
    /// The order's id.
    pub order_id: String,
    /// The customer who placed the order.
    pub customer_id: String,
    /// The time when the order was recorded, in RFC 3339 and UTC.
    pub time: String,
    /// The amount that the customer owes, in minor units of the order's currency.
    pub total: u64,
}

/// An event that must not be credited. A retry cannot help, so the event belongs into the dead-letter queue. Errors are
/// logged, so none contains values of the event.
#[derive(Debug, thiserror::Error)]
pub enum NotUnderstood {
    /// The detail is not a CloudEvent.
    #[error("the detail is not an order event: it has no text `{attribute}`")]
    Envelope {
        /// The attribute that is missing or is not a string.
        attribute: &'static str,
    },
    /// Another event type. The rule that sends events to this function matches too much.
    #[error("event {event_id} is of type {event_type}, and only {EVENT_TYPE} earns points: check the rule's pattern")]
    Type {
        /// The event's id.
        event_id: String,
        /// Its type.
        event_type: String,
    },
    /// Another version of the event, whose data could have another meaning.
    #[error("event {event_id} follows the schema {data_schema}; known here is {DATA_SCHEMA}")]
    Schema {
        /// The event's id.
        event_id: String,
        /// The schema that the event names.
        data_schema: String,
    },
    /// The data does not match its schema.
    #[error("the data of event {event_id} is malformed: `{field}` is not {expected}")]
    Data {
        /// The event's id.
        event_id: String,
        /// The field that is missing or invalid.
        field: &'static str,
        /// The expected value.
        expected: &'static str,
    },
}

impl OrderPlaced {
    /// Reads the detail of an EventBridge event.
    ///
    /// # Errors
    /// Returns an error unless the detail is an `OrderPlaced` event of the known schema.
    pub fn from_detail(detail: &Value) -> Result<Self, NotUnderstood> {
        let attribute = |attribute: &'static str| {
            detail[attribute].as_str().map(str::to_owned).ok_or(NotUnderstood::Envelope { attribute })
        };
        let (event_id, event_type, data_schema) = (attribute("id")?, attribute("type")?, attribute("dataschema")?);
        if event_type != EVENT_TYPE {
            return Err(NotUnderstood::Type { event_id, event_type });
        }
        if data_schema != DATA_SCHEMA {
            return Err(NotUnderstood::Schema { event_id, data_schema });
        }
        let malformed = |field, expected| NotUnderstood::Data { event_id: event_id.clone(), field, expected };
        let data = &detail["data"];
        let customer_id = data["customerId"].as_str().ok_or_else(|| malformed("customerId", "a text"))?;
        let total = data["total"].as_u64().ok_or_else(|| malformed("total", "an integer from 0 on"))?;
        Ok(Self {
            customer_id: customer_id.to_owned(),
            total,
            order_id: attribute("subject")?,
            time: attribute("time")?,
            event_id,
        })
    }

    /// Returns the points that the order earns: one point for every full 100 minor units of its total.
    ///
    /// This rule is simple: one point is one euro or dollar, but also 100 yen, which has no smaller unit, and a tenth of a
    /// Kuwaiti dinar, which has 1,000. A real programme would have a rate for each currency.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.total / 100
    }
}
