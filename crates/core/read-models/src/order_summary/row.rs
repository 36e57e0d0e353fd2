//! The row of an order. Its attribute names are stored; a change of its shape raises the projection's number.

use std::collections::BTreeMap;

use event_store::Timestamp;
use order_domain::status::{FulfillmentFigures, FulfillmentStatus, OrderStatus, PaymentFigures, PaymentStatus};
use serde::{Deserialize, Serialize};

use crate::projection::RowKey;

/// One order in its customer's list: plain data to be shown. The engine adds the row's key and the projection's
/// number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummaryRow {
    /// The order: its aggregate's id.
    pub order_id: String,
    /// Who ordered.
    pub customer_id: String,
    /// The one word for a customer.
    pub status: OrderStatus,
    /// Where its payment stands.
    pub payment_status: PaymentStatus,
    /// Where its fulfilment stands.
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
    /// Units ordered, over all lines, cancelled ones included.
    pub item_count: u64,
    /// True if the order was cancelled, as a whole or down to its last unit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: bool,
    /// True if there are units to be shipped that may be shipped. Lists filter by it.
    pub to_ship: bool,
    /// The shop's own order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The shop's own notes, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The lines, in the order in which they were placed.
    pub items: Vec<SummaryItem>,
    /// Shipments that have not arrived: what `fulfillment_status` needs and nothing else here tells.
    pub shipments_under_way: u32,
    /// When it was placed.
    #[serde(with = "crate::rfc3339")]
    pub placed_at: Timestamp,
    /// When its newest commit was recorded.
    #[serde(with = "crate::rfc3339")]
    pub last_updated: Timestamp,
    /// The version of that commit.
    pub version: u64,
}

/// One line of an order, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryItem {
    /// What is sold.
    pub sku: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many were ordered.
    pub quantity: u32,
    /// The price of one, in minor units.
    pub unit_price: u64,
    /// How many were shipped, whether or not they came back.
    pub shipped: u32,
    /// How many came back.
    pub returned: u32,
    /// The units cancelled before they were shipped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: u32,
}

/// Where the row of an order stands: newest order last within its customer.
pub(crate) fn row_key(customer_id: &str, placed_at: Timestamp, order_id: &str) -> RowKey {
    RowKey { partition: customer_id.to_owned(), sort: format!("{placed_at}#{order_id}") }
}

impl OrderSummaryRow {
    /// The figures that the payment status is derived from.
    #[must_use]
    pub const fn payment_figures(&self) -> PaymentFigures {
        PaymentFigures {
            due: self.due,
            paid: self.amount_paid,
            refunded: self.amount_refunded,
            // Refunds took off the rest, unless the order is cancelled.
            forgiven: if self.cancelled {
                0
            } else {
                self.total.saturating_sub(self.item_reductions).saturating_sub(self.due)
            },
            cancelled: self.cancelled,
        }
    }

    /// The figures that the fulfilment status is derived from.
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

    /// The units still to be shipped, over all lines; 0 once the order is cancelled.
    #[must_use]
    pub fn units_to_ship(&self) -> u64 {
        self.fulfillment_figures().units_to_ship(self.cancelled)
    }

    /// The row's sort key, `<placedAt>#<orderId>`: where a list goes on after this row.
    #[must_use]
    pub fn sort_key(&self) -> String {
        row_key(&self.customer_id, self.placed_at, &self.order_id).sort
    }
}

/// True if a figure or a fact is what it is by default: then it is left out, to keep the row in its first kilobyte.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
