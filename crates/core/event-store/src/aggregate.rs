//! What the store must be told of an aggregate, and nothing more.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::Timestamp;

/// String attributes that stand on every commit of an aggregate, so that a consumer can route a commit, or find the
/// rows it concerns, without reading anything else.
pub type Tags = BTreeMap<String, String>;

/// An error of an aggregate's own encoding.
pub type CodecError = Box<dyn Error + Send + Sync>;

/// An event as it is kept: a name and a schema number that never change their meaning, and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedEvent {
    /// The event type's stored name.
    pub event_type: String,
    /// The schema of `data`, from 1.
    pub schema_version: u32,
    /// The event's fields; kept as native DynamoDB attributes.
    pub data: serde_json::Value,
}

/// Where an event stands in its aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPosition {
    /// The event's own id.
    pub event_id: Uuid,
    /// The version that the event's commit made, from 1.
    pub version: u64,
}

/// Binds a state and its events to the store. Implemented by a marker type, so that neither the domain nor the
/// store need know the other.
pub trait Aggregate: Send + Sync + 'static {
    /// What decisions are made on; `Default` is the aggregate to which nothing has happened.
    type State: Default + Clone + Serialize + DeserializeOwned + Send + Sync;
    /// What can happen to it.
    type Event: Clone + Send + Sync;

    /// Raised whenever the fold's meaning or the state's shape changes. A snapshot of another number is not used.
    const STATE_SCHEMA: u32;

    /// The names of the tags. A string attribute of another name, which a tool added to a commit, is ignored.
    /// A name must not be one of the commit's own attributes.
    const TAGS: &'static [&'static str];

    /// The state after `event`. Must not fail: the event happened.
    fn evolve(state: Self::State, event: &Self::Event, at: EventPosition) -> Self::State;

    /// The tags of an aggregate, from its state after its first commit and the time of that commit. Every later
    /// commit carries the same ones. Their names are in [`TAGS`](Self::TAGS).
    fn tags(first: &Self::State, recorded_at: Timestamp) -> Tags;

    /// The event as it is to be kept.
    ///
    /// # Errors
    /// When the event cannot be expressed as JSON.
    fn encode(event: &Self::Event) -> Result<EncodedEvent, CodecError>;

    /// Reads an event of any version that was ever written.
    ///
    /// # Errors
    /// When the name or the version is unknown, or the data does not fit them.
    fn decode(event: EncodedEvent) -> Result<Self::Event, CodecError>;
}
