//! Redriving, over the real SDK against the embedded DynamoDB and the embedded EventBridge.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod events;
mod rows;
mod scene;
