use order_domain::command::ShipItems;
use order_domain::event::ItemQuantity;
use order_domain::{Command, Event, Rejection};

use crate::example::*;
use crate::harness::{given, order_after};

fn paid() -> Vec<Event> {
    vec![placed(), received("p1", TOTAL)]
}

fn paid_and(more: impl IntoIterator<Item = Event>) -> Vec<Event> {
    paid().into_iter().chain(more).collect()
}

#[test]
fn a_paid_order_is_shipped() {
    given(paid()).when(ship("s1", [("mug", 3), ("pot", 1)])).then(shipped("s1", [("mug", 3), ("pot", 1)]));
}

#[test]
fn an_order_is_shipped_in_parts() {
    let history = paid_and([shipped("s1", [("mug", 2)])]);
    let order = order_after(&history);
    assert_eq!(order.lines().iter().map(|line| line.shipped).collect::<Vec<_>>(), [2, 0]);
    given(history).when(ship("s2", [("mug", 1)])).then(shipped("s2", [("mug", 1)]));
}

#[test]
fn an_overpaid_order_is_shipped() {
    given(paid_and([received("p2", 1)])).when(ship("s1", [("mug", 1)])).then(shipped("s1", [("mug", 1)]));
}

#[test]
fn an_order_of_no_cost_is_shipped_unpaid() {
    let Event::OrderPlaced(mut free) = placed() else { unreachable!("placed() places") };
    free.total = amount(0);
    given([Event::OrderPlaced(free)]).when(ship("s1", [("mug", 1)])).then(shipped("s1", [("mug", 1)]));
}

#[test]
fn a_cancelled_order_cannot_be_shipped() {
    given(paid_and([cancelled()])).when(ship("s1", [("mug", 1)])).then_rejected(Rejection::OrderCancelled);
}

#[test]
fn an_order_that_is_not_paid_in_full_cannot_be_shipped() {
    let not_paid = |net_paid| Rejection::NotPaid { net_paid, due: amount(TOTAL) };
    given([placed()]).when(ship("s1", [("mug", 1)])).then_rejected(not_paid(0));
    given([placed(), received("p1", 4499)]).when(ship("s1", [("mug", 1)])).then_rejected(not_paid(4499));
}

#[test]
fn an_order_whose_payment_was_given_back_cannot_be_shipped() {
    let rejection = Rejection::NotPaid { net_paid: 0, due: amount(TOTAL) };
    let history = paid_and([refunded("r1", "p1", TOTAL, (0, TOTAL))]);
    given(history).when(ship("s1", [("mug", 1)])).then_rejected(rejection);
}

#[test]
fn an_order_of_which_a_refund_forgave_a_part_is_shipped() {
    let history = paid_and([refunded("r1", "p1", 100, (100, TOTAL - 100))]);
    given(history).when(ship("s1", [("mug", 1)])).then(shipped("s1", [("mug", 1)]));
}

#[test]
fn an_order_whose_payment_was_corrected_down_cannot_be_shipped() {
    let rejection = Rejection::NotPaid { net_paid: 4400, due: amount(TOTAL) };
    given(paid_and([corrected("p1", 2, 4500, 4400)])).when(ship("s1", [("mug", 1)])).then_rejected(rejection);
}

#[test]
fn no_more_is_shipped_than_was_ordered() {
    let history = paid_and([shipped("s1", [("mug", 2)])]);
    given(history).when(ship("s2", [("pot", 1), ("mug", 2)])).then_rejected(Rejection::QuantityExceedsShippable {
        sku: sku("mug"),
        ordered: quantity(3),
        shipped: 2,
        cancelled: 0,
        requested: quantity(2),
    });
}

#[test]
fn a_returned_item_is_not_shipped_again() {
    let history = paid_and([shipped("s1", [("pot", 1)]), returned("b1", [("pot", 1)])]);
    given(history).when(ship("s2", [("pot", 1)])).then_rejected(Rejection::QuantityExceedsShippable {
        sku: sku("pot"),
        ordered: quantity(1),
        shipped: 1,
        cancelled: 0,
        requested: quantity(1),
    });
}

#[test]
fn an_item_that_was_not_ordered_cannot_be_shipped() {
    given(paid()).when(ship("s1", [("cup", 1)])).then_rejected(Rejection::UnknownSku { sku: sku("cup") });
}

#[test]
fn a_shipment_lists_1_to_100_items_each_once() {
    given(paid()).when(ship("s1", [])).then_rejected(Rejection::NoItems);
    given(paid())
        .when(ship("s1", [("mug", 1), ("mug", 1)]))
        .then_rejected(Rejection::RepeatedSku { sku: sku("mug"), index: 1 });
    let items = (0..101).map(|i| ItemQuantity { sku: sku(&format!("sku-{i}")), quantity: quantity(1) }).collect();
    let shipment = ShipItems { shipment_id: shipment_id("s1"), items, carrier: None, tracking_number: None };
    given(paid()).when(Command::ShipItems(shipment)).then_rejected(Rejection::TooManyItems { count: 101, max: 100 });
}

#[test]
fn a_shipment_that_is_sent_again_changes_nothing() {
    let history = paid_and([shipped("s1", [("mug", 3), ("pot", 1)]), refunded("r1", "p1", 100, (100, TOTAL - 100))]);
    given(history).when(ship("s1", [("mug", 3), ("pot", 1)])).then_unchanged(3);
}

#[test]
fn a_shipment_id_is_not_used_for_other_data() {
    let with = |carrier: Option<&str>, tracking_number: Option<&str>| {
        Command::ShipItems(ShipItems {
            shipment_id: shipment_id("s1"),
            items: items([("mug", 2)]),
            carrier: carrier.map(text),
            tracking_number: tracking_number.map(text),
        })
    };
    let history = paid_and([shipped("s1", [("mug", 2)])]);
    given(history.clone()).when(with(Some("DHL"), None)).then_unchanged(3);
    let others = [
        ship("s1", [("mug", 1)]),
        ship("s1", [("pot", 1)]),
        with(None, None),
        with(Some("UPS"), None),
        with(None, Some("DHL")),
        with(Some("DHL"), Some("T-1")),
    ];
    for other in others {
        given(history.clone())
            .when(other)
            .then_rejected(Rejection::ShipmentIdReused { shipment_id: shipment_id("s1"), recorded_at_version: 3 });
    }
}

#[test]
fn a_shipment_recorded_again_in_another_order_of_lines_changes_nothing() {
    let history = paid_and([shipped("s1", [("mug", 3), ("pot", 1)])]);
    given(history.clone()).when(ship("s1", [("pot", 1), ("mug", 3)])).then_unchanged(3);
    // Swapped quantities count as different data.
    given(history)
        .when(ship("s1", [("pot", 3), ("mug", 1)]))
        .then_rejected(Rejection::ShipmentIdReused { shipment_id: shipment_id("s1"), recorded_at_version: 3 });
}
