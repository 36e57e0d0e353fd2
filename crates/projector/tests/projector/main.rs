//! The handler on payloads as Lambda sends them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod handler;
mod ledger;
mod samples;
