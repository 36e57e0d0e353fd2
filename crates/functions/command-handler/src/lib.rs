//! The function behind the commands: one HTTP request becomes one decision, and at most one conditional write.
//!
//! A request is identified, parsed, decided and answered, in that order. This crate must never know a status code's
//! number (`http_api` has them), a table's attribute (`event_store` has them) or a rule (`order_domain` has them):
//! it only puts the three together.
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`handler`] | one request from arrival to reply |
//! | [`rules`] | the domain's rules and the caller's rights, as the event store asks for them |
//! | `log` | the one log line of a command |
//! | `quoted` | an order from a signed quote, and the order that a quote made before |
//! | [`order_id`] | how a new order gets its id |
//! | `main.rs` | the wiring: configuration, logs, clients, the Lambda runtime |

pub mod handler;
mod log;
pub mod order_id;
mod quoted;
pub mod rules;

pub use handler::CommandHandler;
