//! Tests of the event bus: the real SDK against the embedded EventBridge.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod rounds;
mod scene;
