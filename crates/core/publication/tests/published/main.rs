//! What is published, held to its schemas, its examples, the page for consumers and the schema registry.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p publication` writes the schemas, the examples and the template's block anew.
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
