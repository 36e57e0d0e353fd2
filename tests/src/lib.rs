//! What the system tests share: a running stack, a client that holds every reply to the API's own document, and a
//! Lambda Runtime API that drives the real binaries. Nothing here is part of the product.
//!
//! | file | holds |
//! |---|---|
//! | [`api`] | an HTTP client that checks each reply against `docs/openapi.json` |
//! | [`authorizer`] | a JWT authorizer in front of the functions, in small |
//! | [`binaries`] | the built function binaries, behind a Lambda Runtime API served by the test |
//! | [`contract`] | the check itself |
//! | [`published`] | a check of what is published against its schemas |
//! | [`rival`] | a store on which another writer always wins |
//! | [`system`] | a stack on free ports, in memory |

#![expect(missing_docs, clippy::unwrap_used, clippy::panic, reason = "test support")]

pub mod api;
pub mod authorizer;
pub mod binaries;
pub mod contract;
pub mod published;
pub mod rival;
pub mod system;

pub use api::{Api, Reply};
pub use system::System;
