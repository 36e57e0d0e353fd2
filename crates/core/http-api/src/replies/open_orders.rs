//! The open orders of all customers, for the shop's staff.

use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use serde::Serialize;
use timestamp::Timestamp;

use super::summary::SummaryView;

/// One open order without its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenOrderView {
    /// The order's id.
    pub order_id: String,
    /// The customer's id.
    pub customer_id: String,
    /// The status word for a customer.
    pub status: OrderStatus,
    /// The payment status.
    pub payment_status: PaymentStatus,
    /// The fulfilment status.
    pub fulfillment_status: FulfillmentStatus,
    /// The ISO 4217 currency of every amount.
    pub currency: String,
    /// Items, shipping and tax less the discount, in minor units.
    pub total: u64,
    /// The amount due, in minor units.
    pub due: u64,
    /// The sum of the payments, as corrected, in minor units.
    pub amount_paid: u64,
    /// The sum of the refunds, in minor units.
    pub amount_refunded: u64,
    /// The units ordered, over all lines.
    pub item_count: u64,
    /// The units still to be shipped, over all lines; 0 once the order is cancelled.
    pub units_to_ship: u64,
    /// True if units are left to ship and may be shipped.
    pub to_ship: bool,
    /// The shop's own order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The time when the order was placed.
    pub placed_at: Timestamp,
    /// The time when its last event was recorded.
    pub last_updated: Timestamp,
    /// The order's version.
    pub version: u64,
}

impl From<SummaryView> for OpenOrderView {
    fn from(order: SummaryView) -> Self {
        Self {
            order_id: order.order_id,
            customer_id: order.customer_id,
            status: order.status,
            payment_status: order.payment_status,
            fulfillment_status: order.fulfillment_status,
            currency: order.currency,
            total: order.total,
            due: order.due,
            amount_paid: order.amount_paid,
            amount_refunded: order.amount_refunded,
            item_count: order.item_count,
            units_to_ship: order.units_to_ship,
            to_ship: order.to_ship,
            reference: order.reference,
            placed_at: order.placed_at,
            last_updated: order.last_updated,
            version: order.version,
        }
    }
}
