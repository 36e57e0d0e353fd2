use order_domain::command::ReturnItems;
use order_domain::event::ItemQuantity;
use order_domain::{Command, Event, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

fn shipped_and(more: impl IntoIterator<Item = Event>) -> Vec<Event> {
    [placed(), received("p1", TOTAL), shipped("s1", [("mug", 2)])].into_iter().chain(more).collect()
}

fn exceeds(returned: u32, requested: u32) -> Rejection {
    Rejection::QuantityExceedsReturnable { sku: sku("mug"), shipped: 2, returned, requested: quantity(requested) }
}

#[test]
fn shipped_items_are_taken_back() {
    given(shipped_and([])).when(return_items("b1", [("mug", 2)])).then(returned("b1", [("mug", 2)]));
}

#[test]
fn no_more_comes_back_than_was_shipped() {
    let history = shipped_and([returned("b1", [("mug", 1)])]);
    let order = order_after(&history);
    assert_eq!(order.lines().iter().map(|line| line.returned).collect::<Vec<_>>(), [1, 0]);
    given(shipped_and([])).when(return_items("b1", [("mug", 3)])).then_rejected(exceeds(0, 3));
    given(history.clone()).when(return_items("b2", [("mug", 1)])).then(returned("b2", [("mug", 1)]));
    given(history).when(return_items("b2", [("mug", 2)])).then_rejected(exceeds(1, 2));
}

#[test]
fn an_item_that_was_not_shipped_cannot_be_returned() {
    given(shipped_and([])).when(return_items("b1", [("pot", 1)])).then_rejected(Rejection::QuantityExceedsReturnable {
        sku: sku("pot"),
        shipped: 0,
        returned: 0,
        requested: quantity(1),
    });
}

#[test]
fn an_item_that_was_not_ordered_cannot_be_returned() {
    given(shipped_and([]))
        .when(return_items("b1", [("cup", 1)]))
        .then_rejected(Rejection::UnknownSku { sku: sku("cup") });
}

#[test]
fn a_return_lists_1_to_100_items_each_once() {
    given(shipped_and([])).when(return_items("b1", [])).then_rejected(Rejection::NoItems);
    given(shipped_and([]))
        .when(return_items("b1", [("mug", 1), ("mug", 1)]))
        .then_rejected(Rejection::RepeatedSku { sku: sku("mug"), index: 1 });
    let items = (0..101).map(|i| ItemQuantity { sku: sku(&format!("sku-{i}")), quantity: quantity(1) }).collect();
    given(shipped_and([]))
        .when(Command::ReturnItems(ReturnItems { return_id: return_id("b1"), items, reason: None, reason_code: None }))
        .then_rejected(Rejection::TooManyItems { count: 101, max: 100 });
}

#[test]
fn a_return_that_is_recorded_again_changes_nothing() {
    given(shipped_and([returned("b1", [("mug", 2)])])).when(return_items("b1", [("mug", 2)])).then_unchanged(4);
}

#[test]
fn a_return_id_is_not_used_for_other_data() {
    let with_reason = Command::ReturnItems(ReturnItems {
        return_id: return_id("b1"),
        items: items([("mug", 1)]),
        reason: Some(text("too small")),
        reason_code: None,
    });
    for other in [return_items("b1", [("mug", 2)]), return_items("b1", [("pot", 1)]), with_reason] {
        given(shipped_and([returned("b1", [("mug", 1)])]))
            .when(other)
            .then_rejected(Rejection::ReturnIdReused { return_id: return_id("b1"), recorded_at_version: 4 });
    }
}

#[test]
fn a_return_recorded_again_in_another_order_of_lines_changes_nothing() {
    let history = shipped_and([returned("b1", [("mug", 1), ("pot", 1)])]);
    given(history).when(return_items("b1", [("pot", 1), ("mug", 1)])).then_unchanged(4);
}
