//! Event names and shapes on disk: a permanent contract.
//!
//! Never change a name, and only add to a shape: a new field with a default stays within its version. Any other change
//! is a new version:
//!
//! - Raise the newest number in the table below.
//! - Keep the old shape in a module of its own beside `order_placed_v1`, with a pure upcast to today's event.
//! - Add a golden file. Never edit an existing one.

mod order_placed_v1;
mod problem;
mod schema;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Event, Rejection, event};

/// An event in its stored form: `data` is an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event's name.
    pub event_type: &'static str,
    /// The version of the shape of `data`, from 1.
    pub schema_version: u32,
    /// The event's fields.
    pub data: Value,
}

/// The reason why an event could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the data of {event_type}")]
pub struct EncodeError {
    /// The event's name.
    pub event_type: &'static str,
    /// The error from serde.
    pub source: serde_json::Error,
}

/// The reason why a stored event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event has that name: a newer release or another service wrote it.
    #[error("unknown event type '{event_type}'")]
    UnknownType {
        /// The unknown name.
        event_type: String,
    },
    /// The event has no such version: a newer release wrote it.
    #[error("unknown version {schema_version} of {event_type}; this release knows 1 to {newest}")]
    UnknownVersion {
        /// The event's name.
        event_type: &'static str,
        /// The version in the stored event.
        schema_version: u32,
        /// The newest version this release knows.
        newest: u32,
    },
    /// The data does not fit the shape of that version.
    #[error("malformed data of {event_type} version {schema_version}: {problem}")]
    Malformed {
        /// The event's name.
        event_type: &'static str,
        /// The version in the stored event.
        schema_version: u32,
        /// The problem and its location. It contains nothing of the data: serde's own error quotes values, and errors
        /// are logged.
        problem: String,
    },
}

/// Generates from one table all code that depends on name and version, so that no event can be forgotten.
macro_rules! stored_events {
    ($($event:ident = $name:literal, version $newest:literal $(, version $version:literal through $upcast:path)*;)+) => {
        /// Every event's name with the newest version of its shape. Versions run from 1 to that number.
        pub const EVENT_TYPES: &[(&str, u32)] = &[$(($name, $newest)),+];

        /// Returns the stored name of an event.
        #[must_use]
        pub const fn event_type(event: &Event) -> &'static str {
            match event { $(Event::$event(_) => $name),+ }
        }

        /// Writes an event in the newest version of its shape.
        ///
        /// # Errors
        /// Returns an error if serde cannot write the data, which no current event causes.
        pub fn encode(event: &Event) -> Result<StoredEvent, EncodeError> {
            match event {
                $(Event::$event(data) => match serde_json::to_value(data) {
                    Ok(data) => Ok(StoredEvent { event_type: $name, schema_version: $newest, data }),
                    Err(source) => Err(EncodeError { event_type: $name, source }),
                }),+
            }
        }

        /// Reads a stored event of any version as today's event.
        ///
        /// # Errors
        /// Returns an error if this release does not know the name or the version, or if the data does not fit them.
        pub fn decode(event_type: &str, schema_version: u32, data: Value) -> Result<Event, DecodeError> {
            match event_type {
                $($name => {
                    let read = match schema_version {
                        $($version => before(&data, $upcast),)*
                        $newest => problem::read(&data),
                        _ => return Err(DecodeError::UnknownVersion { event_type: $name, schema_version, newest: $newest }),
                    };
                    read.map(Event::$event)
                        .map_err(|problem| DecodeError::Malformed { event_type: $name, schema_version, problem })
                })+
                _ => Err(DecodeError::UnknownType { event_type: event_type.to_owned() }),
            }
        }

        /// Returns the JSON Schema of the data of an event of that name and version, with keywords that draft 4 and all
        /// later drafts share. Returns `None` if this release does not know the name or the version.
        #[must_use]
        pub fn schema(event_type: &str, schema_version: u32) -> Option<Value> {
            match (event_type, schema_version) {
                $($(($name, $version) => Some(schema::before($upcast)),)*
                ($name, $newest) => Some(schema::of::<event::$event>()),)+
                _ => None,
            }
        }
    };
}

// These names and numbers are stored: never change them.
stored_events! {
    OrderPlaced = "OrderPlaced", version 2, version 1 through order_placed_v1::upcast;
    PaymentReceived = "PaymentReceived", version 1;
    PaymentCorrected = "PaymentCorrected", version 1;
    PaymentRefunded = "PaymentRefunded", version 1;
    ItemShipped = "ItemShipped", version 1;
    ItemDelivered = "ItemDelivered", version 1;
    ItemReturned = "ItemReturned", version 1;
    ItemsCancelled = "ItemsCancelled", version 1;
    OrderCancelled = "OrderCancelled", version 1;
}

fn before<Old: DeserializeOwned, Today>(
    data: &Value,
    upcast: fn(Old) -> Result<Today, Rejection>,
) -> Result<Today, String> {
    // Only the rejection's code is safe to log: its message quotes amounts.
    upcast(problem::read(data)?).map_err(|rejection| format!("today's rules refuse it: {}", rejection.code()))
}
