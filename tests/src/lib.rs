//! What the system tests share: a running stack, a client that holds every reply to the API's own document, and a
//! Lambda Runtime API that drives the real binaries. Nothing here is part of the product.
//!
//! | file | holds |
//! |---|---|
//! | [`api`] | an HTTP client that checks each reply against `docs/openapi.json` |
//! | [`binaries`] | the built function binaries, behind a Lambda Runtime API served by the test |
//! | [`contract`] | the check itself |
//! | [`system`] | a stack on free ports, in memory |

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test support")]

pub mod api;
pub mod binaries;
pub mod contract;
pub mod system;

pub use api::{Api, Reply};
pub use system::System;
