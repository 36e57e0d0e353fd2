//! The publisher between a real stream and a bus: records of the embedded DynamoDB, and the real SDK with the embedded
//! EventBridge.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bus;
mod cost;
mod handler;
mod log;
mod parking;
mod partial_failure;
mod priming;
mod samples;
mod stream;
