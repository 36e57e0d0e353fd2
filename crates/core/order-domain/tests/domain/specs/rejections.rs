use std::collections::BTreeMap;
use std::fmt::Write as _;

use order_domain::Rejection;
use order_domain::values::{MAX_AMOUNT, MAX_CHANGES, MAX_ITEMS};

use crate::example::*;

fn one_of_each() -> Vec<Rejection> {
    let payment_id = || payment_id("p1");
    vec![
        Rejection::NoItems,
        Rejection::TooManyItems { count: 101, max: MAX_ITEMS },
        Rejection::RepeatedSku { sku: sku("mug"), index: 2 },
        Rejection::TotalNegative { gross: amount(4600), discount: amount(4601) },
        Rejection::TotalTooLarge { max: MAX_AMOUNT },
        Rejection::AmountNotPositive,
        Rejection::OrderNotFound,
        Rejection::OrderAlreadyPlaced,
        Rejection::TooManyChanges { max: MAX_CHANGES },
        Rejection::OrderCancelled,
        Rejection::NotPaid { net_paid: 4000, due: amount(4500) },
        Rejection::ReductionExceedsDue { reduction: amount(501), most: amount(500), due: amount(4500) },
        Rejection::ReductionLeavesDebt { reduction: amount(501), due: amount(4500) },
        Rejection::AmountPaidTooLarge { amount_paid: 10, amount: amount(MAX_AMOUNT), max: MAX_AMOUNT },
        Rejection::UnknownPayment { payment_id: payment_id() },
        Rejection::PaymentIdReused { payment_id: payment_id(), recorded_amount: amount(45), amount: amount(54) },
        Rejection::CorrectionIdReused { correction_id: correction_id("c1"), recorded_at_version: 4 },
        Rejection::CorrectionBelowRefunded { payment_id: payment_id(), amount_refunded: 1000, amount: amount(999) },
        Rejection::CorrectionChangesNothing { payment_id: payment_id(), amount: amount(4500) },
        Rejection::RefundExceedsPayment {
            payment_id: payment_id(),
            amount_paid: amount(4500),
            amount_refunded: 1000,
            amount: amount(3501),
        },
        Rejection::RefundIdReused { refund_id: refund_id("r1"), recorded_at_version: 4 },
        Rejection::UnknownSku { sku: sku("cup") },
        Rejection::QuantityExceedsShippable {
            sku: sku("mug"),
            ordered: quantity(3),
            shipped: 2,
            cancelled: 0,
            requested: quantity(2),
        },
        Rejection::QuantityExceedsCancellable {
            sku: sku("mug"),
            ordered: quantity(3),
            shipped: 1,
            cancelled: 1,
            requested: quantity(2),
        },
        Rejection::CancellationIdReused { cancellation_id: cancellation_id("x1"), recorded_at_version: 4 },
        Rejection::ShipmentIdReused { shipment_id: shipment_id("s1"), recorded_at_version: 4 },
        Rejection::UnknownShipment { shipment_id: shipment_id("s1") },
        Rejection::QuantityExceedsReturnable { sku: sku("mug"), shipped: 2, returned: 1, requested: quantity(2) },
        Rejection::ReturnIdReused { return_id: return_id("b1"), recorded_at_version: 4 },
        Rejection::AlreadyShipped { ordered: 4, shipped: 2 },
    ]
}

/// Clients depend on codes and details: never change them. Texts may change, with an entry in the changelog.
#[test]
fn codes_texts_and_details_are_the_known_ones() {
    let mut table = String::new();
    for rejection in one_of_each() {
        // The details are sorted, because the order of a JSON map depends on the features of other crates in the build.
        let details: BTreeMap<_, _> = rejection.details().into_iter().collect();
        let details = serde_json::to_string(&details).unwrap();
        writeln!(table, "{}\n  {rejection}\n  {details}", rejection.code()).unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    no_items
      at least one item is needed
      {}
    too_many_items
      101 items are more than the 100 allowed
      {"count":101,"max":100}
    repeated_sku
      item 'mug' is listed more than once
      {"index":2,"sku":"mug"}
    total_negative
      the discount of 4601 exceeds the 4600 it is taken from
      {"discount":4601,"gross":4600}
    total_too_large
      the total exceeds 9007199254740991, the largest amount
      {"max":9007199254740991}
    amount_not_positive
      the amount must be more than 0
      {}
    order_not_found
      the order does not exist
      {}
    order_already_placed
      the order was already placed
      {}
    too_many_changes
      the order already has 1000 changes with an id, and no order can have more
      {"max":1000}
    order_cancelled
      the order is cancelled; nothing of it can be shipped or cancelled
      {}
    not_paid
      the order is not paid: 4000 of 4500 due is paid
      {"due":4500,"netPaid":4000}
    reduction_exceeds_due
      a reduction of 501 is more than 500, the most that this can take off the 4500 due
      {"due":4500,"most":500,"reduction":501}
    reduction_leaves_debt
      nothing is left of the order, so nothing stays due: the reduction must be 4500 or left out
      {"due":4500,"reduction":501}
    amount_paid_too_large
      10 already paid; 9007199254740991 more exceeds 9007199254740991, the largest amount
      {"amount":9007199254740991,"amountPaid":10,"max":9007199254740991}
    unknown_payment
      payment 'p1' is not recorded for this order
      {"paymentId":"p1"}
    payment_id_reused
      payment 'p1' was already recorded with 45, not 54
      {"amount":54,"paymentId":"p1","recordedAmount":45}
    correction_id_reused
      correction 'c1' was already recorded with other data, at version 4
      {"correctionId":"c1","recordedAtVersion":4}
    correction_below_refunded
      1000 of payment 'p1' already refunded; it cannot be corrected to 999
      {"amount":999,"amountRefunded":1000,"paymentId":"p1"}
    correction_changes_nothing
      payment 'p1' already stands at 4500
      {"amount":4500,"paymentId":"p1"}
    refund_exceeds_payment
      1000 of 4500 of payment 'p1' already refunded; cannot refund 3501
      {"amount":3501,"amountPaid":4500,"amountRefunded":1000,"paymentId":"p1"}
    refund_id_reused
      refund 'r1' was already recorded with other data, at version 4
      {"recordedAtVersion":4,"refundId":"r1"}
    unknown_sku
      the order has no item 'cup'
      {"sku":"cup"}
    quantity_exceeds_shippable
      2 of 3 of 'mug' already shipped and 0 cancelled; cannot ship 2 more
      {"cancelled":0,"ordered":3,"requested":2,"shipped":2,"sku":"mug"}
    quantity_exceeds_cancellable
      1 of 3 of 'mug' already shipped and 1 cancelled; cannot cancel 2
      {"cancelled":1,"ordered":3,"requested":2,"shipped":1,"sku":"mug"}
    cancellation_id_reused
      cancellation 'x1' was already recorded with other data, at version 4
      {"cancellationId":"x1","recordedAtVersion":4}
    shipment_id_reused
      shipment 's1' was already recorded with other data, at version 4
      {"recordedAtVersion":4,"shipmentId":"s1"}
    unknown_shipment
      shipment 's1' is not recorded for this order
      {"shipmentId":"s1"}
    quantity_exceeds_returnable
      1 of 2 shipped of 'mug' already returned; cannot return 2 more
      {"requested":2,"returned":1,"shipped":2,"sku":"mug"}
    return_id_reused
      return 'b1' was already recorded with other data, at version 4
      {"recordedAtVersion":4,"returnId":"b1"}
    already_shipped
      2 of 4 already shipped; the order can no longer be cancelled, only its other items
      {"ordered":4,"shipped":2}
    "#);
}

#[test]
fn every_reason_is_in_the_list_once() {
    let codes: Vec<_> = one_of_each().iter().map(Rejection::code).collect();
    assert_eq!(codes, Rejection::CODES);
}
