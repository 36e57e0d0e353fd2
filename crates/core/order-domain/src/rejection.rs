//! The reasons why a command is rejected.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::values::{Amount, CancellationId, CorrectionId, PaymentId, Quantity, RefundId, ReturnId, ShipmentId, Sku};

/// A rejection: nothing was recorded. Each variant carries the numbers behind the decision; amounts are in minor units.
///
/// API users see the names of the variants in snake_case ([`Rejection::code`]) and the names of the fields in camelCase
/// ([`Rejection::details`]): never change them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::IntoStaticStr, strum::VariantNames, thiserror::Error)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// A list of items is empty.
    #[error("at least one item is needed")]
    NoItems,
    /// A list of items is longer than allowed.
    #[error("{count} items are more than the {max} allowed")]
    TooManyItems {
        /// The number of items given.
        count: usize,
        /// The largest number allowed.
        max: usize,
    },
    /// A list of items names one sku twice.
    #[error("item '{sku}' is listed more than once")]
    RepeatedSku {
        /// The sku.
        sku: Sku,
        /// The position of the repetition in the list, from 0.
        index: usize,
    },
    /// The discount is larger than the sum that it reduces.
    #[error("the discount of {discount} exceeds the {gross} it is taken from")]
    TotalNegative {
        /// The sum of items, shipping and tax.
        gross: Amount,
        /// The discount.
        discount: Amount,
    },
    /// The total exceeds the largest amount.
    #[error("the total exceeds {max}, the largest amount")]
    TotalTooLarge {
        /// The largest amount.
        max: u64,
    },
    /// The amount of a payment or a refund is 0.
    #[error("the amount must be more than 0")]
    AmountNotPositive,
    /// The order was never placed.
    #[error("the order does not exist")]
    OrderNotFound,
    /// The order was already placed.
    #[error("the order was already placed")]
    OrderAlreadyPlaced,
    /// The order already has as many recorded ids as allowed.
    #[error("the order already has {max} changes with an id, and no order can have more")]
    TooManyChanges {
        /// The largest number of ids, of all kinds together.
        max: usize,
    },
    /// The order is cancelled, so nothing of it can be shipped or cancelled.
    #[error("the order is cancelled; nothing of it can be shipped or cancelled")]
    OrderCancelled,
    /// The amount paid is less than the amount due.
    #[error("the order is not paid: {net_paid} of {due} due is paid")]
    NotPaid {
        /// Payments less refunds.
        net_paid: u64,
        /// The amount due.
        due: Amount,
    },
    /// The reduction is larger than the amount that the command can forgive.
    #[error("a reduction of {reduction} is more than {most}, the most that this can take off the {due} due")]
    ReductionExceedsDue {
        /// The requested reduction.
        reduction: Amount,
        /// The largest reduction possible.
        most: Amount,
        /// The amount due before the reduction. For a refund that gives its payment back in full, it includes all that
        /// earlier refunds of that payment forgave.
        due: Amount,
    },
    /// The reduction would leave an amount due although no units would be left in the order.
    #[error("nothing is left of the order, so nothing stays due: the reduction must be {due} or left out")]
    ReductionLeavesDebt {
        /// The requested reduction.
        reduction: Amount,
        /// The amount due.
        due: Amount,
    },
    /// The sum of the order's payments would exceed the largest amount.
    #[error("{amount_paid} already paid; {amount} more exceeds {max}, the largest amount")]
    AmountPaidTooLarge {
        /// The sum of the order's other payments.
        amount_paid: u64,
        /// The payment's amount.
        amount: Amount,
        /// The largest amount.
        max: u64,
    },
    /// The order has no payment with that id.
    #[error("payment '{payment_id}' is not recorded for this order")]
    UnknownPayment {
        /// The unknown id.
        payment_id: PaymentId,
    },
    /// The payment was recorded with another amount. To fix a wrong amount, send a correction.
    #[error("payment '{payment_id}' was already recorded with {recorded_amount}, not {amount}")]
    PaymentIdReused {
        /// The reused id.
        payment_id: PaymentId,
        /// The amount recorded as received.
        recorded_amount: Amount,
        /// The amount in this command.
        amount: Amount,
    },
    /// The correction was recorded with other data.
    #[error("correction '{correction_id}' was already recorded with other data, at version {recorded_at_version}")]
    CorrectionIdReused {
        /// The reused id.
        correction_id: CorrectionId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// The correction would lower the payment below the amount already refunded.
    #[error("{amount_refunded} of payment '{payment_id}' already refunded; it cannot be corrected to {amount}")]
    CorrectionBelowRefunded {
        /// The payment.
        payment_id: PaymentId,
        /// The amount refunded of the payment.
        amount_refunded: u64,
        /// The requested amount.
        amount: Amount,
    },
    /// The payment already has that amount.
    #[error("payment '{payment_id}' already stands at {amount}")]
    CorrectionChangesNothing {
        /// The payment.
        payment_id: PaymentId,
        /// The payment's current amount.
        amount: Amount,
    },
    /// The refund is larger than the rest of the payment.
    #[error("{amount_refunded} of {amount_paid} of payment '{payment_id}' already refunded; cannot refund {amount}")]
    RefundExceedsPayment {
        /// The payment.
        payment_id: PaymentId,
        /// The payment's amount in force.
        amount_paid: Amount,
        /// The amount refunded of the payment before.
        amount_refunded: u64,
        /// The requested amount.
        amount: Amount,
    },
    /// The refund was recorded with other data.
    #[error("refund '{refund_id}' was already recorded with other data, at version {recorded_at_version}")]
    RefundIdReused {
        /// The reused id.
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
    /// The command ships more units than are left.
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
        /// The units in this command.
        requested: Quantity,
    },
    /// The command cancels more units than are left to ship.
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
        /// The units in this command.
        requested: Quantity,
    },
    /// The cancellation was recorded with other data.
    #[error("cancellation '{cancellation_id}' was already recorded with other data, at version {recorded_at_version}")]
    CancellationIdReused {
        /// The reused id.
        cancellation_id: CancellationId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// The shipment was recorded with other data.
    #[error("shipment '{shipment_id}' was already recorded with other data, at version {recorded_at_version}")]
    ShipmentIdReused {
        /// The reused id.
        shipment_id: ShipmentId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// The order has no shipment with that id.
    #[error("shipment '{shipment_id}' is not recorded for this order")]
    UnknownShipment {
        /// The unknown id.
        shipment_id: ShipmentId,
    },
    /// The command returns more units than the customer has.
    #[error("{returned} of {shipped} shipped of '{sku}' already returned; cannot return {requested} more")]
    QuantityExceedsReturnable {
        /// The sku.
        sku: Sku,
        /// The units shipped.
        shipped: u32,
        /// The units returned before.
        returned: u32,
        /// The units in this command.
        requested: Quantity,
    },
    /// The return was recorded with other data.
    #[error("return '{return_id}' was already recorded with other data, at version {recorded_at_version}")]
    ReturnIdReused {
        /// The reused id.
        return_id: ReturnId,
        /// The order's version that recorded it.
        recorded_at_version: u64,
    },
    /// Units were shipped, so the order can no longer be cancelled as a whole.
    #[error("{shipped} of {ordered} already shipped; the order can no longer be cancelled, only its other items")]
    AlreadyShipped {
        /// The units ordered and not cancelled, over all lines.
        ordered: u64,
        /// The units shipped, over all lines.
        shipped: u64,
    },
}

impl Rejection {
    /// The codes of all rejections.
    pub const CODES: &'static [&'static str] = <Self as strum::VariantNames>::VARIANTS;

    /// Returns the stable code of the rejection: the variant's name in snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Returns the ids and numbers behind the decision, by camelCase name: strings and integers only.
    #[must_use]
    pub fn details(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(details)) => details,
            // A rejection without numbers serializes as null.
            Ok(_) | Err(_) => Map::new(),
        }
    }
}
