//! Deterministic simulation: histories in which everything goes wrong, from a seed. For tests and tools, never for a function.
//!
//! The code under test is the code that is deployed: the handlers, the event store, and the AWS SDKs with their time-outs and
//! retries. Only the SDKs' HTTP clients are replaced, by a [`Network`] that reaches the embedded DynamoDB without a socket, and
//! by a [`Bus`](faults::bus::Bus). Each history runs on one thread with a paused Tokio clock, so the same plan gives the same history, to the
//! millisecond.
//!
//! In a history
//! - clients retry, duplicate and race,
//! - functions are killed, clocks jump, and snapshots are corrupted,
//! - the stream is delivered as badly as Lambda may deliver it,
//! - a rebuild, a verification and a deployment run beside live traffic.
//!
//! At its end an operator repairs everything, and every invariant must hold. Start at [`History::run`] and [`violations`].
//!
//! | folder | holds |
//! |---|---|
//! | [`world`] | the functions under test, the tables, the clock and the operator |
//! | [`faults`] | the faults, and the places where they are injected |
//! | [`workload`] | the plan of a history, and its clients |
//! | [`check`] | the history, and the invariants that it must satisfy |
//! | [`campaign`] | running one history, or many until one fails |
//!
//! Each folder uses only those above it.

pub mod campaign;
pub mod check;
pub mod faults;
pub mod workload;
pub mod world;

pub use campaign::histories::{Campaign, Failure, Sum, Verdict};
pub use campaign::run_error::Cause;
pub use check::findings::{Invariant, Violation};
pub use check::history::History;
pub use check::violations;
pub use faults::fault::Fault;
pub use faults::network::Network;
pub use faults::strike::{Fired, Moment, Rates, Strike};
pub use workload::plan::{Numbers, Plan};
pub use workload::pricing::{Pricing, QuoteKey};
pub use workload::shape::{Beginning, Shape};
pub use world::clock;
pub use world::release::{AsDeployed, Release};
