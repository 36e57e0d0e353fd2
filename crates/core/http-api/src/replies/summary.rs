//! An order as its customer sees it, on its own or in a list.

use std::collections::BTreeMap;

use order_domain::Order;
use order_domain::order::Line;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::values::OrderId;
use serde::Serialize;
use timestamp::Timestamp;

use super::details::DetailsView;
use super::stale::Stale;

/// A page of a list of orders, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrdersPage<T> {
    /// The orders.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Present if the list does not show the newest state of one of its orders, on any page.
    #[serde(flatten)]
    pub stale: Option<Stale>,
}

/// One order, as its customer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryView {
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
    /// Shipping charged, in minor units.
    pub shipping: u64,
    /// Tax charged, in minor units.
    pub tax: u64,
    /// Discount granted, in minor units.
    pub discount: u64,
    /// The amount due, in minor units: the total, less the reductions of cancelled items, less the amount that refunds
    /// forgive.
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
    /// The shop's own metadata, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The lines.
    pub items: Vec<LineView>,
    /// The time when the order was placed.
    pub placed_at: Timestamp,
    /// The time when its last event was recorded.
    pub last_updated: Timestamp,
    /// The order's version.
    pub version: u64,
    /// The requested instant on time travel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// Present if this does not show the newest state of the order.
    #[serde(flatten)]
    pub stale: Option<Stale>,
    /// The details, if the request includes them.
    #[serde(flatten)]
    pub details: Option<DetailsView>,
}

impl SummaryView {
    /// Builds the view of the order at `version`. It has no metadata, because the state does not contain it. Returns
    /// `None` before the order is placed.
    #[must_use]
    pub fn of_order(
        order_id: &OrderId,
        order: &Order,
        placed_at: Timestamp,
        last_updated: Timestamp,
        version: u64,
    ) -> Option<Self> {
        let charges = order.charges();
        Some(Self {
            order_id: order_id.to_string(),
            customer_id: order.customer_id()?.to_string(),
            status: order.status(),
            payment_status: order.payment_status(),
            fulfillment_status: order.fulfillment_status(),
            currency: order.currency()?.code().to_owned(),
            total: order.total().minor_units(),
            shipping: charges.shipping.minor_units(),
            tax: charges.tax.minor_units(),
            discount: charges.discount.minor_units(),
            due: order.due().minor_units(),
            amount_paid: order.amount_paid(),
            amount_refunded: order.amount_refunded(),
            item_count: order.lines().iter().map(|line| u64::from(line.quantity.get())).sum(),
            units_to_ship: order.units_to_ship(),
            to_ship: order.to_ship(),
            reference: order.reference().map(|reference| reference.as_str().to_owned()),
            metadata: BTreeMap::new(),
            items: order.lines().iter().map(LineView::of_line).collect(),
            placed_at,
            last_updated,
            version,
            as_of: None,
            stale: None,
            details: None,
        })
    }
}

/// One line of an order and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    /// The product.
    pub sku: String,
    /// The product's display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The units ordered.
    pub quantity: u32,
    /// The price of one unit, in minor units.
    pub unit_price: u64,
    /// The units shipped.
    pub shipped: u32,
    /// The units returned.
    pub returned: u32,
    /// The units cancelled before they were shipped.
    pub cancelled: u32,
}

impl LineView {
    /// Builds the view of a line.
    #[must_use]
    pub fn of_line(line: &Line) -> Self {
        Self {
            sku: line.sku.to_string(),
            name: line.name.as_ref().map(|name| name.as_str().to_owned()),
            quantity: line.quantity.get(),
            unit_price: line.unit_price.minor_units(),
            shipped: line.shipped,
            returned: line.returned,
            cancelled: line.cancelled,
        }
    }
}
