//! The envelope, and its construction from a commit. Attribute names and their meaning are published: never change
//! them, only add.

use event_store::catch_panic;
use event_store::store::chain;
use order_aggregate::OrderCommit;
use order_domain::stored;
use order_domain::values::{CustomerId, OrderId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The version of CloudEvents in use.
pub const SPEC_VERSION: &str = "1.0";

/// An order event in the JSON format of CloudEvents 1.0, with the extension attributes `sequence`, `correlationid`,
/// `causationid`, `customerid` and `replayname`. An attribute without a value is absent, never null.
///
/// The JSON Schemas publish the description of each attribute below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent {
    /// The version of CloudEvents.
    #[schemars(extend("enum" = [SPEC_VERSION]))]
    pub specversion: String,
    /// The event's id. It is the same in every publication of the event, so consumers detect repeats by it.
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"))]
    pub id: Uuid,
    /// The source of the event: the order, within which `sequence` is unique.
    #[schemars(regex(pattern = "^order-ledger/orders/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
    pub source: String,
    /// The type of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The order's id.
    #[schemars(with = "OrderId")]
    pub subject: String,
    /// The time when the event was recorded: RFC 3339, UTC, milliseconds. It never decreases as `sequence` increases.
    #[schemars(
        regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$"),
        extend("format" = "date-time")
    )]
    pub time: String,
    /// The schema of `data`.
    pub dataschema: String,
    /// The position of the event among the events of its order. Positions sort as text.
    #[schemars(regex(pattern = "^[0-9]{10}([.][0-9]{3})?$"))]
    pub sequence: String,
    /// The id that all requests and events of one chain share; absent if the request had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1))]
    pub correlationid: Option<String>,
    /// The id of the message that caused this event; absent if the cause was external.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1))]
    pub causationid: Option<String>,
    /// The id of the order's customer.
    #[schemars(with = "CustomerId")]
    pub customerid: String,
    /// The replay that published this copy; absent on the first publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    pub replayname: Option<String>,
    /// The fields of the event's type.
    pub data: Value,
}

/// The reason why a commit can never be published as it is.
#[derive(Debug, thiserror::Error)]
pub enum Unpublishable {
    /// The commit does not name its order's customer.
    #[error("the commit names no customer")]
    NoCustomer,
    /// An event cannot be written as JSON.
    #[error(transparent)]
    Encode(#[from] stored::EncodeError),
}

/// Returns the events of a commit, in order.
///
/// # Errors
/// Returns an error if the commit cannot be published as it is. A retry does not help.
pub fn cloud_events(commit: &OrderCommit) -> Result<Vec<CloudEvent>, Unpublishable> {
    let customer = order_aggregate::customer_id(commit).ok_or(Unpublishable::NoCustomer)?;
    let event = |(index, recorded): (usize, &event_store::RecordedEvent<order_domain::Event>)| {
        let stored = stored::encode(&recorded.event)?;
        Ok(CloudEvent {
            specversion: SPEC_VERSION.to_owned(),
            id: recorded.event_id,
            source: format!("order-ledger/orders/{}", commit.aggregate_id),
            event_type: stored.event_type.to_owned(),
            subject: commit.aggregate_id.clone(),
            time: commit.recorded_at.to_string(),
            dataschema: data_schema(stored.event_type, stored.schema_version),
            sequence: sequence(commit.version, index),
            correlationid: commit.request.correlation_id.clone(),
            causationid: commit.request.causation_id.clone(),
            customerid: customer.to_owned(),
            replayname: None,
            data: stored.data,
        })
    };
    commit.events.iter().enumerate().map(event).collect()
}

/// Returns the events of a commit, in order, and reports a panic over an event as an error.
///
/// # Errors
/// Returns the reason why the commit can never be published. The text quotes nothing of an event's content.
pub fn events_of(commit: &OrderCommit) -> Result<Vec<CloudEvent>, String> {
    catch_panic(|| cloud_events(commit)).map_err(|panicked| panicked.to_string())?.map_err(|error| chain(&error))
}

/// Returns an event's position among the events of its order, as a text that sorts like the events. It is the version
/// of the commit with ten digits. After the first event of a commit, a dot and the position in the commit follow:
/// `0000000003`, `0000000003.001`. An order's first event has `0000000001`.
#[must_use]
pub fn sequence(version: u64, index: usize) -> String {
    if index == 0 { format!("{version:010}") } else { format!("{version:010}.{index:03}") }
}

/// Returns the name of the schema that an event's `data` follows.
#[must_use]
pub fn data_schema(event_type: &str, schema_version: u32) -> String {
    format!("urn:order-ledger:event:{event_type}:{schema_version}")
}
