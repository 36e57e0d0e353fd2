//! The order domain as a calculation: commands in, events or a rejection out.
//!
//! This crate must never know of async, I/O, a clock, randomness, HTTP, DynamoDB or AWS: time, ids and prices
//! arrive as data. It does not know how its events are kept, only what they are called for ever ([`stored`]).
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`command`] | what may be asked of an order, one struct a command |
//! | [`event`] | what can have happened to an order, one struct an event |
//! | [`order`] | the state that decisions are made on |
//! | [`decide`](mod@decide) | the rules: one function a command |
//! | [`evolve`](mod@evolve) | the fold: one arm an event; never fails, never judges |
//! | [`rejection`] | why a command can be refused, with the numbers it was decided on |
//! | [`status`] | the words derived from figures |
//! | [`stored`] | event names and shapes on disk, how old ones are read, and their JSON Schemas |
//! | [`values`] | ids, amounts, quantities, text: parsed once, then never wrong |

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
