//! A contribution and what contributions come to. The attribute names are stored; a change of either shape raises the
//! projection's number.

use event_store::Timestamp;
use serde::{Deserialize, Serialize};

/// What one order adds to its customer's totals: the row of the projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The ISO 4217 code of the amounts' currency.
    pub currency: String,
    /// Which order, and when it was placed.
    #[serde(flatten)]
    pub order: PlacedOrder,
    /// The sum of the payments in force, in minor units.
    pub amount_paid: u64,
    /// The sum of the refunds, in minor units.
    pub amount_refunded: u64,
}

/// An order in the sequence of its customer's orders: by the time of placing, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrder {
    /// When it was placed.
    #[serde(with = "crate::rfc3339")]
    pub placed_at: Timestamp,
    /// Its id.
    pub order_id: String,
}

/// What a customer's orders in one currency come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotals {
    /// The ISO 4217 code of the amounts' currency.
    pub currency: String,
    /// How many orders were placed, those that were cancelled later included. At least 1.
    pub orders: u64,
    /// The money received for them, corrections included and refunds not taken off, in minor units.
    pub gross: u64,
    /// The money given back, in minor units.
    pub refunded: u64,
    /// The first of the orders.
    pub first_order: PlacedOrder,
    /// The last of the orders.
    pub last_order: PlacedOrder,
}

impl CurrencyTotals {
    /// The money that is left: `gross - refunded`, in minor units. No payment is refunded beyond what was received, so it is
    /// never below 0.
    #[must_use]
    pub const fn net(&self) -> u64 {
        self.gross.saturating_sub(self.refunded)
    }

    /// The totals before the first order, which is the first and the last of them.
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
