//! Order events as other services see them: the published language.
//!
//! A commit becomes [`CloudEvent`]s. Their shape is a promise, described for consumers in `docs/EVENTS.md` and by the
//! JSON Schemas in `docs/events`. Nothing here does any I/O, and nothing knows what an event bus is.
//!
//! | file | holds |
//! |---|---|
//! | [`cloud_event`] | the envelope, and how a commit fills it |
//! | [`schema`] | what is published, as JSON Schema |

pub mod cloud_event;
pub mod schema;

pub use cloud_event::{CloudEvent, Unpublishable, cloud_events};
