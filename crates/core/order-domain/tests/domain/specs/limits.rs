//! An order has at most 1,000 ids, so that its state always fits in a snapshot, and a snapshot always fits in an item.

use order_domain::command::{OrderItem, PlaceOrder};
use order_domain::values::{CustomerId, MAX_CHANGES, Reference};
use order_domain::{Event, Order, Rejection, evolve};

use crate::example::*;
use crate::harness::{at, given};

/// Returns that many payments, one for each version.
fn payments(count: usize) -> Vec<Event> {
    std::iter::once(placed()).chain((0..count).map(|id| received(&format!("p{id}"), 9))).collect()
}

#[test]
fn the_thousandth_id_is_recorded_and_the_next_refused() {
    let full = payments(MAX_CHANGES);
    let refused = || Rejection::TooManyChanges { max: 1_000 };
    given(payments(MAX_CHANGES - 1)).when(record_payment("last", 1)).then(received("last", 1));
    for command in [
        record_payment("more", 1),
        correct_payment("p0", 2),
        refund_payment("r", "p0", 1),
        ship("s", [("mug", 1)]),
        return_items("b", [("mug", 1)]),
        cancel_items("x", [("mug", 1)]),
    ] {
        given(full.clone()).when(command).then_rejected(refused());
    }
}

#[test]
fn an_order_of_a_thousand_ids_still_answers_repeats_and_is_cancelled() {
    given(payments(MAX_CHANGES)).when(record_payment("p7", 9)).then_unchanged(9);
    given(payments(MAX_CHANGES)).when(cancel_order()).then(cancelled());
}

#[test]
fn ids_of_every_kind_count() {
    let mut history = payments(MAX_CHANGES - 6);
    history.extend([
        received("paid", TOTAL),
        corrected("p0", 2, 9, 8),
        refunded("r", "p1", 1, (0, TOTAL)),
        shipped("s", [("mug", 1)]),
        returned("b", [("mug", 1)]),
    ]);
    given(history.clone()).when(cancel_items("x", [("mug", 1)])).then(items_cancelled(
        "x",
        [("mug", 1)],
        (978, TOTAL - 978),
    ));
    history.push(items_cancelled("x", [("mug", 1)], (978, TOTAL - 978)));
    given(history.clone()).when(record_payment("more", 1)).then_rejected(Rejection::TooManyChanges { max: 1_000 });
    // A delivery has no id of its own.
    given(history).when(record_delivery("s")).then(delivered("s"));
}

/// The largest possible order has 100 lines with the longest names, and 1,000 ids of the longest kind.
#[test]
fn the_largest_state_fits_an_item_beside_its_commit() {
    let longest = |start: &str| format!("{start:x<64}");
    let items = (0..100).map(|i| OrderItem {
        name: Some(text(&"語".repeat(256))),
        ..line(&longest(&format!("sku{i}-")), 1_000_000, 1)
    });
    let command = PlaceOrder {
        customer_id: CustomerId::parse(&longest("c")).unwrap(),
        items: items.collect(),
        reference: Some(Reference::parse(&"語".repeat(64)).unwrap()),
        ..place_order()
    };
    let order = evolve(Order::default(), &placed_by(command, 100_000_400), at(1));
    let order = (2..=u64::try_from(MAX_CHANGES).unwrap() + 1).fold(order, |order, version| {
        evolve(order, &received(&longest(&format!("p{version}-")), 9_007_199_254), at(version))
    });
    let state = rmp_serde::to_vec(&order).unwrap().len();
    // DynamoDB's limit is 400 KB. The largest commit after the first is a shipment of 100 lines: below 20 KB.
    assert!(state < 300 * 1024, "{state} bytes");
}
