//! Event names and shapes on disk: a contract for ever.
//!
//! Never change a name, and only add to a shape: a new field with a default stays within its version. Anything
//! else is a new version: raise the newest number in the table below, keep the old shape in a module of its own
//! beside `order_placed_v1`, with a pure upcast to today's event, and add a golden file (none is ever edited).

mod order_placed_v1;
mod problem;
mod schema;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Event, Rejection, event};

/// An event as it is written: `data` is an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event's name.
    pub event_type: &'static str,
    /// The version of the shape of `data`, from 1.
    pub schema_version: u32,
    /// The event's fields.
    pub data: Value,
}

/// Why an event could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the data of {event_type}")]
pub struct EncodeError {
    /// The event's name.
    pub event_type: &'static str,
    /// What serde says.
    pub source: serde_json::Error,
}

/// Why a stored event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event has that name: written by a newer release, or not by this service.
    #[error("unknown event type '{event_type}'")]
    UnknownType {
        /// The name.
        event_type: String,
    },
    /// The event has no such version: written by a newer release.
    #[error("unknown version {schema_version} of {event_type}; this release knows 1 to {newest}")]
    UnknownVersion {
        /// The event's name.
        event_type: &'static str,
        /// The version it is stored with.
        schema_version: u32,
        /// The newest version this release knows.
        newest: u32,
    },
    /// The data is not what that version holds.
    #[error("malformed data of {event_type} version {schema_version}: {problem}")]
    Malformed {
        /// The event's name.
        event_type: &'static str,
        /// The version it is stored with.
        schema_version: u32,
        /// What is wrong, and where. Nothing of the data is in it: serde's own error quotes values, and errors are logged.
        problem: String,
    },
}

/// Makes everything that depends on name and version out of one table, so that none can be forgotten.
macro_rules! stored_events {
    ($($event:ident = $name:literal, version $newest:literal $(, version $version:literal through $upcast:path)*;)+) => {
        /// Every event's name with the newest version of its shape; the versions are 1 to that.
        pub const EVENT_TYPES: &[(&str, u32)] = &[$(($name, $newest)),+];

        /// The name an event is stored under.
        #[must_use]
        pub const fn event_type(event: &Event) -> &'static str {
            match event { $(Event::$event(_) => $name),+ }
        }

        /// Writes an event in the newest version of its shape.
        ///
        /// # Errors
        /// When serde cannot write the data; no event of today gives cause.
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
        /// When this release does not know the name or the version, or the data does not fit them.
        pub fn decode(event_type: &str, schema_version: u32, data: Value) -> Result<Event, DecodeError> {
            match event_type {
                $($name => {
                    let read = match schema_version {
                        $($version => before(data, $upcast),)*
                        $newest => problem::read(data),
                        _ => return Err(DecodeError::UnknownVersion { event_type: $name, schema_version, newest: $newest }),
                    };
                    read.map(Event::$event)
                        .map_err(|problem| DecodeError::Malformed { event_type: $name, schema_version, problem })
                })+
                _ => Err(DecodeError::UnknownType { event_type: event_type.to_owned() }),
            }
        }

        /// The JSON Schema of the data of an event of that name and version, in the words that draft 4 and every later
        /// draft share; `None` where this release knows no such name or version.
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
    data: Value,
    upcast: fn(Old) -> Result<Today, Rejection>,
) -> Result<Today, String> {
    // By its code: a rejection's own words quote amounts.
    upcast(problem::read(data)?).map_err(|rejection| format!("today's rules refuse it: {}", rejection.code()))
}
