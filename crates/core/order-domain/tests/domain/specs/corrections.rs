use order_domain::command::CorrectPayment;
use order_domain::event::PaymentCorrected;
use order_domain::values::MAX_AMOUNT;
use order_domain::{Command, Event, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

#[test]
fn a_correction_names_the_receipt_and_both_amounts() {
    given([placed(), received("p1", 4500)]).when(correct_payment("p1", 4000)).then(corrected("p1", 2, 4500, 4000));
}

#[test]
fn a_second_correction_corrects_the_first() {
    given([placed(), received("p1", 4500), received("p2", 1), corrected("p1", 2, 4500, 4000)])
        .when(correct_payment("p1", 4200))
        .then(corrected("p1", 4, 4000, 4200));
}

#[test]
fn a_payment_may_be_corrected_back_to_what_was_received() {
    given([placed(), received("p1", 4500), corrected("p1", 2, 4500, 4000)])
        .when(correct_payment("p1", 4500))
        .then(corrected("p1", 3, 4000, 4500));
}

#[test]
fn a_correction_takes_the_place_of_the_amount() {
    let order = order_after(&[placed(), received("p1", 4500), corrected("p1", 2, 4500, 4000), received("p2", 7)]);
    assert_eq!(order.amount_paid(), 4007);
}

#[test]
fn a_payment_that_never_came_is_corrected_to_nothing() {
    given([placed(), received("p1", 4500)]).when(correct_payment("p1", 0)).then(corrected("p1", 2, 4500, 0));
}

#[test]
fn a_payment_of_a_cancelled_order_can_be_corrected() {
    let Event::PaymentCorrected(correction) = corrected("p1", 2, 4500, 4000) else { unreachable!("a correction") };
    given([placed(), received("p1", 4500), cancelled()])
        .when(correct_payment("p1", 4000))
        .then(Event::PaymentCorrected(PaymentCorrected { due: amount(0), ..correction }));
}

#[test]
fn an_unknown_payment_cannot_be_corrected() {
    given([placed(), received("p1", 4500)])
        .when(correct_payment("p2", 4000))
        .then_rejected(Rejection::UnknownPayment { payment_id: payment_id("p2") });
}

#[test]
fn a_correction_that_changes_nothing_is_refused() {
    let rejection = Rejection::CorrectionChangesNothing { payment_id: payment_id("p1"), amount: amount(4000) };
    given([placed(), received("p1", 4000)]).when(correct_payment("p1", 4000)).then_rejected(rejection.clone());
    given([placed(), received("p1", 4500), corrected("p1", 2, 4500, 4000)])
        .when(correct_as("c1", "p1", 4000))
        .then_rejected(rejection);
}

#[test]
fn a_payment_cannot_be_corrected_below_what_was_refunded_of_it() {
    let history = [placed(), received("p1", 4500), refunded("r1", "p1", 1000, (0, TOTAL))];
    given(history.clone()).when(correct_payment("p1", 1000)).then(corrected("p1", 2, 4500, 1000));
    given(history).when(correct_payment("p1", 999)).then_rejected(Rejection::CorrectionBelowRefunded {
        payment_id: payment_id("p1"),
        amount_refunded: 1000,
        amount: amount(999),
    });
}

#[test]
fn a_correction_whose_sum_could_not_be_stated_is_refused() {
    let history = [placed(), received("p1", 4500), received("p2", 10)];
    given(history.clone()).when(correct_payment("p1", MAX_AMOUNT - 10)).then(corrected("p1", 2, 4500, MAX_AMOUNT - 10));
    given(history).when(correct_payment("p1", MAX_AMOUNT - 9)).then_rejected(Rejection::AmountPaidTooLarge {
        amount_paid: 10,
        amount: amount(MAX_AMOUNT - 9),
        max: MAX_AMOUNT,
    });
}

#[test]
fn a_late_retry_does_not_undo_a_newer_correction() {
    let history = [placed(), received("p1", 4500), corrected("p1", 2, 4500, 4000), corrected("p1", 3, 4000, 4200)];
    given(history.clone()).when(correct_payment("p1", 4000)).then_unchanged(3);
    given(history).when(correct_payment("p1", 4200)).then_unchanged(4);
}

#[test]
fn a_correction_id_is_not_used_for_other_data() {
    let history = [placed(), received("p1", 4500), received("p2", 4500), corrected("p1", 2, 4500, 4000)];
    let Command::CorrectPayment(correction) = correct_payment("p1", 4000) else { unreachable!("a correction") };
    let for_another_reason = Command::CorrectPayment(CorrectPayment { reason: text("no cover"), ..correction });
    for other in [correct_as("to-4000", "p1", 4001), correct_as("to-4000", "p2", 4000), for_another_reason] {
        given(history.clone()).when(other).then_rejected(Rejection::CorrectionIdReused {
            correction_id: correction_id("to-4000"),
            recorded_at_version: 4,
        });
    }
}
