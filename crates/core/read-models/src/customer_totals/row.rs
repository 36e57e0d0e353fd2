//! A contribution and the totals of contributions. The attribute names are stored. A change of either shape needs a
//! higher projection number.

use event_store::Timestamp;
use serde::{Deserialize, Serialize};

/// The part of one order in its customer's totals. It is the row of the projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The ISO 4217 code of the amounts' currency.
    pub currency: String,
    /// The order and the time when it was placed.
    #[serde(flatten)]
    pub order: PlacedOrder,
    /// The sum of the payments in force, in minor units.
    pub amount_paid: u64,
    /// The sum of the refunds, in minor units.
    pub amount_refunded: u64,
}

/// An order in the sequence of its customer's orders: by the time when it was placed, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrder {
    /// The time when the order was placed.
    pub placed_at: Timestamp,
    /// The order's id.
    pub order_id: String,
}

/// The totals of a customer's orders in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotals {
    /// The ISO 4217 code of the amounts' currency.
    pub currency: String,
    /// The number of orders placed, including those cancelled later. At least 1.
    pub orders: u64,
    /// The money received, including corrections, in minor units. Refunds are not subtracted.
    pub gross: u64,
    /// The refunded money, in minor units.
    pub refunded: u64,
    /// The first of the orders.
    pub first_order: PlacedOrder,
    /// The last of the orders.
    pub last_order: PlacedOrder,
}

impl CurrencyTotals {
    /// Returns the difference `gross - refunded`, in minor units. Refunds of a payment never exceed its amount, so it
    /// is never below 0.
    #[must_use]
    pub const fn net(&self) -> u64 {
        self.gross.saturating_sub(self.refunded)
    }

    /// Returns the totals before the first order. That order is both the first and the last.
    pub(super) fn nothing(first: &Contribution) -> Self {
        Self {
            currency: first.currency.clone(),
            orders: 0,
            gross: 0,
            refunded: 0,
            first_order: first.order.clone(),
            last_order: first.order.clone(),
        }
    }
}
