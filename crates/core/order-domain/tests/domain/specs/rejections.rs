use std::collections::{BTreeMap, BTreeSet};
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

/// API users write programs against codes and details: only add to the snapshot, never change it.
#[test]
fn codes_messages_and_details_stay_as_api_users_know_them() {
    let mut table = String::new();
    for rejection in one_of_each() {
        // The details are sorted, because the order of a JSON map depends on the features of other crates in the build.
        let details: BTreeMap<_, _> = rejection.details().into_iter().collect();
        let details = serde_json::to_string(&details).unwrap();
        writeln!(table, "{}\n  {rejection}\n  {details}", rejection.code()).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_two_reasons_share_a_code() {
    let codes: BTreeSet<_> = one_of_each().iter().map(Rejection::code).collect();
    assert_eq!(codes.len(), one_of_each().len());
}
