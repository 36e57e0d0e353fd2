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
    /// Shipping charged, in minor units; 0 where absent.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub shipping: Amount,
    /// Tax charged, in minor units; 0 where absent.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub tax: Amount,
    /// Discount granted, in minor units; 0 where absent.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub discount: Amount,
    /// Items + shipping + tax - discount, in minor units: what is due of a new order. Since version 2.
    pub total: Amount,
    /// The shop's own order number; it need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// The shop's own notes, by name.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// The signed quote that the prices come from; absent where a trusted caller named them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteReference>,
}

/// A payment was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReceived {
    /// The payment's name, unique in the order.
    pub payment_id: PaymentId,
    /// The amount received, in minor units.
    pub amount: Amount,
    /// The method of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Text>,
}

/// A payment's recorded amount was wrong; this is the right one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCorrected {
    /// The correction's name, unique in the order.
    pub correction_id: CorrectionId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The latest effective event of that payment: the receipt, or the correction before this one.
    #[schemars(schema_with = "crate::values::schema::event_id")]
    pub corrects_event_id: Uuid,
    /// The amount that was in force, in minor units.
    pub previous_amount: Amount,
    /// The amount in force from now on, in minor units.
    pub corrected_amount: Amount,
    /// The amount due of the order after this event, in minor units.
    pub due: Amount,
    /// Why.
    pub reason: Text,
    /// Why, in a word for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// Part or all of a payment was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// The refund's name, unique in the order.
    pub refund_id: RefundId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The amount, in minor units.
    pub amount: Amount,
    /// The amount of what is due that this refund forgives, in minor units.
    pub reduction: Amount,
    /// The amount due of the order after this event, in minor units. A refund that completes giving a payment back takes
    /// back what earlier refunds of that payment forgave, so this can be more than before.
    pub due: Amount,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Why, in a word for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// One shipment left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemShipped {
    /// The shipment's name, unique in the order.
    pub shipment_id: ShipmentId,
    /// The items in it.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<ItemQuantity>,
    /// Who carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Text>,
    /// The carrier's number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<Text>,
}

/// One shipment arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemDelivered {
    /// The shipment.
    pub shipment_id: ShipmentId,
}

/// Shipped items came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemReturned {
    /// The return's name, unique in the order.
    pub return_id: ReturnId,
    /// The items that came back.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<ItemQuantity>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Why, in a word for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// Units that were not shipped were taken out of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemsCancelled {
    /// The cancellation's name, unique in the order.
    pub cancellation_id: CancellationId,
    /// The units.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<ItemQuantity>,
    /// The amount by which what is due fell, in minor units.
    pub reduction: Amount,
    /// The amount due of the order after this event, in minor units.
    pub due: Amount,
    /// Why.
    pub reason: Text,
    /// Why, in a word for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}

/// The order was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// The amount due of the order after this event, in minor units: 0.
    pub due: Amount,
    /// Why.
    pub reason: Text,
    /// Why, in a word for statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
}
