//! The interface between the store and an aggregate.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::Timestamp;

/// String attributes on every commit of an aggregate. With them, a consumer can route a commit, or find the rows it
/// affects, without reading anything else.
pub type Tags = BTreeMap<String, String>;

/// An error from an aggregate's own encoding.
pub type CodecError = Box<dyn Error + Send + Sync>;

/// An event in its stored form: data, with a name and a schema number whose meaning never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedEvent {
    /// The event type's stored name.
    pub event_type: String,
    /// The schema of `data`, from 1.
    pub schema_version: u32,
    /// The event's fields, stored as native DynamoDB attributes.
    pub data: serde_json::Value,
}

/// The position of an event in its aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPosition {
    /// The event's own id.
    pub event_id: Uuid,
    /// The version of the event's commit, from 1.
    pub version: u64,
}

/// Connects a state and its events to the store. A marker type implements it, so that the domain and the store do not
/// depend on each other.
pub trait Aggregate: Send + Sync + 'static {
    /// The state that decisions are based on; `Default` is the aggregate without events.
    type State: Default + Clone + Serialize + DeserializeOwned + Send + Sync;
    /// The events of the aggregate.
    type Event: Clone + Send + Sync;

    /// The schema number of the state. Raise it when the meaning of the fold or the shape of the state changes.
    /// Snapshots with another number are ignored.
    const STATE_SCHEMA: u32;

    /// The names of the tags. The store ignores a string attribute with another name, which a tool may have added to a
    /// commit. A tag must not have the name of one of the commit's own attributes.
    const TAGS: &'static [&'static str];

    /// Returns the state after `event`. It must not fail, because the event has happened.
    fn evolve(state: Self::State, event: &Self::Event, at: EventPosition) -> Self::State;

    /// Returns the tags of an aggregate, from its state after its first commit and the time of that commit. Every later
    /// commit carries the same tags. [`TAGS`](Self::TAGS) lists their names.
    fn tags(first: &Self::State, recorded_at: Timestamp) -> Tags;

    /// Returns the event in its stored form.
    ///
    /// # Errors
    /// Returns an error if the event cannot be expressed as JSON.
    fn encode(event: &Self::Event) -> Result<EncodedEvent, CodecError>;

    /// Reads an event of any version that was ever written.
    ///
    /// # Errors
    /// Returns an error if the name or the version is unknown, or if the data does not fit them.
    fn decode(event: EncodedEvent) -> Result<Self::Event, CodecError>;
}
