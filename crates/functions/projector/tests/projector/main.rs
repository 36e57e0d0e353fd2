//! The handler on payloads in the form that Lambda sends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod busy;
mod copies;
mod deferral;
mod given;
mod handler;
mod items;
mod log;
mod other_function;
mod parking;
mod processor;
mod samples;
mod tick;
mod unaddressable;
mod without_totals;
