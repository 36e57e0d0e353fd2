//! Tests of the order domain: by example (`specs`), for all sequences (`properties`) and on disk (`contract`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod contract;
mod example;
mod harness;
mod properties;
mod specs;
