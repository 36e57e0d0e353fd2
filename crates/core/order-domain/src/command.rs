//! The commands that a caller can send to an order. Every value is already parsed, so a command cannot contain an
//! invalid one.

use crate::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, KeyId, Metadata, PaymentId, Quantity, QuoteId,
    ReasonCode, Reference, RefundId, ReturnId, ShipmentId, Sku, Text,
};

/// One request to change an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Places a new order.
    PlaceOrder(PlaceOrder),
    /// Records a received payment, which is a fact from outside.
    RecordPayment(RecordPayment),
    /// Corrects the amount of a recorded payment.
    CorrectPayment(CorrectPayment),
    /// Refunds part or all of a payment.
    RefundPayment(RefundPayment),
    /// Ships items of a paid order.
    ShipItems(ShipItems),
    /// Records that a shipment arrived, which is a fact from outside.
    RecordDelivery(RecordDelivery),
    /// Records returned items.
    ReturnItems(ReturnItems),
    /// Cancels units that were not shipped.
    CancelItems(CancelItems),
    /// Cancels an order from which nothing was shipped.
    CancelOrder(CancelOrder),
}

/// Places a new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The customer who places the order.
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// The lines of the order: 1..=100, each sku once.
    pub items: Vec<OrderItem>,
    /// Shipping charged, in minor units.
    pub shipping: Amount,
    /// Tax charged, in minor units.
    pub tax: Amount,
    /// Discount granted, in minor units.
    pub discount: Amount,
    /// The shop's own order number. It need not be unique.
    pub reference: Option<Reference>,
    /// The shop's own metadata.
    pub metadata: Metadata,
    /// The signed quote that set the prices; `None` if a trusted caller set them.
    pub quote: Option<QuoteReference>,
}

/// The quote that an order was placed from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuoteReference {
    /// The quote's id, unique for its customer.
    pub quote_id: QuoteId,
    /// The id of the key that signed the quote.
    pub kid: KeyId,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The shop's code for the product.
    pub sku: Sku,
    /// The product's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The number of units.
    pub quantity: Quantity,
    /// The price of one unit, in minor units.
    pub unit_price: Amount,
}

/// A quantity of one item of the order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemQuantity {
    /// The code of the item, as in the order.
    pub sku: Sku,
    /// The number of units.
    pub quantity: Quantity,
}

/// Records a received payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPayment {
    /// The payment's id, unique in the order.
    pub payment_id: PaymentId,
    /// The amount received, in minor units; more than 0.
    pub amount: Amount,
    /// The payment method, in the caller's words.
    pub method: Option<Text>,
}

/// Corrects the amount of a recorded payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectPayment {
    /// The correction's id, unique in the order.
    pub correction_id: CorrectionId,
    /// The payment to correct.
    pub payment_id: PaymentId,
    /// The correct amount, in minor units; 0 if nothing was received after all.
    pub amount: Amount,
    /// The reason.
    pub reason: Text,
    /// The reason as one word, for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Refunds part or all of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPayment {
    /// The refund's id, unique in the order.
    pub refund_id: RefundId,
    /// The payment to refund.
    pub payment_id: PaymentId,
    /// The amount to refund, in minor units; more than 0.
    pub amount: Amount,
    /// The amount by which the refund lowers the amount due, in minor units; `None` lets the rules decide.
    pub reduction: Option<Amount>,
    /// The reason.
    pub reason: Option<Text>,
    /// The reason as one word, for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Ships items of a paid order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipItems {
    /// The shipment's id, unique in the order.
    pub shipment_id: ShipmentId,
    /// The items in the shipment, each sku once.
    pub items: Vec<ItemQuantity>,
    /// The carrier.
    pub carrier: Option<Text>,
    /// The carrier's tracking number.
    pub tracking_number: Option<Text>,
}

/// Records that a shipment arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordDelivery {
    /// The shipment that arrived.
    pub shipment_id: ShipmentId,
}

/// Records returned items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnItems {
    /// The return's id, unique in the order.
    pub return_id: ReturnId,
    /// The returned items, each sku once.
    pub items: Vec<ItemQuantity>,
    /// The reason.
    pub reason: Option<Text>,
    /// The reason as one word, for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Cancels units that were not shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelItems {
    /// The cancellation's id, unique in the order.
    pub cancellation_id: CancellationId,
    /// The units to cancel, each sku once.
    pub items: Vec<ItemQuantity>,
    /// The amount by which the cancellation lowers the amount due, in minor units; `None` means the units' share.
    pub reduction: Option<Amount>,
    /// The reason.
    pub reason: Text,
    /// The reason as one word, for statistics.
    pub reason_code: Option<ReasonCode>,
}

/// Cancels an order from which nothing was shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// The reason.
    pub reason: Text,
    /// The reason as one word, for statistics.
    pub reason_code: Option<ReasonCode>,
}
