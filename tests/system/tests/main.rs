//! The complete system over HTTP: the gateway, the handlers called with Lambda's JSON, the real SDK, the embedded DynamoDB,
//! the stream and the projector. Every reply is compared with `docs/openapi.json`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod access;
mod access_matrix;
mod binaries;
mod canaries;
mod configuration;
mod contract;
mod correlation;
mod hostile;
mod journeys;
mod large_pages;
mod lists;
mod long_streams;
mod peers;
mod poison;
mod publication;
mod races;
mod read_model;
mod replies;
mod restarts;
mod stale;
mod time_travel;
mod tokens;
mod tour;
