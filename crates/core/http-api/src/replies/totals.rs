//! The totals of a customer's orders.

use serde::Serialize;
use timestamp::Timestamp;

use super::stale::Stale;

/// The totals of a customer's orders, by currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerTotalsView {
    /// The customer's id.
    pub customer_id: String,
    /// One entry for each currency, sorted by its code; empty before the first order.
    pub totals: Vec<CurrencyTotalsView>,
    /// Present if the totals do not count the newest state of one of the customer's orders.
    #[serde(flatten)]
    pub stale: Option<Stale>,
}

/// The totals of a customer's orders in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotalsView {
    /// The ISO 4217 currency of every amount.
    pub currency: String,
    /// The number of orders placed, including those cancelled later. At least 1.
    pub orders: u64,
    /// The money received, as corrected, in minor units. Refunds are not subtracted.
    pub gross: u64,
    /// The money paid back, in minor units.
    pub refunded: u64,
    /// The difference `gross - refunded`, in minor units.
    pub net: u64,
    /// The order placed first.
    pub first_order: PlacedOrderView,
    /// The order placed last.
    pub last_order: PlacedOrderView,
}

/// An order and the time when it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrderView {
    /// The order's id.
    pub order_id: String,
    /// The time when it was placed.
    pub placed_at: Timestamp,
}
