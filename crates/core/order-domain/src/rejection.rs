//! Why a command can be refused.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::values::{Amount, CancellationId, CorrectionId, PaymentId, Quantity, RefundId, ReturnId, ShipmentId, Sku};

/// A refusal: nothing was recorded. Each names the numbers it was decided on; amounts are minor units.
///
/// The fields' names, in camelCase, are what an API user sees ([`Rejection::details`]): keep them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Rejection {
    /// A list of items is empty.
    #[error("at least one item is needed")]
    NoItems,
    /// A list of items is longer than allowed.
    #[error("{count} items are more than the {max} allowed")]
    TooManyItems {
        /// How many were given.
        count: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A list of items names one sku twice.
    #[error("item '{sku}' is listed more than once")]
    RepeatedSku {
        /// The sku.
        sku: Sku,
        /// Where in the list it is repeated, from 0.
        index: usize,
    },
    /// The discount is larger than everything it is taken from.
    #[error("the discount of {discount} exceeds the {gross} it is taken from")]
    TotalNegative {
        /// Items, shipping and tax together.
        gross: Amount,
        /// The discount.
        discount: Amount,
    },
    /// The total is beyond what an amount can hold.
    #[error("the total exceeds {max}, the largest amount")]
    TotalTooLarge {
        /// The largest amount.
        max: u64,
    },
    /// A payment or a refund of nothing.
    #[error("the amount must be more than 0")]
    AmountNotPositive,
    /// The order was never placed.
    #[error("the order does not exist")]
    OrderNotFound,
    /// The order was placed before.
    #[error("the order was already placed")]
    OrderAlreadyPlaced,
    /// As many ids as an order may have are recorded already.
    #[error("the order already has {max} payments, corrections, refunds, shipments, returns and cancellations")]
    TooManyChanges {
        /// The most that there may be, together.
        max: usize,
    },
    /// The order is cancelled, so nothing of it may be shipped or cancelled.
    #[error("the order is cancelled; nothing of it can be shipped or cancelled")]
    OrderCancelled,
    /// Less was paid than is due.
    #[error("the order is not paid: {net_paid} of {due} due is paid")]
    NotPaid {
        /// Payments less refunds.
        net_paid: u64,
        /// The amount due.
        due: Amount,
    },
    /// The reduction is larger than the command can forgive.
    #[error("a reduction of {reduction} is more than {most}, the most that this can take off the {due} due")]
    ReductionExceedsDue {
        /// The reduction asked for.
        reduction: Amount,
        /// The largest reduction possible.
        most: Amount,
        /// The amount due before the reduction; of a refund that gives its payment back in full, with all that earlier
        /// refunds of it forgave.
        due: Amount,
    },
    /// The reduction would leave something due of an order of which nothing is left.
    #[error("nothing is left of the order, so nothing stays due: the reduction must be {due} or left out")]
    ReductionLeavesDebt {
        /// The reduction asked for.
        reduction: Amount,
        /// The amount due.
        due: Amount,
    },
    /// The sum of the order's payments would be beyond what an amount can hold.
    #[error("{amount_paid} already paid; {amount} more exceeds {max}, the largest amount")]
    AmountPaidTooLarge {
        /// The sum of the order's other payments.
        amount_paid: u64,
        /// The payment's amount.
        amount: Amount,
        /// The largest amount.
        max: u64,
    },
    /// No payment of that id was recorded.
    #[error("payment '{payment_id}' is not recorded for this order")]
    UnknownPayment {
        /// The id.
        payment_id: PaymentId,
    },
    /// The payment was recorded with another amount. A wrong amount is mended by a correction.
    #[error("payment '{payment_id}' was already recorded with {recorded_amount}, not {amount}")]
    PaymentIdReused {
        /// The id.
        payment_id: PaymentId,
        /// What was recorded as received.
        recorded_amount: Amount,
        /// What this command says.
        amount: Amount,
    },
    /// The correction was recorded with other data.
    #[error("correction '{correction_id}' was already recorded with other data, at version {recorded_at_version}")]
    CorrectionIdReused {
        /// The id.
        correction_id: CorrectionId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// The correction would leave less than was already given back.
    #[error("{amount_refunded} of payment '{payment_id}' already refunded; it cannot be corrected to {amount}")]
    CorrectionBelowRefunded {
        /// The payment.
        payment_id: PaymentId,
        /// What was refunded of it.
        amount_refunded: u64,
        /// The amount asked for.
        amount: Amount,
    },
    /// The payment already stands at that amount.
    #[error("payment '{payment_id}' already stands at {amount}")]
    CorrectionChangesNothing {
        /// The payment.
        payment_id: PaymentId,
        /// The amount it stands at.
        amount: Amount,
    },
    /// More was to be refunded than remains of the payment.
    #[error("{amount_refunded} of {amount_paid} of payment '{payment_id}' already refunded; cannot refund {amount}")]
    RefundExceedsPayment {
        /// The payment.
        payment_id: PaymentId,
        /// The payment's amount in force.
        amount_paid: Amount,
        /// What was refunded of it.
        amount_refunded: u64,
        /// The amount asked for.
        amount: Amount,
    },
    /// The refund was recorded with other data.
    #[error("refund '{refund_id}' was already recorded with other data, at version {recorded_at_version}")]
    RefundIdReused {
        /// The id.
        refund_id: RefundId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// The order has no such line.
    #[error("the order has no item '{sku}'")]
    UnknownSku {
        /// The sku.
        sku: Sku,
    },
    /// More was to be shipped than is left.
    #[error(
        "{shipped} of {ordered} of '{sku}' already shipped and {cancelled} cancelled; cannot ship {requested} more"
    )]
    QuantityExceedsShippable {
        /// The sku.
        sku: Sku,
        /// The units ordered.
        ordered: Quantity,
        /// The units shipped before.
        shipped: u32,
        /// The units cancelled before.
        cancelled: u32,
        /// The units that this command asks for.
        requested: Quantity,
    },
    /// More was to be cancelled than is left to ship.
    #[error("{shipped} of {ordered} of '{sku}' already shipped and {cancelled} cancelled; cannot cancel {requested}")]
    QuantityExceedsCancellable {
        /// The sku.
        sku: Sku,
        /// The units ordered.
        ordered: Quantity,
        /// The units shipped before.
        shipped: u32,
        /// The units cancelled before.
        cancelled: u32,
        /// The units that this command asks for.
        requested: Quantity,
    },
    /// The cancellation was recorded with other data.
    #[error("cancellation '{cancellation_id}' was already recorded with other data, at version {recorded_at_version}")]
    CancellationIdReused {
        /// The id.
        cancellation_id: CancellationId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// The shipment was recorded with other data.
    #[error("shipment '{shipment_id}' was already recorded with other data, at version {recorded_at_version}")]
    ShipmentIdReused {
        /// The id.
        shipment_id: ShipmentId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// No shipment of that id was recorded.
    #[error("shipment '{shipment_id}' is not recorded for this order")]
    UnknownShipment {
        /// The id.
        shipment_id: ShipmentId,
    },
    /// More was to be returned than is with the customer.
    #[error("{returned} of {shipped} shipped of '{sku}' already returned; cannot return {requested} more")]
    QuantityExceedsReturnable {
        /// The sku.
        sku: Sku,
        /// How many were shipped.
        shipped: u32,
        /// How many came back before.
        returned: u32,
        /// The units that this command asks for.
        requested: Quantity,
    },
    /// The return was recorded with other data.
    #[error("return '{return_id}' was already recorded with other data, at version {recorded_at_version}")]
    ReturnIdReused {
        /// The id.
        return_id: ReturnId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// Something was shipped, so the order can no longer be cancelled as a whole.
    #[error("{shipped} of {ordered} already shipped; the order can no longer be cancelled, only its other items")]
    AlreadyShipped {
        /// The units ordered and not cancelled, over all lines.
        ordered: u64,
        /// How many units were shipped, over all lines.
        shipped: u64,
    },
}

impl Rejection {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoItems => "no_items",
            Self::TooManyItems { .. } => "too_many_items",
            Self::RepeatedSku { .. } => "repeated_sku",
            Self::TotalNegative { .. } => "total_negative",
            Self::TotalTooLarge { .. } => "total_too_large",
            Self::AmountNotPositive => "amount_not_positive",
            Self::OrderNotFound => "order_not_found",
            Self::OrderAlreadyPlaced => "order_already_placed",
            Self::TooManyChanges { .. } => "too_many_changes",
            Self::OrderCancelled => "order_cancelled",
            Self::NotPaid { .. } => "not_paid",
            Self::ReductionExceedsDue { .. } => "reduction_exceeds_due",
            Self::ReductionLeavesDebt { .. } => "reduction_leaves_debt",
            Self::AmountPaidTooLarge { .. } => "amount_paid_too_large",
            Self::UnknownPayment { .. } => "unknown_payment",
            Self::PaymentIdReused { .. } => "payment_id_reused",
            Self::CorrectionIdReused { .. } => "correction_id_reused",
            Self::CorrectionBelowRefunded { .. } => "correction_below_refunded",
            Self::CorrectionChangesNothing { .. } => "correction_changes_nothing",
            Self::RefundExceedsPayment { .. } => "refund_exceeds_payment",
            Self::RefundIdReused { .. } => "refund_id_reused",
            Self::UnknownSku { .. } => "unknown_sku",
            Self::QuantityExceedsShippable { .. } => "quantity_exceeds_shippable",
            Self::QuantityExceedsCancellable { .. } => "quantity_exceeds_cancellable",
            Self::CancellationIdReused { .. } => "cancellation_id_reused",
            Self::ShipmentIdReused { .. } => "shipment_id_reused",
            Self::UnknownShipment { .. } => "unknown_shipment",
            Self::QuantityExceedsReturnable { .. } => "quantity_exceeds_returnable",
            Self::ReturnIdReused { .. } => "return_id_reused",
            Self::AlreadyShipped { .. } => "already_shipped",
        }
    }

    /// The ids and numbers it was decided on, by camelCase name: strings and integers only.
    #[must_use]
    pub fn details(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(details)) => details,
            // A reason without numbers is written as null.
            Ok(_) | Err(_) => Map::new(),
        }
    }
}
