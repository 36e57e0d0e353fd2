//! Receiving, correcting and refunding payments.

use uuid::Uuid;

use super::checks::{check_positive, check_room};
use super::decision::{Decision, record as record_event, repeated, repeated_reduction};
use crate::command::{CorrectPayment, RecordPayment, RefundPayment};
use crate::event::{PaymentCorrected, PaymentReceived, PaymentRefunded};
use crate::order::Payment;
use crate::values::{Amount, MAX_AMOUNT};
use crate::{Event, Order, Rejection};

/// Records a payment. It is a fact, so it is recorded even if the order is cancelled or overpaid. A repeat is
/// recognised by its amount alone; the method is only a note.
pub(super) fn record(order: &Order, command: RecordPayment) -> Result<Decision, Rejection> {
    let RecordPayment { payment_id, amount, method } = command;
    check_positive(amount)?;
    if let Some(payment) = order.payment(&payment_id) {
        // Compares with the amount as received, before corrections: a late retry repeats the original amount.
        return if payment.received == amount {
            Ok(Decision::Unchanged(payment.recorded))
        } else {
            Err(Rejection::PaymentIdReused { payment_id, recorded_amount: payment.received, amount })
        };
    }
    check_room(order)?;
    check_sum(order.amount_paid(), amount)?;
    record_event(Event::PaymentReceived(PaymentReceived { payment_id, amount, method }))
}

pub(super) fn correct(order: &Order, command: CorrectPayment) -> Result<Decision, Rejection> {
    let CorrectPayment { correction_id, payment_id, amount, reason, reason_code } = command;
    let payment = order.payment(&payment_id);
    let event = PaymentCorrected {
        correction_id,
        payment_id,
        corrects_event_id: payment.map_or_else(Uuid::nil, |payment| payment.amount_set_by),
        previous_amount: payment.map_or(Amount::ZERO, |payment| payment.amount),
        corrected_amount: amount,
        due: order.due,
        reason,
        reason_code,
    };
    if let Some(recorded) = order.correction(&event.correction_id) {
        return repeated(recorded, &event, |recorded_at_version| Rejection::CorrectionIdReused {
            correction_id: event.correction_id.clone(),
            recorded_at_version,
        });
    }
    check_room(order)?;
    let Some(payment) = payment else { return Err(Rejection::UnknownPayment { payment_id: event.payment_id }) };
    let (payment_id, previous_amount) = (payment.id.clone(), payment.amount);
    if amount == previous_amount {
        return Err(Rejection::CorrectionChangesNothing { payment_id, amount });
    }
    if amount.minor_units() < payment.refunded {
        return Err(Rejection::CorrectionBelowRefunded { payment_id, amount_refunded: payment.refunded, amount });
    }
    check_sum(order.amount_paid().saturating_sub(previous_amount.minor_units()), amount)?;
    let due = order.due_with(&Payment { amount, ..payment.clone() });
    record_event(Event::PaymentCorrected(PaymentCorrected { due, ..event }))
}

pub(super) fn refund(order: &Order, command: RefundPayment) -> Result<Decision, Rejection> {
    let RefundPayment { refund_id, payment_id, amount, reduction: named, reason, reason_code } = command;
    check_positive(amount)?;
    let (reduction, due) = (Amount::ZERO, order.due);
    let event = PaymentRefunded { refund_id, payment_id, amount, reduction, due, reason, reason_code };
    if let Some(refund) = order.refund(&event.refund_id) {
        return repeated_reduction(refund, &event, named, |recorded_at_version| Rejection::RefundIdReused {
            refund_id: event.refund_id.clone(),
            recorded_at_version,
        });
    }
    check_room(order)?;
    let Some(payment) = order.payment(&event.payment_id) else {
        return Err(Rejection::UnknownPayment { payment_id: event.payment_id });
    };
    let amount_paid = payment.amount;
    let refundable = amount_paid.minor_units().saturating_sub(payment.refunded);
    if amount.minor_units() > refundable {
        return Err(Rejection::RefundExceedsPayment {
            payment_id: event.payment_id,
            amount_paid,
            amount_refunded: payment.refunded,
            amount,
        });
    }
    let gives_back = amount.minor_units() == refundable;
    // The amount due before this refund lowers it. If the refund completes a payment's refund in full, the reductions of
    // the payment's earlier refunds no longer count.
    let refunded = |reduction| {
        let mut payment = payment.clone();
        payment.refund(amount, reduction);
        order.due_with(&payment)
    };
    let due = refunded(Amount::ZERO);
    let most = amount.min(due);
    let reduction = match named {
        Some(reduction) if reduction > most => {
            return Err(Rejection::ReductionExceedsDue { reduction, most, due });
        }
        Some(reduction) => reduction,
        // The refund undoes the payment, and the debt remains.
        None if gives_back => Amount::ZERO,
        None => amount.saturating_sub(order.credit()).min(most),
    };
    record_event(Event::PaymentRefunded(PaymentRefunded { reduction, due: refunded(reduction), ..event }))
}

/// Rejects a payment whose sum cannot be represented. This is the only reason to reject a payment that happened. A
/// clear rejection of an amount that cannot be real money (2^53 minor units) is better than a wrong sum in every later
/// event.
fn check_sum(amount_paid: u64, amount: Amount) -> Result<(), Rejection> {
    if amount_paid.saturating_add(amount.minor_units()) > MAX_AMOUNT {
        return Err(Rejection::AmountPaidTooLarge { amount_paid, amount, max: MAX_AMOUNT });
    }
    Ok(())
}
