//! The function that runs commands: one HTTP request becomes one decision and at most one conditional write.
//!
//! Each request is identified, parsed, decided and answered, in that order. This crate combines three others. It must never
//! know the number of a status code (`http_api` has them), an attribute of a table (`event_store` has them) or a business
//! rule (`order_domain` has them).
//!
//! Contents:
//!
//! | file | holds |
//! |---|---|
//! | [`handler`] | the path of one request, from arrival to reply |
//! | [`rules`] | the domain's rules and the caller's rights, in the form that the event store requires |
//! | `log` | the one log line of each command |
//! | `quoted` | an order from a signed quote, and the order that the same quote made before |
//! | [`order_id`] | the derivation of the id of a new order |
//! | `main.rs` | the wiring: configuration, logs, clients, the Lambda runtime |

pub mod handler;
mod log;
pub mod order_id;
mod quoted;
pub mod rules;

pub use handler::CommandHandler;
