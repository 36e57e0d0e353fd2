//! Read models: projections as pure folds, the engine that applies commits to their rows, and the reading side.
//!
//! A row is a pure function of an aggregate's commits 1 to `version`, so whoever is further along is right, and
//! nothing depends on the order or the number of deliveries. This crate must never decide anything, hold anything
//! that cannot be rebuilt from events, or know of Lambda and HTTP.
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`projection`] | what a projection is: a fold, a number, a key |
//! | [`order_summary`] | the projection `OrderSummaryByCustomer` and its row |
//! | [`summaries`] | what queries read: an order's summary, a customer's list |

pub mod order_summary;
pub mod projection;
mod row_error;
pub mod summaries;

pub use order_summary::{OrderSummaryByCustomer, OrderSummaryRow, SummaryItem, catch_up};
pub use projection::{FoldError, KeyAttributes, Projection, RowKey};
pub use row_error::RowError;
pub use summaries::{DynamoSummaries, OrderSummaries, SummaryRows};
