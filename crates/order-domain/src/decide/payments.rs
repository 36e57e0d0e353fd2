//! Receiving, correcting and refunding payments.

use super::{Decision, check_positive, record as record_event, repeated};
use crate::command::{CorrectPayment, RecordPayment, RefundPayment};
use crate::event::{PaymentCorrected, PaymentReceived, PaymentRefunded};
use crate::fingerprint::Fingerprint;
use crate::values::{Amount, MAX_AMOUNT};
use crate::{Event, Order, Rejection};

/// A fact: recorded of a cancelled or an overpaid order too. Its amount alone tells a repeat; the method is a note.
pub(super) fn record(order: &Order, command: RecordPayment) -> Result<Decision, Rejection> {
    let RecordPayment { payment_id, amount, method } = command;
    check_positive(amount)?;
    if let Some(payment) = order.payment(&payment_id) {
        // As received, not as corrected since: a late retry repeats what was first said.
        return if payment.received == amount {
            Ok(Decision::Unchanged(payment.recorded))
        } else {
            Err(Rejection::PaymentIdReused { payment_id, recorded_amount: payment.received, amount })
        };
    }
    check_sum(order.amount_paid(), amount)?;
    record_event(Event::PaymentReceived(PaymentReceived { payment_id, amount, method }))
}

pub(super) fn correct(order: &Order, command: CorrectPayment) -> Result<Decision, Rejection> {
    let CorrectPayment { payment_id, amount, reason } = command;
    let Some(payment) = order.payment(&payment_id) else { return Err(Rejection::UnknownPayment { payment_id }) };
    let previous_amount = payment.amount;
    if amount == previous_amount {
        return Err(Rejection::CorrectionChangesNothing { payment_id, amount });
    }
    if amount.minor_units() < payment.refunded {
        return Err(Rejection::CorrectionBelowRefunded { payment_id, amount_refunded: payment.refunded, amount });
    }
    check_sum(order.amount_paid().saturating_sub(previous_amount.minor_units()), amount)?;
    record_event(Event::PaymentCorrected(PaymentCorrected {
        payment_id,
        corrects_event_id: payment.amount_set_by,
        previous_amount,
        corrected_amount: amount,
        reason,
    }))
}

pub(super) fn refund(order: &Order, command: RefundPayment) -> Result<Decision, Rejection> {
    let RefundPayment { refund_id, payment_id, amount, reason } = command;
    check_positive(amount)?;
    let event = PaymentRefunded { refund_id, payment_id, amount, reason };
    if let Some(recorded) = order.refund(&event.refund_id) {
        let again = Fingerprint::from(&event);
        let reused = Rejection::RefundIdReused { refund_id: event.refund_id, recorded_at_version: recorded.at.version };
        return repeated(recorded, again, reused);
    }
    let Some(payment) = order.payment(&event.payment_id) else {
        return Err(Rejection::UnknownPayment { payment_id: event.payment_id });
    };
    let amount_paid = payment.amount;
    if amount.minor_units() > amount_paid.minor_units().saturating_sub(payment.refunded) {
        return Err(Rejection::RefundExceedsPayment {
            payment_id: event.payment_id,
            amount_paid,
            amount_refunded: payment.refunded,
            amount,
        });
    }
    record_event(Event::PaymentRefunded(event))
}

/// The one reason to refuse a payment that happened: its sum could not be stated. Better a loud refusal of
/// what cannot be real money (2^53 minor units) than a sum that is silently wrong ever after.
fn check_sum(amount_paid: u64, amount: Amount) -> Result<(), Rejection> {
    if amount_paid.saturating_add(amount.minor_units()) > MAX_AMOUNT {
        return Err(Rejection::AmountPaidTooLarge { amount_paid, amount, max: MAX_AMOUNT });
    }
    Ok(())
}
