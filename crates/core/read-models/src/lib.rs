//! Read models: projections as pure folds, the engine that applies commits to their rows, and the reads for queries.
//!
//! A row is a pure function of an aggregate's commits 1 to `version`. So the row with the higher version is correct,
//! and nothing depends on the order or the number of deliveries. This crate must never decide anything, store anything
//! that cannot be rebuilt from events, or know of Lambda and HTTP.
//!
//! Start here:
//!
//! | file | holds |
//! |---|---|
//! | [`projection`] | a projection: a fold, a number, a key |
//! | [`order_summary`] | the projection `OrderSummaryByCustomer` and its row |
//! | [`customer_totals`] | the projection `CustomerTotals`, its row and its sums |
//! | [`orders_by_status`] | the projection `OrdersByStatus` and its row |
//! | [`summed`] | a projection whose rows are added up to sums |
//! | [`engine`] | from a batch of commits to rows: repeats, gaps, poison, outages |
//! | [`row_store`] | the port to the rows: read many, write one unless it is behind |
//! | [`row_images`] | the port to stored rows for audits: scan, compare, replace, delete |
//! | `row_error`, `row_stamp` | the errors of both ports, and the numbers that decide if a row may replace another |
//! | [`dynamo_rows`], [`summed_rows`], [`memory_rows`] | their adapters; `test_support::row_contract` checks all alike |
//! | [`audit`] | compares rows with the fold of their aggregates' commits, and repairs those that differ |
//! | [`events_table`] | the events table that rows were folded from, recorded beside them |
//! | [`summaries`], [`totals`], [`open_orders`] | the reads for queries: an order's summary, a customer's list and totals, the open orders |

pub mod audit;
pub mod customer_totals;
pub mod dynamo_rows;
pub mod engine;
pub mod events_table;
mod list_filter;
pub mod memory_rows;
pub mod open_orders;
mod order_fold;
mod order_key;
pub mod order_summary;
pub mod orders_by_status;
pub mod projection;
pub mod read_model;
pub mod registry;
mod row_error;
mod row_image;
pub mod row_images;
mod row_item;
mod row_stamp;
pub mod row_store;
mod sum_item;
pub mod summaries;
pub mod summed;
pub mod summed_rows;
pub mod totals;

pub use audit::{
    Audit, AuditError, Checked, Difference, Finding, Folded, Folding, LagBound, SumAudit, SumDifference, SumFinding,
    Sums, SumsChecked, Unfoldable,
};
pub use customer_totals::{Contribution, CurrencyTotals, CustomerTotals, PlacedOrder};
pub use dynamo_rows::DynamoRows;
pub use engine::{Counters, Engine, Failure, Outcome, Reason};
pub use events_table::EventsTable;
pub use list_filter::{ListFilter, ListedFacts};
pub use memory_rows::InMemoryRows;
pub use open_orders::{DynamoOpenOrders, OpenOrders};
pub use order_summary::{OrderSummaryByCustomer, OrderSummaryRow, SummaryItem};
pub use orders_by_status::{OpenOrderRow, OrdersByStatus};
pub use projection::{FoldError, KeyAttributes, Projection, RowKey};
pub use read_model::{OnOutage, OrderAudit, ProjectedRows, ReadModel, ReadModels, ScannedRows};
pub use row_error::RowError;
pub use row_images::{ImagePage, RowImage, RowImages, Segment};
pub use row_item::{StoredItem, row_attributes};
pub use row_stamp::RowStamp;
pub use row_store::{ExistingRow, NewRow, Read, RowStore, Write};
pub use summaries::{DynamoSummaries, OrderSummaries, PAGE_HALF_UNITS, RowPage, UnreadableRow};
pub use summed::{SumError, Summed};
pub use summed_rows::SummedRows;
pub use totals::{DynamoTotals, Totals};
