//! Code that the tests of several crates share. No part of the product depends on this crate.
//!
//! It depends on core and local crates. A crate that it depends on keeps its own test code, so that no cycle arises;
//! `read-models` is the exception, whose folder `tests` runs the contract of rows. Other test code moves here when the
//! tests of a second crate need it.
//!
//! | file | contents |
//! |---|---|
//! | [`gateway`] | requests and replies of API Gateway |
//! | [`ledger`] | the events table with its stream, filled by commands |
//! | [`recorded`] | the events table, filled with events at chosen times |
//! | [`story`] | orders that are created like real ones, in memory |
//! | [`row_contract`](mod@row_contract) | the contract of the ports to rows, for every adapter |
//! | [`failing_store`] | an event store that fails |
//! | [`interceptor`] | an action before each operation of an AWS client |
//! | [`log`] | the lines that a test logs |
//! | [`running`] | `orders local` in a process of its own |

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

pub mod failing_store;
pub mod gateway;
pub mod interceptor;
pub mod ledger;
pub mod log;
pub mod recorded;
pub mod row_contract;
pub mod running;
pub mod story;
