use order_domain::command::RefundPayment;
use order_domain::{Command, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

#[test]
fn part_of_a_payment_is_refunded() {
    given([placed(), received("p1", 4500)]).when(refund_payment("r1", "p1", 1000)).then(refunded(
        "r1",
        "p1",
        1000,
        (1000, 3500),
    ));
}

#[test]
fn a_payment_of_a_cancelled_order_is_refunded() {
    given([placed(), received("p1", 4500), cancelled()]).when(refund_payment("r1", "p1", 4500)).then(refunded(
        "r1",
        "p1",
        4500,
        (0, 0),
    ));
}

#[test]
fn refunds_add_up_to_the_payment_and_no_further() {
    let history = [placed(), received("p1", 4500), refunded("r1", "p1", 1000, (1000, 3500))];
    assert_eq!(order_after(&history).amount_refunded(), 1000);
    given(history.clone()).when(refund_payment("r2", "p1", 3500)).then(refunded("r2", "p1", 3500, (0, 4500)));
    given(history).when(refund_payment("r2", "p1", 3501)).then_rejected(Rejection::RefundExceedsPayment {
        payment_id: payment_id("p1"),
        amount_paid: amount(4500),
        amount_refunded: 1000,
        amount: amount(3501),
    });
}

#[test]
fn a_refund_is_limited_by_the_corrected_amount() {
    given([placed(), received("p1", 4500), corrected("p1", 2, 4500, 4000)])
        .when(refund_payment("r1", "p1", 4001))
        .then_rejected(Rejection::RefundExceedsPayment {
            payment_id: payment_id("p1"),
            amount_paid: amount(4000),
            amount_refunded: 0,
            amount: amount(4001),
        });
}

#[test]
fn a_refund_is_taken_from_its_own_payment_only() {
    given([placed(), received("p1", 4000), received("p2", 500)]).when(refund_payment("r1", "p2", 501)).then_rejected(
        Rejection::RefundExceedsPayment {
            payment_id: payment_id("p2"),
            amount_paid: amount(500),
            amount_refunded: 0,
            amount: amount(501),
        },
    );
}

#[test]
fn a_refund_of_nothing_is_refused() {
    given([placed(), received("p1", 4500)])
        .when(refund_payment("r1", "p1", 0))
        .then_rejected(Rejection::AmountNotPositive);
}

#[test]
fn an_unknown_payment_cannot_be_refunded() {
    given([placed()])
        .when(refund_payment("r1", "p1", 1))
        .then_rejected(Rejection::UnknownPayment { payment_id: payment_id("p1") });
}

#[test]
fn a_refund_that_is_asked_for_again_changes_nothing() {
    given([placed(), received("p1", 4500), refunded("r1", "p1", 4500, (0, 4500))])
        .when(refund_payment("r1", "p1", 4500))
        .then_unchanged(3);
}

#[test]
fn a_refund_id_is_not_used_for_other_data() {
    let history = [placed(), received("p1", 2000), received("p2", 2500), refunded("r1", "p1", 1000, (1000, 3500))];
    let with_reason = Command::RefundPayment(RefundPayment {
        refund_id: refund_id("r1"),
        payment_id: payment_id("p1"),
        amount: amount(1000),
        reduction: None,
        reason: Some(text("damaged")),
        reason_code: None,
    });
    let other_reduction = refund_forgiving("r1", "p1", 1000, 999);
    for other in [refund_payment("r1", "p1", 999), refund_payment("r1", "p2", 1000), with_reason, other_reduction] {
        given(history.clone())
            .when(other)
            .then_rejected(Rejection::RefundIdReused { refund_id: refund_id("r1"), recorded_at_version: 4 });
    }
}

#[test]
fn a_refund_forgives_at_most_its_amount_and_what_is_due() {
    let paid = [placed(), received("p1", 4500)];
    given(paid.clone()).when(refund_forgiving("r1", "p1", 100, 100)).then(refunded("r1", "p1", 100, (100, 4400)));
    let more = |reduction, most, due| Rejection::ReductionExceedsDue {
        reduction: amount(reduction),
        most: amount(most),
        due: amount(due),
    };
    given(paid).when(refund_forgiving("r1", "p1", 100, 101)).then_rejected(more(101, 100, 4500));
    given([placed(), received("p1", 9000), items_cancelled("x1", [("mug", 1)], (4400, 100))])
        .when(refund_forgiving("r1", "p1", 500, 101))
        .then_rejected(more(101, 100, 100));
    given([placed(), received("p1", 4500), cancelled()])
        .when(refund_forgiving("r1", "p1", 500, 1))
        .then_rejected(more(1, 0, 0));
}

#[test]
fn a_refund_that_names_the_reduction_it_got_is_the_same_refund() {
    let history = [placed(), received("p1", 4500), refunded("r1", "p1", 1000, (1000, 3500))];
    given(history.clone()).when(refund_payment("r1", "p1", 1000)).then_unchanged(3);
    given(history).when(refund_forgiving("r1", "p1", 1000, 1000)).then_unchanged(3);
}

#[test]
fn a_refund_that_completes_a_payment_takes_back_what_earlier_ones_forgave() {
    given([placed(), received("p1", 4500), refunded("r1", "p1", 4499, (4499, 1))])
        .when(refund_payment("r2", "p1", 1))
        .then(refunded("r2", "p1", 1, (0, 4500)));
    given([placed(), received("p1", 4500), refunded("r1", "p1", 4499, (4499, 1))])
        .when(refund_forgiving("r2", "p1", 1, 1))
        .then(refunded("r2", "p1", 1, (1, 4499)));
}
