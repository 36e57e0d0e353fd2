//! What this consumer reads of an `OrderPlaced` event. Fields that are not named here are skipped: the publisher may
//! add some at any time.

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

/// An event that must not be credited as it is. Trying again changes nothing: it is for the dead-letter queue. Errors are
/// logged, so none quotes what the event holds.
#[derive(Debug, thiserror::Error)]
pub enum NotUnderstood {
    /// The detail is no CloudEvent.
    #[error("the detail is not an order event: it has no text `{attribute}`")]
    Envelope {
        /// The attribute that is missing, or is no text.
        attribute: &'static str,
    },
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
    #[error("the data of event {event_id} is malformed: `{field}` is not {expected}")]
    Data {
        /// The event's id.
        event_id: String,
        /// The field that is missing, or is something else.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

impl OrderPlaced {
    /// Reads the detail of an EventBridge event.
    ///
    /// # Errors
    /// When it is anything but an `OrderPlaced` event of the known schema.
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

    /// What the order earns: a point for every full 100 minor units of its total.
    ///
    /// Kept simple: that is a point a euro or dollar, but also one for 100 yen, which has no smaller unit, and one for a
    /// tenth of a Kuwaiti dinar, which has 1,000. A real programme would have a rate for each currency.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.total / 100
    }
}
