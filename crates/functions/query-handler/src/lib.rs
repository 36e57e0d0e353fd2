//! The function behind the queries: rows of the read model for the present, events for the past.
//!
//! An order's row follows its events by a moment. A query for one order never shows that as a lie: where the row is
//! missing, or behind the version that the caller has seen, the answer is folded from the events instead. A
//! customer's list is its rows, and may be that moment behind; one that cannot be read is folded from its events.
//! A customer's totals are sums, and may be a moment behind like the list. Where a row will not follow by itself, because
//! its order is parked, the answer says that it is stale.
//!
//! Who may see what: a caller who is restricted to one customer gets 404 for the orders of others, the same as for
//! orders that do not exist, and 403 for their lists, which tells nothing that the path and the token did not.
//!
//! This crate must never write, decide, or know a status code's number.
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`handler`] | one request from arrival to reply |
//! | `order` | one order: now, at least at a version, or as it was |
//! | `detailed`, `details` | one order with its payments, refunds, shipments and returns |
//! | `orders` | a customer's list |
//! | `list_filter`, `page_budget` | which orders a list shows, and the size and price of a page |
//! | `totals` | what a customer's orders come to |
//! | `events` | an order's audit trail |
//! | `stale` | what a reply does not show, because an order is parked |
//! | `row_view` | a row as a reply shows it |
//! | `failure` | why a query is not answered as asked |
//! | `log` | the one log line of a query |
//! | `main.rs` | the wiring: configuration, logs, clients, the Lambda runtime |

mod detailed;
mod details;
mod events;
mod failure;
pub mod handler;
mod list_filter;
mod log;
mod order;
mod orders;
mod page_budget;
mod row_view;
mod stale;
mod totals;

pub use handler::QueryHandler;
