//! What the system tests share: a running stack, a client that holds every reply to the API's own document, and a
//! Lambda Runtime API that drives the real binaries. Nothing here is part of the product.
//!
//! | file | holds |
//! |---|---|
//! | [`api`] | an HTTP client that checks each reply against `docs/openapi.json` |
//! | [`authorizer`] | a JWT authorizer in front of the functions, in small |
//! | [`binaries`] | the built function binaries, each in a process of its own |
//! | [`contract`] | the check itself |
//! | [`published`] | a check of what is published against its schemas |
//! | [`relay`] | a relay to an AWS service on loopback that notes which operations pass |
//! | [`rival`] | a store on which another writer always wins |
//! | [`runtime_api`] | a Lambda Runtime API served by the test, with a function's process behind it |
//! | [`system`] | a stack on free ports, in memory |
//! | [`workload`] | a function's work, again and again on other orders |

#![expect(missing_docs, clippy::unwrap_used, clippy::panic, reason = "test support")]

pub mod api;
pub mod authorizer;
pub mod binaries;
pub mod contract;
pub mod published;
pub mod relay;
pub mod rival;
pub mod runtime_api;
pub mod system;
pub mod workload;

pub use api::{Api, Reply};
pub use system::System;
