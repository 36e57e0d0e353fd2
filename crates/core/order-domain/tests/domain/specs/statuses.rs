use order_domain::status::{
    FulfillmentFigures, FulfillmentStatus as Fulfillment, OrderStatus as Status, PaymentFigures,
    PaymentStatus as Payment,
};

use crate::example::*;
use crate::harness::order_after;

#[test]
fn payment_is_the_first_word_that_holds() {
    // Columns: due, paid, refunded, forgiven, cancelled.
    let table = [
        (100, 101, 0, 0, false, Payment::CreditOwed),
        (100, 150, 49, 0, false, Payment::CreditOwed),
        (50, 100, 49, 50, false, Payment::CreditOwed),
        (0, 1, 0, 0, true, Payment::CreditOwed),
        (0, 1, 0, 0, false, Payment::CreditOwed),
        (0, 100, 100, 0, true, Payment::Refunded),
        (0, 0, 0, 0, true, Payment::Void),
        (100, 100, 100, 0, false, Payment::Refunded),
        (100, 40, 40, 0, false, Payment::Refunded),
        (99, 40, 40, 1, false, Payment::Refunded),
        (100, 100, 0, 0, false, Payment::Paid),
        (100, 150, 50, 0, false, Payment::Paid),
        (0, 0, 0, 0, false, Payment::Paid),
        (0, 5, 5, 0, false, Payment::Paid),
        (99, 100, 1, 1, false, Payment::PartiallyRefunded),
        (0, 100, 100, 100, false, Payment::PartiallyRefunded),
        (99, 40, 1, 1, false, Payment::PartiallyPaid),
        (100, 99, 0, 0, false, Payment::PartiallyPaid),
        (100, 0, 0, 0, false, Payment::Unpaid),
    ];
    for (due, paid, refunded, forgiven, cancelled, expected) in table {
        let figures = PaymentFigures { due, paid, refunded, forgiven, cancelled };
        assert_eq!(Payment::of(figures), expected, "{figures:?}");
    }
}

#[test]
fn fulfilment_is_the_first_word_that_holds() {
    // Columns: ordered, shipped, returned, any undelivered.
    let table = [
        (3, 3, 3, false, Fulfillment::Returned),
        (3, 3, 3, true, Fulfillment::Returned),
        (3, 3, 1, false, Fulfillment::PartiallyReturned),
        (3, 1, 1, true, Fulfillment::PartiallyReturned),
        (3, 3, 0, false, Fulfillment::Delivered),
        (3, 3, 0, true, Fulfillment::Shipped),
        (3, 2, 0, true, Fulfillment::PartiallyShipped),
        (3, 2, 0, false, Fulfillment::PartiallyShipped),
        (3, 0, 0, false, Fulfillment::Unfulfilled),
        (0, 0, 0, false, Fulfillment::Unfulfilled),
        (0, 0, 0, true, Fulfillment::Unfulfilled),
        (2, 3, 2, true, Fulfillment::Returned),
    ];
    for (ordered, shipped, returned, any_undelivered, expected) in table {
        let figures = FulfillmentFigures { ordered, shipped, returned, any_undelivered };
        assert_eq!(Fulfillment::of(figures), expected, "{figures:?}");
    }
}

#[test]
fn the_one_word_is_the_first_that_holds() {
    for payment in Payment::ALL.iter().copied() {
        for fulfillment in Fulfillment::ALL.iter().copied() {
            assert_eq!(Status::of(true, payment, fulfillment), Status::Cancelled);
            let expected = match (fulfillment, payment) {
                (Fulfillment::Returned, _) => Status::Returned,
                (Fulfillment::PartiallyReturned, _) => Status::PartiallyReturned,
                (Fulfillment::Delivered, _) => Status::Delivered,
                (Fulfillment::Shipped, _) => Status::Shipped,
                (Fulfillment::PartiallyShipped, _) => Status::PartiallyShipped,
                (Fulfillment::Unfulfilled, Payment::Refunded) => Status::Refunded,
                (Fulfillment::Unfulfilled, Payment::Paid | Payment::CreditOwed | Payment::PartiallyRefunded) => {
                    Status::Paid
                }
                (Fulfillment::Unfulfilled, Payment::PartiallyPaid) => Status::PartiallyPaid,
                (Fulfillment::Unfulfilled, Payment::Void | Payment::Unpaid) => Status::Placed,
            };
            assert_eq!(Status::of(false, payment, fulfillment), expected, "{fulfillment:?}, {payment:?}");
        }
    }
}

#[test]
fn an_order_says_the_words_of_its_life() {
    let life = [
        (placed(), "placed", "unpaid", "unfulfilled"),
        (received("p1", 4000), "partially_paid", "partially_paid", "unfulfilled"),
        (received("p2", 500), "paid", "paid", "unfulfilled"),
        (shipped("s1", [("mug", 3)]), "partially_shipped", "paid", "partially_shipped"),
        (delivered("s1"), "partially_shipped", "paid", "partially_shipped"),
        (shipped("s2", [("pot", 1)]), "shipped", "paid", "shipped"),
        (delivered("s2"), "delivered", "paid", "delivered"),
        (received("p3", 1), "delivered", "credit_owed", "delivered"),
        (returned("b1", [("mug", 3)]), "partially_returned", "credit_owed", "partially_returned"),
        (refunded("r1", "p1", 3001, (3000, 1500)), "partially_returned", "partially_refunded", "partially_returned"),
        (returned("b2", [("pot", 1)]), "returned", "partially_refunded", "returned"),
    ];
    let mut history = Vec::new();
    for (event, status, payment, fulfillment) in life {
        history.push(event);
        let order = order_after(&history);
        let words = [order.status().as_str(), order.payment_status().as_str(), order.fulfillment_status().as_str()];
        assert_eq!(words, [status, payment, fulfillment], "after {:?}", history.last());
    }
}

#[test]
fn a_cancelled_order_is_void_until_it_owes_and_refunded_when_it_gave_back() {
    let mut history = vec![placed(), cancelled()];
    for (event, payment) in [
        (None, "void"),
        (Some(received("p1", 10)), "credit_owed"),
        (Some(refunded("r1", "p1", 10, (0, 0))), "refunded"),
    ] {
        history.extend(event);
        let order = order_after(&history);
        assert_eq!((order.status().as_str(), order.payment_status().as_str()), ("cancelled", payment));
    }
}

#[test]
fn every_word_is_read_back_and_is_what_serde_writes() {
    fn check<T: serde::Serialize + PartialEq + std::fmt::Debug + Copy>(
        all: &[T],
        word: impl Fn(T) -> &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) {
        for status in all.iter().copied() {
            assert_eq!(parse(word(status)), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), word(status));
        }
        assert_eq!(parse("Paid"), None);
    }
    check(Status::ALL, Status::as_str, Status::parse);
    check(Payment::ALL, Payment::as_str, Payment::parse);
    check(Fulfillment::ALL, Fulfillment::as_str, Fulfillment::parse);
}
