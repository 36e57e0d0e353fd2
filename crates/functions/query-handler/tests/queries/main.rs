//! The query handler on real API Gateway payloads: every reply of the contract, for every state of the rows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod audit_trail;
mod budgets;
mod consistent;
mod details;
mod given;
mod identity;
mod list;
mod list_budget;
mod logs;
mod open_orders;
mod order;
mod outages;
mod rows;
mod samples;
mod stale;
mod time_travel;
mod totals;
mod unreadable_orders;
mod unreadable_rows;
