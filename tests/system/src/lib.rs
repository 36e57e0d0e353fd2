//! Code that the system tests share: a running stack, a client that compares every reply with the API's document, and a
//! Lambda Runtime API that drives the real binaries. Nothing here is part of the product.
//!
//! | file | contents |
//! |---|---|
//! | [`api`] | an HTTP client that checks each reply against `docs/openapi.json` |
//! | [`authorizer`] | a minimal JWT authorizer in front of the functions |
//! | [`binaries`] | the built function binaries, each in its own process |
//! | [`contract`] | the check of a reply against `docs/openapi.json` |
//! | [`published`] | a check of published events against their schemas |
//! | [`relay`] | a relay to an AWS service on loopback that records the operations |
//! | [`rival`] | a store on which another writer always wins |
//! | [`runtime_api`] | a Lambda Runtime API served by the test, with a function's process that uses it |
//! | [`system`] | a stack on free ports, in memory |
//! | [`workload`] | repeated work for a function, with a new order each time |

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
