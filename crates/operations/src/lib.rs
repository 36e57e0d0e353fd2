//! Operations on the stored events for operators, as libraries without arguments and without output.
//!
//! | module | operation |
//! |---|---|
//! | [`rebuild`] | updates every row of the read models to its order's newest event |
//! | [`verify`] | compares rows, sums and snapshots with the events, and repairs rows and sums |
//! | [`redrive`] | publishes or projects the commits of parked orders, and unparks the orders |
//! | [`replay`] | republishes recorded events, marked as a replay |
//! | [`events_table`] | rejects read models that were folded from another events table |
//! | [`mod@sweep`] | processes whole tables in segments; a stopped sweep can continue |
//!
//! The command line and the simulation call the same operations. Read models are passed as a list: no operation names one.
//! This crate must never decide what is poison: its consumers do.

pub mod error;
pub mod events_table;
pub mod rebuild;
pub mod redrive;
pub mod replay;
pub mod sweep;
pub mod verify;

pub use error::OperationError;
pub use sweep::{Ended, Place, SegmentPages, sweep};
