//! Parsers for payments, their corrections and refunds.

use order_domain::command::{CorrectPayment, RecordPayment, RefundPayment};
use order_domain::values::{CorrectionId, PaymentId, RefundId};

use crate::fields::{self, Fields};
use crate::invalid::Invalid;

/// Reads `{paymentId, amount, method?}`.
pub(super) fn record(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<RecordPayment> {
    let payment_id = fields.required("paymentId", fields::id(PaymentId::parse), errors);
    let amount = fields.required("amount", fields::positive_amount, errors);
    let method = fields.optional("method", fields::text, errors);
    Some(RecordPayment { payment_id: payment_id?, amount: amount?, method: method? })
}

/// Reads `{correctionId, amount, reason, reasonCode?}`. The amount can be 0, which means that nothing was received
/// after all.
pub(super) fn correct(
    payment_id: Option<PaymentId>,
    fields: &mut Fields<'_>,
    errors: &mut Vec<Invalid>,
) -> Option<CorrectPayment> {
    let correction_id = fields.required("correctionId", fields::id(CorrectionId::parse), errors);
    let amount = fields.required("amount", fields::amount, errors);
    let reason = fields.required("reason", fields::text, errors);
    let reason_code = fields.optional("reasonCode", fields::reason_code, errors);
    Some(CorrectPayment {
        correction_id: correction_id?,
        payment_id: payment_id?,
        amount: amount?,
        reason: reason?,
        reason_code: reason_code?,
    })
}

/// Reads `{refundId, paymentId, amount, reduction?, reason?, reasonCode?}`.
pub(super) fn refund(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<RefundPayment> {
    let refund_id = fields.required("refundId", fields::id(RefundId::parse), errors);
    let payment_id = fields.required("paymentId", fields::id(PaymentId::parse), errors);
    let amount = fields.required("amount", fields::positive_amount, errors);
    let reduction = fields.optional("reduction", fields::amount, errors);
    let reason = fields.optional("reason", fields::text, errors);
    let reason_code = fields.optional("reasonCode", fields::reason_code, errors);
    Some(RefundPayment {
        refund_id: refund_id?,
        payment_id: payment_id?,
        amount: amount?,
        reduction: reduction?,
        reason: reason?,
        reason_code: reason_code?,
    })
}
