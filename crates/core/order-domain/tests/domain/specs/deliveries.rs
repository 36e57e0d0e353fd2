use order_domain::Rejection;

use crate::example::*;
use crate::harness::given;

#[test]
fn a_delivery_is_recorded() {
    given([placed(), received("p1", TOTAL), shipped("s1", [("mug", 1)])])
        .when(record_delivery("s1"))
        .then(delivered("s1"));
}

#[test]
fn a_delivery_is_recorded_even_after_the_items_came_back_and_the_money_too() {
    let history = [
        placed(),
        received("p1", TOTAL),
        shipped("s1", [("mug", 1)]),
        returned("b1", [("mug", 1)]),
        refunded("r1", "p1", TOTAL, (0, TOTAL)),
    ];
    given(history).when(record_delivery("s1")).then(delivered("s1"));
}

#[test]
fn a_delivery_that_is_recorded_again_changes_nothing() {
    given([placed(), received("p1", TOTAL), shipped("s1", [("mug", 1)]), delivered("s1")])
        .when(record_delivery("s1"))
        .then_unchanged(4);
}

#[test]
fn an_unknown_shipment_cannot_be_delivered() {
    given([placed(), received("p1", TOTAL), shipped("s1", [("mug", 1)])])
        .when(record_delivery("s2"))
        .then_rejected(Rejection::UnknownShipment { shipment_id: shipment_id("s2") });
}
