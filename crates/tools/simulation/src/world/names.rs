//! The names that every history uses: tables, bus, functions and customers.

use parked_orders::Consumer;
use read_models::{CustomerTotals, OrderSummaryByCustomer, OrdersByStatus, Projection};

/// The summaries as a consumer of the stream.
pub const SUMMARY_CONSUMER: Consumer = Consumer::new(SUMMARIES);
/// The totals as a consumer of the stream.
pub const TOTALS_CONSUMER: Consumer = Consumer::new(TOTALS);

/// The table of events.
pub(crate) const EVENTS: &str = "OrderEvents";
/// The table of the order summaries.
pub(crate) const SUMMARIES: &str = OrderSummaryByCustomer::NAME;
/// The table of the customer totals.
pub(crate) const TOTALS: &str = CustomerTotals::NAME;
/// The table of the open orders.
pub(crate) const OPEN_ORDERS: &str = OrdersByStatus::NAME;
/// The table of parked orders.
pub(crate) const PARKED: &str = "ParkedOrders";
/// The event bus.
pub(crate) const BUS: &str = "order-ledger-orders";
/// The projector, as its notes on unaddressable records name it.
pub(crate) const PROJECTOR: &str = "projector";
/// The publisher, as its notes on unaddressable records name it.
pub(crate) const PUBLISHER: &str = "publisher";
/// The customers.
pub(crate) const CUSTOMERS: [&str; 2] = ["anna", "bert"];
