use order_domain::command::CancelOrder;
use order_domain::{Command, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

#[test]
fn an_order_is_cancelled() {
    given([placed()]).when(cancel_order()).then(cancelled());
    assert!(order_after(&[placed(), cancelled()]).is_cancelled());
}

#[test]
fn a_paid_order_is_cancelled_and_owes_the_credit() {
    given([placed(), received("p1", TOTAL)]).when(cancel_order()).then(cancelled());
    let order = order_after(&[placed(), received("p1", TOTAL), cancelled()]);
    assert_eq!(order.payment_status().as_str(), "credit_owed");
}

#[test]
fn a_shipped_order_cannot_be_cancelled() {
    given([placed(), received("p1", TOTAL), shipped("s1", [("mug", 2)])])
        .when(cancel_order())
        .then_rejected(Rejection::AlreadyShipped { ordered: 4, shipped: 2 });
}

#[test]
fn an_order_that_was_shipped_and_came_back_cannot_be_cancelled() {
    given([placed(), received("p1", TOTAL), shipped("s1", [("mug", 2)]), returned("b1", [("mug", 2)])])
        .when(cancel_order())
        .then_rejected(Rejection::AlreadyShipped { ordered: 4, shipped: 2 });
}

#[test]
fn an_order_that_is_cancelled_again_stays_as_it_was_cancelled() {
    given([placed(), cancelled()]).when(cancel_order()).then_unchanged(2);
    let for_another_reason = Command::CancelOrder(CancelOrder { reason: text("too late"), reason_code: None });
    given([placed(), cancelled(), received("p1", 1)]).when(for_another_reason).then_unchanged(2);
}
