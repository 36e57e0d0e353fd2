//! Parsers for payments, their corrections and refunds.

use order_domain::command::{CorrectPayment, RecordPayment, RefundPayment};
use order_domain::values::{CorrectionId, PaymentId, ReasonCode, RefundId, Text};

use crate::fields::{self, Fields, parsed, positive_amount};

/// Reads `{paymentId, amount, method?}`.
pub(super) fn record(fields: &mut Fields<'_>) -> Option<RecordPayment> {
    let payment_id = fields.required("paymentId", parsed(PaymentId::parse));
    let amount = fields.required("amount", positive_amount);
    let method = fields.optional("method", parsed(Text::parse));
    Some(RecordPayment { payment_id: payment_id?, amount: amount?, method: method? })
}

/// Reads `{correctionId, amount, reason, reasonCode?}`. The amount can be 0, which means that nothing was received
/// after all.
pub(super) fn correct(payment_id: Option<PaymentId>, fields: &mut Fields<'_>) -> Option<CorrectPayment> {
    let correction_id = fields.required("correctionId", parsed(CorrectionId::parse));
    let amount = fields.required("amount", fields::amount);
    let reason = fields.required("reason", parsed(Text::parse));
    let reason_code = fields.optional("reasonCode", parsed(ReasonCode::parse));
    Some(CorrectPayment {
        correction_id: correction_id?,
        payment_id: payment_id?,
        amount: amount?,
        reason: reason?,
        reason_code: reason_code?,
    })
}

/// Reads `{refundId, paymentId, amount, reduction?, reason?, reasonCode?}`.
pub(super) fn refund(fields: &mut Fields<'_>) -> Option<RefundPayment> {
    let refund_id = fields.required("refundId", parsed(RefundId::parse));
    let payment_id = fields.required("paymentId", parsed(PaymentId::parse));
    let amount = fields.required("amount", positive_amount);
    let reduction = fields.optional("reduction", fields::amount);
    let reason = fields.optional("reason", parsed(Text::parse));
    let reason_code = fields.optional("reasonCode", parsed(ReasonCode::parse));
    Some(RefundPayment {
        refund_id: refund_id?,
        payment_id: payment_id?,
        amount: amount?,
        reduction: reduction?,
        reason: reason?,
        reason_code: reason_code?,
    })
}
