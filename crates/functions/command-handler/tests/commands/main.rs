//! The command handler on real API Gateway payloads: every reply of the contract, and the resulting content of the store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod budgets;
mod hostile_input;
mod identity;
mod logs;
mod order_life;
mod quote_forms;
mod quote_repeats;
mod quote_signatures;
mod quotes;
mod races;
mod replies;
mod retries;
mod shipping_price;
mod shop;
mod stores;
