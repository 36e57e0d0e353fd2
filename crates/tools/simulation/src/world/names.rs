//! The names that every history uses: tables, bus, functions and customers.

use parked_orders::Consumer;

/// The summaries as a consumer of the stream.
pub const SUMMARY_CONSUMER: Consumer = Consumer::new(SUMMARIES);
/// The totals as a consumer of the stream.
pub const TOTALS_CONSUMER: Consumer = Consumer::new(TOTALS);
/// The open orders as a consumer of the stream.
pub const OPEN_ORDERS_CONSUMER: Consumer = Consumer::new(OPEN_ORDERS);
/// The read models as consumers of the stream.
pub(crate) const READ_MODELS: [Consumer; 3] = [SUMMARY_CONSUMER, TOTALS_CONSUMER, OPEN_ORDERS_CONSUMER];
/// The consumers of the stream.
pub(crate) const CONSUMERS: [Consumer; 4] =
    [SUMMARY_CONSUMER, TOTALS_CONSUMER, OPEN_ORDERS_CONSUMER, Consumer::PUBLISHER];

/// The table of events.
pub(crate) const EVENTS: &str = "OrderEvents";
/// The table of the order summaries.
pub(crate) const SUMMARIES: &str = "OrderSummaryByCustomer";
/// The table of the customer totals.
pub(crate) const TOTALS: &str = "CustomerTotals";
/// The table of the open orders.
pub(crate) const OPEN_ORDERS: &str = "OrdersByStatus";
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
