//! Order events as other services see them: the published contract, and the engine that publishes the events.
//!
//! A commit becomes [`CloudEvent`]s. `docs/EVENTS.md` and the JSON Schemas in `docs/events` describe their shape for
//! consumers as a promise. An [`EventBus`] publishes them. This crate must never know of Lambda, rows or tables.
//!
//! | file | holds |
//! |---|---|
//! | [`cloud_event`] | the envelope, and the events of a commit |
//! | [`schema`] | the JSON Schemas of published events |
//! | [`bus`] | rounds of PutEvents until no event is left that another attempt can publish |
//! | [`outcome`] | the result of publishing events |
//! | [`outbox`] | a batch's records, their events, and the result for each record |
//! | `answer` | the results of entries in EventBridge's responses |
//! | `entry`, `packing` | an event as an EventBridge entry, and its size; as few calls as the limits allow |
//!
//! [`cloud_event`] and [`schema`] do no I/O. They share the crate with the engine, because no function uses them
//! without the engine, and the tools and tests that do already link the SDK.

mod answer;
pub mod bus;
pub mod cloud_event;
mod entry;
pub mod outbox;
pub mod outcome;
mod packing;
pub mod schema;

pub use bus::{EventBus, Pauses};
pub use cloud_event::{CloudEvent, Unpublishable, cloud_events, events_of};
pub use outbox::{Outbox, PendingEvents, UnpublishedRecord};
pub use outcome::{Publication, PublishCounters, UnpublishedEvent, UnpublishedReason};
