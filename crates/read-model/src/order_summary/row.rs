//! The row of an order. Its attribute names are stored; a change of its shape raises the projection's number.

use event_store::Timestamp;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
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
    /// What is to be paid, in minor units.
    pub total: u64,
    /// The sum of the payments in force, in minor units.
    pub amount_paid: u64,
    /// The sum of the refunds, in minor units.
    pub amount_refunded: u64,
    /// Units ordered, over all lines.
    pub item_count: u64,
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
}

/// Where the row of an order stands: newest order last within its customer.
pub(crate) fn row_key(customer_id: &str, placed_at: Timestamp, order_id: &str) -> RowKey {
    RowKey { partition: customer_id.to_owned(), sort: format!("{placed_at}#{order_id}") }
}

impl OrderSummaryRow {
    /// The row's sort key, `<placedAt>#<orderId>`: where a list goes on after this row.
    #[must_use]
    pub fn sort_key(&self) -> String {
        row_key(&self.customer_id, self.placed_at, &self.order_id).sort
    }
}
