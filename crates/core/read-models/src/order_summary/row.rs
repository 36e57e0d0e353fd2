//! The row of an order. Its attribute names are stored. A change of its shape needs a higher projection number.

use std::collections::BTreeMap;

use event_store::Timestamp;
use order_domain::status::{FulfillmentFigures, FulfillmentStatus, OrderStatus, PaymentFigures, PaymentStatus};
use serde::{Deserialize, Serialize};

use crate::projection::RowKey;

/// One order in its customer's list, as plain data for display. The engine adds the row's key and the projection's
/// number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummaryRow {
    /// The order: its aggregate's id.
    pub order_id: String,
    /// The customer's id.
    pub customer_id: String,
    /// The status word for a customer.
    pub status: OrderStatus,
    /// The payment status.
    pub payment_status: PaymentStatus,
    /// The fulfilment status.
    pub fulfillment_status: FulfillmentStatus,
    /// The ISO 4217 code of every amount's currency.
    pub currency: String,
    /// The sum of items, shipping and tax, less the discount, in minor units.
    pub total: u64,
    /// Shipping charged, in minor units.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shipping: u64,
    /// Tax charged, in minor units.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tax: u64,
    /// Discount granted, in minor units.
    #[serde(default, skip_serializing_if = "is_default")]
    pub discount: u64,
    /// The amount due, in minor units.
    pub due: u64,
    /// The sum of the reductions of cancelled items, in minor units.
    #[serde(default, skip_serializing_if = "is_default")]
    pub item_reductions: u64,
    /// The sum of the payments in force, in minor units.
    pub amount_paid: u64,
    /// The sum of the refunds, in minor units.
    pub amount_refunded: u64,
    /// The units ordered, over all lines, including cancelled ones.
    pub item_count: u64,
    /// True if the whole order or its last unit was cancelled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: bool,
    /// True if units are left to ship and may be shipped. Lists filter by it.
    pub to_ship: bool,
    /// The shop's own order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The shop's own metadata, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The lines, in the order in which they were placed.
    pub items: Vec<SummaryItem>,
    /// The number of shipments that have not arrived. `fulfillment_status` needs it, and no other field contains it.
    pub shipments_under_way: u32,
    /// The time when the order was placed.
    pub placed_at: Timestamp,
    /// The time when its newest commit was recorded.
    pub last_updated: Timestamp,
    /// The version of its newest commit.
    pub version: u64,
}

/// One line of an order and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryItem {
    /// The product.
    pub sku: String,
    /// The product's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The units ordered.
    pub quantity: u32,
    /// The price of one unit, in minor units.
    pub unit_price: u64,
    /// The units shipped, including units returned later.
    pub shipped: u32,
    /// The units returned.
    pub returned: u32,
    /// The units cancelled before they were shipped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: u32,
}

/// Returns the key of an order's row. Within a customer, the newest order is last.
pub(crate) fn row_key(customer_id: &str, placed_at: Timestamp, order_id: &str) -> RowKey {
    RowKey { partition: customer_id.to_owned(), sort: format!("{placed_at}#{order_id}") }
}

impl OrderSummaryRow {
    /// Returns the figures that the payment status is derived from.
    #[must_use]
    pub const fn payment_figures(&self) -> PaymentFigures {
        PaymentFigures {
            due: self.due,
            paid: self.amount_paid,
            refunded: self.amount_refunded,
            // Refunds forgave the rest, unless the order is cancelled.
            forgiven: if self.cancelled {
                0
            } else {
                self.total.saturating_sub(self.item_reductions).saturating_sub(self.due)
            },
            cancelled: self.cancelled,
        }
    }

    /// Returns the figures that the fulfilment status is derived from.
    #[must_use]
    pub fn fulfillment_figures(&self) -> FulfillmentFigures {
        let sum = |units: fn(&SummaryItem) -> u32| self.items.iter().map(|line| u64::from(units(line))).sum::<u64>();
        FulfillmentFigures {
            ordered: self.item_count.saturating_sub(sum(|line| line.cancelled)),
            shipped: sum(|line| line.shipped),
            returned: sum(|line| line.returned),
            any_undelivered: self.shipments_under_way > 0,
        }
    }

    /// Returns the units still to be shipped, over all lines; 0 once the order is cancelled.
    #[must_use]
    pub fn units_to_ship(&self) -> u64 {
        self.fulfillment_figures().units_to_ship(self.cancelled)
    }

    /// Returns the row's sort key, `<placedAt>#<orderId>`. A list continues after it.
    #[must_use]
    pub fn sort_key(&self) -> String {
        row_key(&self.customer_id, self.placed_at, &self.order_id).sort
    }
}

/// Returns true if a value is the default. It is then left out, to keep the row within its first kilobyte.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
