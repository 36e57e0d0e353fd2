//! I7: the fold gives the same result from any snapshot, and never fails.

use order_domain::status::{FulfillmentFigures, FulfillmentStatus, PaymentFigures, PaymentStatus};
use order_domain::values::{MAX_AMOUNT, MAX_QUANTITY};
use order_domain::{Order, evolve, stored};
use proptest::collection::vec;
use proptest::prelude::*;

use super::arbitrary::{any_command, any_event, placeable};
use super::invariants::history_of;
use crate::example::{placed, received, refunded, returned, shipped};
use crate::harness::{at, order_after};

fn through_a_snapshot(order: &Order) -> Order {
    rmp_serde::from_slice(&rmp_serde::to_vec(order).unwrap()).unwrap()
}

/// The history has far more than `decide` would record, so that the counts overflow.
#[test]
fn an_impossible_history_saturates() {
    let mut history = vec![placed(), received("p1", MAX_AMOUNT)];
    for _ in 0..5_000 {
        history.push(received("p2", MAX_AMOUNT));
        history.push(refunded("r1", "p1", MAX_AMOUNT, (MAX_AMOUNT, 1)));
        history.push(shipped("s1", [("mug", MAX_QUANTITY)]));
        history.push(returned("b1", [("mug", MAX_QUANTITY)]));
    }
    let order = order_after(&history);
    assert_eq!((order.amount_paid(), order.amount_refunded()), (u64::MAX, u64::MAX));
    assert_eq!(order.lines().first().map(|line| (line.shipped, line.returned)), Some((u32::MAX, u32::MAX)));
    assert_eq!((order.status().as_str(), order.payment_status().as_str()), ("returned", "refunded"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn the_fold_is_the_same_from_any_snapshot(first in placeable(), commands in vec(any_command(), 0..40)) {
        let history = history_of(first, commands);
        let whole = order_after(&history);
        for taken_at in 0..=history.len() {
            let snapshot = through_a_snapshot(&order_after(&history[..taken_at]));
            let tail = (1..).zip(&history).skip(taken_at);
            let order = tail.fold(snapshot, |order, (version, event)| evolve(order, event, at(version)));
            prop_assert_eq!(&order, &whole);
        }
    }

    #[test]
    fn any_events_fold_to_an_order_that_has_its_words(history in vec(any_event(), 0..40)) {
        let order = order_after(&history);
        let _ = (order.status(), order.payment_status(), order.fulfillment_status());
        prop_assert_eq!(through_a_snapshot(&order), order);
    }

    #[test]
    fn any_command_on_any_order_is_decided(history in vec(any_event(), 0..40), command in any_command()) {
        let _ = order_domain::decide(&order_after(&history), command);
    }

    #[test]
    fn every_figure_has_its_words(
        (due, paid, refunded, forgiven, cancelled) in any::<(u64, u64, u64, u64, bool)>(),
        (ordered, shipped, returned, any_undelivered) in any::<(u64, u64, u64, bool)>(),
    ) {
        let _ = PaymentStatus::of(PaymentFigures { due, paid, refunded, forgiven, cancelled });
        let _ = FulfillmentStatus::of(FulfillmentFigures { ordered, shipped, returned, any_undelivered });
    }

    #[test]
    fn every_event_is_read_as_it_was_written(event in any_event()) {
        let written = stored::encode(&event).unwrap();
        prop_assert_eq!(written.event_type, stored::event_type(&event));
        prop_assert!(stored::EVENT_TYPES.contains(&(written.event_type, written.schema_version)));
        let read = stored::decode(written.event_type, written.schema_version, written.data).unwrap();
        prop_assert_eq!(read, event);
    }
}
