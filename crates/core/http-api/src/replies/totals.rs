//! What a customer's orders come to.

use serde::Serialize;

use super::stale::Stale;
use super::timestamp;

/// What a customer's orders come to, by currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerTotalsView {
    /// Whose orders.
    pub customer_id: String,
    /// One entry a currency, by its code; none before the first order.
    pub totals: Vec<CurrencyTotalsView>,
    /// Where an order of the customer is not counted as far as it has come.
    #[serde(flatten)]
    pub stale: Option<Stale>,
}

/// What a customer's orders in one currency come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotalsView {
    /// The ISO 4217 currency of every amount.
    pub currency: String,
    /// How many orders were placed, those cancelled later included. At least 1.
    pub orders: u64,
    /// The money received, as corrected, in minor units; refunds are not taken off.
    pub gross: u64,
    /// The money paid back, in minor units.
    pub refunded: u64,
    /// What is left, `gross - refunded`, in minor units.
    pub net: u64,
    /// The order placed first.
    pub first_order: PlacedOrderView,
    /// The order placed last.
    pub last_order: PlacedOrderView,
}

/// Which order, and when it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrderView {
    /// Which order.
    pub order_id: String,
    /// When it was placed, in milliseconds since 1970.
    #[serde(rename = "placedAt", serialize_with = "timestamp")]
    pub placed_at_ms: i64,
}
