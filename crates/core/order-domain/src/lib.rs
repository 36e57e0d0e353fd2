//! The order domain as a calculation: a command goes in, events or a rejection come out.
//!
//! This crate must never know of async, I/O, a clock, randomness, HTTP, DynamoDB or AWS: time, ids and prices arrive as
//! data. It does not know how events are stored, only their permanent names and shapes ([`stored`]).
//!
//! Start here:
//!
//! | file | holds |
//! |---|---|
//! | [`command`] | the commands, one struct each |
//! | [`event`] | the events, one struct each |
//! | [`order`] | the state that decisions are based on |
//! | [`decide`](mod@decide) | the rules: one function for each command |
//! | [`evolve`](mod@evolve) | the fold: one arm for each event; never fails, never judges |
//! | [`rejection`] | the reasons why a command is rejected, with the numbers behind the decision |
//! | [`status`] | the status words derived from figures |
//! | [`stored`] | event names and shapes on disk, upcasts of old ones, and their JSON Schemas |
//! | [`values`] | ids, amounts, quantities and texts, valid once parsed |

pub mod command;
pub mod decide;
pub mod event;
pub mod evolve;
mod fingerprint;
pub mod order;
pub mod rejection;
pub mod status;
pub mod stored;
mod total;
pub mod values;

pub use command::Command;
pub use decide::{Decision, decide};
pub use event::{Event, EventRef};
pub use evolve::evolve;
pub use order::{Order, RecordedAt};
pub use rejection::Rejection;
