use order_domain::command::RecordPayment;
use order_domain::values::MAX_AMOUNT;
use order_domain::{Command, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

#[test]
fn a_payment_is_recorded() {
    given([placed()]).when(record_payment("p1", 4500)).then(received("p1", 4500));
}

#[test]
fn an_order_may_be_paid_in_parts() {
    let parts = [placed(), received("p1", 1000)];
    given(parts.clone()).when(record_payment("p2", 3500)).then(received("p2", 3500));
    assert_eq!(order_after(&parts).amount_paid(), 1000);
}

#[test]
fn a_payment_beyond_what_is_owed_is_recorded() {
    given([placed(), received("p1", 4500)]).when(record_payment("p2", 1)).then(received("p2", 1));
}

#[test]
fn a_payment_of_a_cancelled_order_is_recorded() {
    given([placed(), cancelled()]).when(record_payment("p1", 4500)).then(received("p1", 4500));
}

#[test]
fn a_payment_of_nothing_is_refused() {
    given([placed()]).when(record_payment("p1", 0)).then_rejected(Rejection::AmountNotPositive);
}

#[test]
fn a_payment_that_is_recorded_again_changes_nothing() {
    given([placed(), received("p1", 4500)]).when(record_payment("p1", 4500)).then_unchanged(2);
}

#[test]
fn a_payment_that_is_recorded_again_with_another_method_changes_nothing() {
    let again = RecordPayment { payment_id: payment_id("p1"), amount: amount(4500), method: Some(text("card")) };
    given([placed(), received("p1", 4500)]).when(Command::RecordPayment(again)).then_unchanged(2);
}

#[test]
fn a_payment_that_is_recorded_again_after_its_correction_changes_nothing() {
    let history = [placed(), received("p1", 4500), corrected("p1", 2, 4500, 4000)];
    given(history.clone()).when(record_payment("p1", 4500)).then_unchanged(2);
    given(history).when(record_payment("p1", 4000)).then_rejected(Rejection::PaymentIdReused {
        payment_id: payment_id("p1"),
        recorded_amount: amount(4500),
        amount: amount(4000),
    });
}

#[test]
fn a_payment_id_is_not_used_for_another_amount() {
    given([placed(), received("p1", 4500)]).when(record_payment("p1", 4499)).then_rejected(
        Rejection::PaymentIdReused {
            payment_id: payment_id("p1"),
            recorded_amount: amount(4500),
            amount: amount(4499),
        },
    );
}

#[test]
fn a_payment_whose_sum_could_not_be_stated_is_refused() {
    let almost_full = [placed(), received("p1", MAX_AMOUNT - 1)];
    given(almost_full.clone()).when(record_payment("p2", 1)).then(received("p2", 1));
    given(almost_full).when(record_payment("p2", 2)).then_rejected(Rejection::AmountPaidTooLarge {
        amount_paid: MAX_AMOUNT - 1,
        amount: amount(2),
        max: MAX_AMOUNT,
    });
}
