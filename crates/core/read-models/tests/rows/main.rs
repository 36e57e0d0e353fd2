//! Tests of rows, from single events to the whole path over DynamoDB.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod batch_get;
mod budgets;
mod contract;
mod customer_totals;
mod engine;
mod engine_faults;
mod engine_properties;
mod faulty_connection;
mod late_rows;
mod list_pages;
mod open_orders;
mod order_summary;
mod orders_by_status;
mod registry;
mod story;
mod sum_audit;
mod summaries;
mod summed_faults;
mod summed_poison;
mod summed_properties;
mod summed_releases;
mod summed_rows;
