//! The publisher between a real stream and a bus: records of the embedded DynamoDB, and the real SDK against the embedded
//! EventBridge.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bus;
mod cost;
mod handler;
// The projector's, so that both consumers are held to the same records.
#[path = "../../../projector/tests/projector/ledger.rs"]
mod ledger;
mod log;
mod partial_failure;
mod poison;
mod publish;
mod samples;
mod stream;
