//! What an operator runs over the stored events: libraries without arguments and without output.
//!
//! | module | operation |
//! |---|---|
//! | [`redrive`] | publishes or projects the commits of parked orders, and unparks the orders |
//!
//! The command line and the simulation call the same operations. This crate must never decide what is poison: its consumers do.

pub mod redrive;
