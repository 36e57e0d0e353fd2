//! The events of an order. Field names here are stored: never change them, only add (see [`crate::stored`] for the
//! steps that a new version takes).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::command::{ItemQuantity, OrderItem, QuoteReference};
use crate::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, MAX_ITEMS, Metadata, PaymentId, ReasonCode, Reference,
    RefundId, ReturnId, ShipmentId, Text,
};

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The order was placed.
    OrderPlaced(OrderPlaced),
    /// A payment was received.
    PaymentReceived(PaymentReceived),
    /// The recorded amount of a payment was corrected.
    PaymentCorrected(PaymentCorrected),
    /// A payment was refunded, in part or in full.
    PaymentRefunded(PaymentRefunded),
    /// A shipment was sent.
    ItemShipped(ItemShipped),
    /// A shipment arrived.
    ItemDelivered(ItemDelivered),
    /// Shipped items were returned.
    ItemReturned(ItemReturned),
    /// Units that were not shipped were cancelled.
    ItemsCancelled(ItemsCancelled),
    /// The order was cancelled.
    OrderCancelled(OrderCancelled),
}

/// The position of an event in its order. The code that records the event knows it and passes it to the fold as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef {
    /// The event's own id.
    pub event_id: Uuid,
    /// The version of the event's commit, from 1.
    pub version: u64,
}

/// The order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// The customer who ordered.
    pub customer_id: CustomerId,
    /// The currency of every amount of the order: an ISO 4217 code.
    pub currency: Currency,
    /// The lines that were ordered.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<OrderItem>,
    /// Shipping charged, in minor units; 0 if absent.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub shipping: Amount,
    /// Tax charged, in minor units; 0 if absent.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub tax: Amount,
    /// Discount granted, in minor units; 0 if absent.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub discount: Amount,
    /// Items + shipping + tax - discount, in minor units. It is the amount due of a new order. Since version 2.
    pub total: Amount,
    /// The shop's own order number; it need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// The shop's own notes, by name.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// The signed quote that the prices come from; absent if a trusted caller set the prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteReference>,
}

/// A payment was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReceived {
    /// The payment's id, unique in the order.
    pub payment_id: PaymentId,
    /// The amount received, in minor units.
    pub amount: Amount,
    /// The method of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Text>,
}

/// The recorded amount of a payment was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCorrected {
    /// The correction's id, unique in the order.
    pub correction_id: CorrectionId,
    /// The id of the payment.
    pub payment_id: PaymentId,
    /// The id of the event that set the previous amount: the receipt of the payment, or its latest correction.
    #[schemars(schema_with = "crate::values::schema::event_id")]
    pub corrects_event_id: Uuid,
    /// The payment's amount before this correction, in minor units.
    pub previous_amount: Amount,
    /// The payment's amount after this correction, in minor units.
    pub corrected_amount: Amount,
    /// The amount due of the order after this event, in minor units.
    pub due: Amount,
    /// The reason.
    pub reason: Text,
    /// A short code for the reason, for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// A payment was refunded, in part or in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// The refund's id, unique in the order.
    pub refund_id: RefundId,
    /// The id of the payment.
    pub payment_id: PaymentId,
    /// The amount refunded, in minor units.
    pub amount: Amount,
    /// The amount by which this refund lowered the amount due, in minor units.
    pub reduction: Amount,
    /// The amount due of the order after this event, in minor units. It can be more than before: if this refund completes
    /// a payment's refund in full, the reductions of the payment's earlier refunds no longer count.
    pub due: Amount,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// A short code for the reason, for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// A shipment was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemShipped {
    /// The shipment's id, unique in the order.
    pub shipment_id: ShipmentId,
    /// The items in the shipment.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<ItemQuantity>,
    /// The carrier of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Text>,
    /// The carrier's tracking number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<Text>,
}

/// A shipment arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemDelivered {
    /// The id of the shipment.
    pub shipment_id: ShipmentId,
}

/// Shipped items were returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemReturned {
    /// The return's id, unique in the order.
    pub return_id: ReturnId,
    /// The items that were returned.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<ItemQuantity>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// A short code for the reason, for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// Units that were not shipped were cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemsCancelled {
    /// The cancellation's id, unique in the order.
    pub cancellation_id: CancellationId,
    /// The units that were cancelled.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<ItemQuantity>,
    /// The amount by which the cancellation lowered the amount due, in minor units.
    pub reduction: Amount,
    /// The amount due of the order after this event, in minor units.
    pub due: Amount,
    /// The reason.
    pub reason: Text,
    /// A short code for the reason, for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// The order was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// The amount due of the order after this event, in minor units: 0.
    pub due: Amount,
    /// The reason.
    pub reason: Text,
    /// A short code for the reason, for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}
