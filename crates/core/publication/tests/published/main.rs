//! Compares the published events with their schemas, their examples, the page for consumers and the schema registry.
//!
//! To regenerate the schemas, the examples and the template's block, run `UPDATE_SCHEMAS=1 cargo test -p publication`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cloud_events;
mod details;
mod examples;
mod files;
mod limits;
mod page;
mod promise;
mod registry;
mod support;
