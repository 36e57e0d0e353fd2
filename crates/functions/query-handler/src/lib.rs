//! The function that answers queries: from rows of the read models for the present, from events for the past.
//!
//! An order's row is updated shortly after its events. If the row is missing, or older than the version that the caller has
//! seen, the reply for one order is folded from the events instead. A customer's list is read from rows and may be slightly
//! behind. A row of it that cannot be read is replaced by the fold of its events. A customer's totals are sums and may also
//! be slightly behind. If an order is parked, its row is not updated without an operator, and the reply is marked as stale.
//!
//! Access rights: a caller who is restricted to one customer receives 404 for the orders of other customers, the same as
//! for orders that do not exist. For their lists the caller receives 403, which reveals only the content of the path and
//! the token.
//!
//! This crate must never write, decide, or know the number of a status code.
//!
//! Contents:
//!
//! | file | holds |
//! |---|---|
//! | [`handler`] | the path of one request, from arrival to reply |
//! | `order` | one order: now, at a minimum version, or at an earlier version or time |
//! | `detailed`, `details` | one order with its payments, refunds, shipments and returns |
//! | `orders` | a customer's list |
//! | `open_orders` | the open orders of all customers |
//! | `list_filter`, `page_budget` | the orders that a list shows, and the size and price of a page |
//! | `totals` | the totals of a customer's orders |
//! | `events` | an order's audit trail |
//! | `stale` | the staleness of a reply, because an order is parked |
//! | `row_view` | a row as a reply shows it |
//! | `failure` | the reasons why a query fails |
//! | `log` | the one log line of each query |
//! | `main.rs` | the wiring: configuration, logs, clients, the Lambda runtime |

mod detailed;
mod details;
mod events;
mod failure;
pub mod handler;
mod list_filter;
mod log;
mod open_orders;
mod order;
mod orders;
mod page_budget;
mod row_view;
mod stale;
mod totals;

pub use handler::{QueryHandler, Readers};
