use order_domain::command::CancelItems;
use order_domain::event::ItemQuantity;
use order_domain::{Command, Event, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

/// The order has 3 mugs of 1000 and a pot of 1100, with 490 shipping, 10 tax and a discount of 100. So a mug's share is
/// 4010 x 1000 / 4100, rounded down.
const A_MUG: u64 = 978;

fn paid_and(more: impl IntoIterator<Item = Event>) -> Vec<Event> {
    [placed(), received("p1", TOTAL)].into_iter().chain(more).collect()
}

fn naming(reduction: u64, contents: Vec<ItemQuantity>) -> Command {
    let Command::CancelItems(cancel) = cancel_items("x1", []) else { unreachable!("a cancellation") };
    Command::CancelItems(CancelItems { items: contents, reduction: Some(amount(reduction)), ..cancel })
}

#[test]
fn units_are_cancelled_for_their_share_of_the_total() {
    given(paid_and([])).when(cancel_items("x1", [("mug", 1)])).then(items_cancelled(
        "x1",
        [("mug", 1)],
        (A_MUG, TOTAL - A_MUG),
    ));
}

#[test]
fn cancelled_units_do_not_ship() {
    let history = paid_and([items_cancelled("x1", [("mug", 1)], (A_MUG, TOTAL - A_MUG))]);
    assert_eq!(order_after(&history).units_to_ship(), 3);
    given(history.clone()).when(ship("s1", [("mug", 2), ("pot", 1)])).then(shipped("s1", [("mug", 2), ("pot", 1)]));
    given(history).when(ship("s1", [("mug", 3)])).then_rejected(Rejection::QuantityExceedsShippable {
        sku: sku("mug"),
        ordered: quantity(3),
        shipped: 0,
        cancelled: 1,
        requested: quantity(3),
    });
}

#[test]
fn no_more_is_cancelled_than_is_left_to_ship() {
    let history = paid_and([shipped("s1", [("mug", 1)]), items_cancelled("x1", [("mug", 1)], (A_MUG, TOTAL - A_MUG))]);
    given(history.clone()).when(cancel_items("x2", [("mug", 1)])).then(items_cancelled(
        "x2",
        [("mug", 1)],
        (A_MUG, TOTAL - 2 * A_MUG),
    ));
    given(history).when(cancel_items("x2", [("mug", 2)])).then_rejected(Rejection::QuantityExceedsCancellable {
        sku: sku("mug"),
        ordered: quantity(3),
        shipped: 1,
        cancelled: 1,
        requested: quantity(2),
    });
}

#[test]
fn the_last_units_take_the_order_with_them() {
    let history = paid_and([items_cancelled("x1", [("mug", 3)], (2934, 1566))]);
    given(history.clone()).when(cancel_items("x2", [("pot", 1)])).then(items_cancelled("x2", [("pot", 1)], (1566, 0)));
    let gone = [history, vec![items_cancelled("x2", [("pot", 1)], (1566, 0))]].concat();
    let order = order_after(&gone);
    assert!(order.is_cancelled() && order.due().is_zero());
    given(gone.clone()).when(cancel_order()).then_unchanged(4);
    given(gone.clone()).when(cancel_items("x3", [("mug", 1)])).then_rejected(Rejection::OrderCancelled);
    given(gone).when(ship("s1", [("mug", 1)])).then_rejected(Rejection::OrderCancelled);
}

#[test]
fn a_named_reduction_is_at_most_what_is_due() {
    let mug = || items([("mug", 1)]);
    given(paid_and([])).when(naming(TOTAL, mug())).then(items_cancelled("x1", [("mug", 1)], (TOTAL, 0)));
    given(paid_and([])).when(naming(0, mug())).then(items_cancelled("x1", [("mug", 1)], (0, TOTAL)));
    given(paid_and([])).when(naming(TOTAL + 1, mug())).then_rejected(Rejection::ReductionExceedsDue {
        reduction: amount(TOTAL + 1),
        most: amount(TOTAL),
        due: amount(TOTAL),
    });
}

#[test]
fn no_debt_stays_where_nothing_is_left() {
    let everything = || items([("mug", 3), ("pot", 1)]);
    let left = Rejection::ReductionLeavesDebt { reduction: amount(TOTAL - 1), due: amount(TOTAL) };
    given([placed()]).when(naming(TOTAL - 1, everything())).then_rejected(left);
    let all = items_cancelled("x1", [("mug", 3), ("pot", 1)], (TOTAL, 0));
    given([placed()]).when(naming(TOTAL, everything())).then(all.clone());
    given([placed()]).when(cancel_items("x1", [("mug", 3), ("pot", 1)])).then(all);
}

#[test]
fn an_order_of_which_something_was_shipped_keeps_its_debt() {
    let history = paid_and([shipped("s1", [("mug", 3)])]);
    given(history.clone()).when(cancel_items("x1", [("pot", 1)])).then(items_cancelled(
        "x1",
        [("pot", 1)],
        (1075, TOTAL - 1075),
    ));
    assert!(!order_after(&[history, vec![items_cancelled("x1", [("pot", 1)], (1075, 3425))]].concat()).is_cancelled());
}

#[test]
fn an_unknown_item_cannot_be_cancelled() {
    given([placed()]).when(cancel_items("x1", [("cup", 1)])).then_rejected(Rejection::UnknownSku { sku: sku("cup") });
}

#[test]
fn a_list_of_no_items_or_repeated_items_is_refused() {
    given([placed()]).when(cancel_items("x1", [])).then_rejected(Rejection::NoItems);
    given([placed()])
        .when(cancel_items("x1", [("mug", 1), ("mug", 1)]))
        .then_rejected(Rejection::RepeatedSku { sku: sku("mug"), index: 1 });
}

#[test]
fn a_cancellation_that_is_asked_for_again_changes_nothing() {
    let history = paid_and([items_cancelled("x1", [("mug", 1), ("pot", 1)], (2053, 2447))]);
    given(history.clone()).when(cancel_items("x1", [("mug", 1), ("pot", 1)])).then_unchanged(3);
    given(history.clone()).when(cancel_items("x1", [("pot", 1), ("mug", 1)])).then_unchanged(3);
    given(history).when(naming(2053, items([("mug", 1), ("pot", 1)]))).then_unchanged(3);
}

#[test]
fn a_cancellation_id_is_not_used_for_other_data() {
    let history = paid_and([items_cancelled("x1", [("mug", 1)], (A_MUG, TOTAL - A_MUG))]);
    let reused = Rejection::CancellationIdReused { cancellation_id: cancellation_id("x1"), recorded_at_version: 3 };
    let others =
        [cancel_items("x1", [("mug", 2)]), cancel_items("x1", [("pot", 1)]), naming(A_MUG - 1, items([("mug", 1)]))];
    for other in others {
        given(history.clone()).when(other).then_rejected(reused.clone());
    }
}
