//! The details of an order: every payment, refund, shipment, return and partial cancellation.

use order_domain::event::{ItemQuantity, QuoteReference};
use serde::Serialize;
use timestamp::Timestamp;

/// The details of an order: its quote, and lists in the order in which their entries were recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DetailsView {
    /// The signed quote that set the prices; `None` if a trusted caller set them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteReference>,
    /// The payments.
    pub payments: Vec<PaymentView>,
    /// The refunds.
    pub refunds: Vec<RefundView>,
    /// The shipments.
    pub shipments: Vec<ShipmentView>,
    /// The returns.
    pub returns: Vec<ReturnView>,
    /// The partial cancellations.
    pub cancellations: Vec<CancellationView>,
}

/// A payment of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentView {
    /// The payment's name, unique in the order.
    pub payment_id: String,
    /// The amount in force, as corrected, in minor units.
    pub amount: u64,
    /// The amount as first recorded, in minor units.
    pub amount_received: u64,
    /// The sum of the refunds of this payment, in minor units.
    pub amount_refunded: u64,
    /// The means of payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The time when it was recorded.
    pub received_at: Timestamp,
}

/// A refund of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundView {
    /// The refund's name, unique in the order.
    pub refund_id: String,
    /// The payment that was refunded.
    pub payment_id: String,
    /// The amount, in minor units.
    pub amount: u64,
    /// The amount by which it lowers the amount due, in minor units, unless its payment was refunded in full later.
    pub reduction: u64,
    /// The reason, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason as one word of the shop's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// The time when it was recorded.
    pub refunded_at: Timestamp,
}

/// A shipment of items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentView {
    /// The shipment's name, unique in the order.
    pub shipment_id: String,
    /// The items in it.
    pub items: Vec<ItemQuantity>,
    /// The carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's tracking number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// The time when it was recorded.
    pub shipped_at: Timestamp,
    /// True once its delivery was recorded.
    pub delivered: bool,
    /// The time when its delivery was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
}

/// A return of shipped items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnView {
    /// The return's name, unique in the order.
    pub return_id: String,
    /// The returned items.
    pub items: Vec<ItemQuantity>,
    /// The reason, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason as one word of the shop's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// The time when it was recorded.
    pub returned_at: Timestamp,
}

/// A cancellation of items that were not shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationView {
    /// The cancellation's name, unique in the order.
    pub cancellation_id: String,
    /// The cancelled items.
    pub items: Vec<ItemQuantity>,
    /// The amount by which it lowered the amount due, in minor units.
    pub reduction: u64,
    /// The reason, for people.
    pub reason: String,
    /// The reason as one word of the shop's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// The time when it was recorded.
    pub cancelled_at: Timestamp,
}
