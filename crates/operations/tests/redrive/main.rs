//! Redriving, over the real SDK against the embedded DynamoDB and the embedded EventBridge.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "../../../functions/publisher/tests/publisher/between.rs"]
mod between;
mod events;
#[path = "../../../tools/orders-cli/tests/events/orders.rs"]
#[expect(dead_code, reason = "shared with the tests of the command, which need more of it")]
mod orders;
mod rows;
mod scene;
