//! What may be asked of an order. Everything here has been parsed: a command cannot hold an ill-formed value.

use crate::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, KeyId, Metadata, PaymentId, Quantity, QuoteId,
    ReasonCode, Reference, RefundId, ReturnId, ShipmentId, Sku, Text,
};

/// One request to change an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Places a new order.
    PlaceOrder(PlaceOrder),
    /// Records a payment that was received: an outside fact.
    RecordPayment(RecordPayment),
    /// Corrects the amount of a recorded payment.
    CorrectPayment(CorrectPayment),
    /// Refunds part or all of a payment.
    RefundPayment(RefundPayment),
    /// Ships items of a paid order.
    ShipItems(ShipItems),
    /// Records that a shipment arrived: an outside fact.
    RecordDelivery(RecordDelivery),
    /// Takes shipped items back.
    ReturnItems(ReturnItems),
    /// Takes units that were not shipped out of the order.
    CancelItems(CancelItems),
    /// Cancels an order of which nothing was shipped.
    CancelOrder(CancelOrder),
}

/// Places a new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Who orders.
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// What is ordered: 1..=100 lines, each sku once.
    pub items: Vec<OrderItem>,
    /// Shipping charged, in minor units.
    pub shipping: Amount,
    /// Tax charged, in minor units.
    pub tax: Amount,
    /// Discount granted, in minor units.
    pub discount: Amount,
    /// The shop's own order number; it need not be unique.
    pub reference: Option<Reference>,
    /// The shop's own notes.
    pub metadata: Metadata,
    /// The signed quote that the prices come from; `None` where a trusted caller named them.
    pub quote: Option<QuoteReference>,
}

/// The quote that an order was placed from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuoteReference {
    /// The quote's name, unique for its customer.
    pub quote_id: QuoteId,
    /// The name of the key that the quote was signed with.
    pub kid: KeyId,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// What is sold.
    pub sku: Sku,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// How many.
    pub quantity: Quantity,
    /// The price of one, in minor units.
    pub unit_price: Amount,
}

/// So many of one item of the order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemQuantity {
    /// Which line of the order.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// Records a payment that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPayment {
    /// The payment's name, unique in the order.
    pub payment_id: PaymentId,
    /// What was received, in minor units; more than 0.
    pub amount: Amount,
    /// How it was paid, in the caller's words.
    pub method: Option<Text>,
}

/// Corrects the amount of a recorded payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectPayment {
    /// The correction's name, unique in the order.
    pub correction_id: CorrectionId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// The right amount, in minor units; 0 where nothing was received after all.
    pub amount: Amount,
    /// Why.
    pub reason: Text,
    /// Why, in a word for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Refunds part or all of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPayment {
    /// The refund's name, unique in the order.
    pub refund_id: RefundId,
    /// Which payment is refunded.
    pub payment_id: PaymentId,
    /// How much, in minor units; more than 0.
    pub amount: Amount,
    /// The amount by which the refund lowers what is due, in minor units; `None` leaves that to the rules.
    pub reduction: Option<Amount>,
    /// Why.
    pub reason: Option<Text>,
    /// Why, in a word for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Ships items of a paid order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipItems {
    /// The shipment's name, unique in the order.
    pub shipment_id: ShipmentId,
    /// What is in it, each sku once.
    pub items: Vec<ItemQuantity>,
    /// Who carries it.
    pub carrier: Option<Text>,
    /// The carrier's number for it.
    pub tracking_number: Option<Text>,
}

/// Records that a shipment arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordDelivery {
    /// Which shipment.
    pub shipment_id: ShipmentId,
}

/// Takes shipped items back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnItems {
    /// The return's name, unique in the order.
    pub return_id: ReturnId,
    /// What came back, each sku once.
    pub items: Vec<ItemQuantity>,
    /// Why.
    pub reason: Option<Text>,
    /// Why, in a word for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Takes units that were not shipped out of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelItems {
    /// The cancellation's name, unique in the order.
    pub cancellation_id: CancellationId,
    /// The units, each sku once.
    pub items: Vec<ItemQuantity>,
    /// The amount by which what is due falls, in minor units; `None` is the units' share of it.
    pub reduction: Option<Amount>,
    /// Why.
    pub reason: Text,
    /// Why, in a word for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Cancels an order of which nothing was shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// Why.
    pub reason: Text,
    /// Why, in a word for statistics.
    pub reason_code: Option<ReasonCode>,
}
