//! Histories of money. Each one states the amounts due, owed and refundable, the status words, and the units that may
//! ship.
//!
//! A history is a list of commands that are all accepted. The order has three units of `a` for 1000 each, unless a
//! history says otherwise.

use order_domain::command::{CancelItems, OrderItem, PlaceOrder};
use order_domain::{Command, Decision, Order, decide, evolve};

use crate::example::*;
use crate::harness::at;

/// The figures and words of an order after a history.
#[derive(Debug, PartialEq)]
struct Money {
    due: u64,
    net: u64,
    credit: u64,
    /// `status / paymentStatus / fulfillmentStatus`.
    words: &'static str,
    /// Units that may ship now, by sku in the order of the lines. The order accepts this number and rejects one more.
    ships: Vec<u32>,
    /// The amount of each payment that can still be refunded.
    refundable: Vec<(&'static str, u64)>,
}

fn order(items: Vec<OrderItem>, shipping: u64, tax: u64, discount: u64) -> Command {
    let (shipping, tax, discount) = (amount(shipping), amount(tax), amount(discount));
    Command::PlaceOrder(PlaceOrder { items, shipping, tax, discount, ..place_order() })
}

fn three() -> Command {
    order(vec![line("a", 3, 1000)], 0, 0, 0)
}

fn two_less(discount: u64, tax: u64) -> Command {
    order(vec![line("a", 2, 1000)], 0, tax, discount)
}

fn pay(id: &str, paid: u64) -> Command {
    record_payment(id, paid)
}

fn refund(id: &str, payment: &str, given_back: u64) -> Command {
    refund_payment(id, payment, given_back)
}

fn ship_a(id: &str, units: u32) -> Command {
    ship(id, [("a", units)])
}

fn return_a(id: &str, units: u32) -> Command {
    return_items(id, [("a", units)])
}

fn cancel_a(id: &str, units: u32) -> Command {
    cancel_items(id, [("a", units)])
}

fn cancel_a_for(id: &str, units: u32, reduction: u64) -> Command {
    let Command::CancelItems(cancel) = cancel_a(id, units) else { unreachable!("a cancellation") };
    Command::CancelItems(CancelItems { reduction: Some(amount(reduction)), ..cancel })
}

fn after(history: Vec<Command>) -> Order {
    (1..).zip(history).fold(Order::default(), |order, (version, command)| match decide(&order, command.clone()) {
        Ok(Decision::Record(events)) => events.iter().fold(order, |order, event| evolve(order, event, at(version))),
        other => panic!("{command:?}: {other:?}"),
    })
}

/// Returns the number of units of a line that the order accepts to ship. It tries `decide` with one unit more at a
/// time.
fn shippable(order: &Order, sku: &str) -> u32 {
    let accepts = |units| matches!(decide(order, ship("probe", [(sku, units)])), Ok(Decision::Record(_)));
    (1..).take_while(|units| accepts(*units)).last().unwrap_or(0)
}

/// Returns the largest amount of a payment that the order accepts to refund. It finds the amount by bisection.
fn refundable(order: &Order, payment: &str) -> u64 {
    let accepts = |units| matches!(decide(order, refund("probe", payment, units)), Ok(Decision::Record(_)));
    let (mut most, mut too_much) = (0, 10_000_000);
    while most + 1 < too_much {
        let middle = u64::midpoint(most, too_much);
        if accepts(middle) { most = middle } else { too_much = middle }
    }
    most
}

#[track_caller]
fn check(history: Vec<Command>, expected: Money) {
    let order = after(history);
    let figures = order.payment_figures();
    let words = [order.status().as_str(), order.payment_status().as_str(), order.fulfillment_status().as_str()];
    assert_eq!((order.due().minor_units(), figures.net(), order.credit().minor_units()), {
        (expected.due, expected.net, expected.credit)
    });
    assert_eq!(words.join(" / "), expected.words);
    let ships: Vec<_> = order.lines().iter().map(|line| shippable(&order, line.sku.as_str())).collect();
    assert_eq!(ships, expected.ships, "units that ship");
    let all: u64 = ships.iter().copied().map(u64::from).sum();
    assert_eq!(order.to_ship(), all > 0, "toShip");
    if order.may_ship() {
        assert_eq!(order.units_to_ship(), all, "unitsToShip");
    }
    for (payment, most) in expected.refundable {
        assert_eq!(refundable(&order, payment), most, "refundable of {payment}");
    }
}

macro_rules! histories {
    ($($name:ident: [$($command:expr),+ $(,)?] =>
        $due:literal, $net:literal, $credit:literal, $words:literal, $ships:expr, $refundable:expr;)+) => {$(
        #[test]
        fn $name() {
            check(vec![$($command),+], Money {
                due: $due,
                net: $net,
                credit: $credit,
                words: $words,
                ships: $ships.to_vec(),
                refundable: $refundable.to_vec(),
            });
        }
    )+};
}

const NONE: [(&str, u64); 0] = [];

// Format: commands => due, net, credit, "status / payment / fulfilment", units that ship, refundable by payment.
histories! {
    // Payments.
    unpaid: [three()] => 3000, 0, 0, "placed / unpaid / unfulfilled", [0], NONE;
    paid_in_part: [three(), pay("p", 2999)] =>
        3000, 2999, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 2999)];
    paid: [three(), pay("p", 3000)] => 3000, 3000, 0, "paid / paid / unfulfilled", [3], [("p", 3000)];
    paid_in_two_parts: [three(), pay("p", 1000), pay("q", 2000)] =>
        3000, 3000, 0, "paid / paid / unfulfilled", [3], [("p", 1000), ("q", 2000)];
    paid_too_much: [three(), pay("p", 3500)] =>
        3000, 3500, 500, "paid / credit_owed / unfulfilled", [3], [("p", 3500)];
    a_free_order: [two_less(2000, 0)] => 0, 0, 0, "paid / paid / unfulfilled", [2], NONE;
    a_free_order_paid_by_mistake: [two_less(2000, 0), pay("p", 7)] =>
        0, 7, 7, "paid / credit_owed / unfulfilled", [2], [("p", 7)];
    a_free_order_paid_and_refunded: [two_less(2000, 0), pay("p", 7), refund("r", "p", 7)] =>
        0, 0, 0, "paid / paid / unfulfilled", [2], [("p", 0)];

    // Refunds before shipping.
    refund_of_one_cent: [three(), pay("p", 3000), refund("r", "p", 1)] =>
        2999, 2999, 0, "paid / partially_refunded / unfulfilled", [3], [("p", 2999)];
    refund_in_full: [three(), pay("p", 3000), refund("r", "p", 3000)] =>
        3000, 0, 0, "refunded / refunded / unfulfilled", [0], [("p", 0)];
    refund_in_full_by_two: [three(), pay("p", 3000), refund("r", "p", 2999), refund("s", "p", 1)] =>
        3000, 0, 0, "refunded / refunded / unfulfilled", [0], [("p", 0)];
    refund_in_full_then_one_cent_paid: [three(), pay("p", 3000), refund("r", "p", 3000), pay("q", 1)] =>
        3000, 1, 0, "partially_paid / partially_paid / unfulfilled", [0], [("q", 1)];
    refund_in_full_by_two_then_one_cent_paid:
        [three(), pay("p", 3000), refund("r", "p", 2999), refund("s", "p", 1), pay("q", 1)] =>
        3000, 1, 0, "partially_paid / partially_paid / unfulfilled", [0], [("q", 1)];
    refund_in_full_by_three:
        [three(), pay("p", 3000), refund("r", "p", 1000), refund("s", "p", 1999), refund("t", "p", 1)] =>
        3000, 0, 0, "refunded / refunded / unfulfilled", [0], [("p", 0)];
    refund_of_one_payment_of_two: [three(), pay("p", 1500), pay("q", 1500), refund("r", "p", 1500)] =>
        3000, 1500, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 0), ("q", 1500)];
    refund_of_a_part_of_one_payment_of_two: [three(), pay("p", 1500), pay("q", 1500), refund("r", "p", 500)] =>
        2500, 2500, 0, "paid / partially_refunded / unfulfilled", [3], [("p", 1000), ("q", 1500)];
    refund_in_full_and_paid_anew: [three(), pay("p", 3000), refund("r", "p", 3000), pay("q", 3000)] =>
        3000, 3000, 0, "paid / paid / unfulfilled", [3], [("q", 3000)];
    refund_in_full_that_forgives_it_all: [three(), pay("p", 3000), refund_forgiving("r", "p", 3000, 3000)] =>
        0, 0, 0, "paid / partially_refunded / unfulfilled", [3], [("p", 0)];
    refund_that_forgives_nothing: [three(), pay("p", 3000), refund_forgiving("r", "p", 100, 0)] =>
        3000, 2900, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 2900)];
    refund_of_a_partial_payment: [three(), pay("p", 1000), refund("r", "p", 400)] =>
        2600, 600, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 600)];

    // Refunds of overpaid amounts.
    refund_of_the_credit: [three(), pay("p", 3500), refund("r", "p", 500)] =>
        3000, 3000, 0, "paid / paid / unfulfilled", [3], [("p", 3000)];
    refund_of_a_part_of_the_credit: [three(), pay("p", 3500), refund("r", "p", 200)] =>
        3000, 3300, 300, "paid / credit_owed / unfulfilled", [3], [("p", 3300)];
    refund_beyond_the_credit: [three(), pay("p", 3500), refund("r", "p", 600)] =>
        2900, 2900, 0, "paid / partially_refunded / unfulfilled", [3], [("p", 2900)];
    refund_of_a_double_payment: [three(), pay("p", 3000), pay("q", 3000), refund("r", "q", 3000)] =>
        3000, 3000, 0, "paid / paid / unfulfilled", [3], [("p", 3000), ("q", 0)];

    // Returns.
    return_and_refund_of_two_of_three_shipped_two:
        [three(), pay("p", 3000), ship_a("s", 2), return_a("b", 2), refund("r", "p", 2000)] =>
        1000, 1000, 0, "partially_returned / partially_refunded / partially_returned", [1], [("p", 1000)];
    return_of_all_and_refund: [three(), pay("p", 3000), ship_a("s", 3), return_a("b", 3), refund("r", "p", 3000)] =>
        3000, 0, 0, "returned / refunded / returned", [0], [("p", 0)];
    return_of_one_without_refund: [three(), pay("p", 3000), ship_a("s", 3), return_a("b", 1)] =>
        3000, 3000, 0, "partially_returned / paid / partially_returned", [0], [("p", 3000)];
    return_of_one_of_three_shipped_leaves_work:
        [order(vec![line("a", 7, 100)], 0, 0, 0), pay("p", 700), ship_a("s", 3), return_a("b", 1)] =>
        700, 700, 0, "partially_returned / paid / partially_returned", [4], [("p", 700)];
    goodwill_after_delivery: [three(), pay("p", 3000), ship_a("s", 3), record_delivery("s"), refund("r", "p", 300)] =>
        2700, 2700, 0, "delivered / partially_refunded / delivered", [0], [("p", 2700)];

    // Cancelled items.
    one_unit_cancelled: [three(), cancel_a("x", 1)] => 2000, 0, 0, "placed / unpaid / unfulfilled", [0], NONE;
    one_unit_cancelled_of_a_paid_order: [three(), pay("p", 3000), cancel_a("x", 1)] =>
        2000, 3000, 1000, "paid / credit_owed / unfulfilled", [2], [("p", 3000)];
    cancelled_and_refunded: [three(), pay("p", 3000), cancel_a("x", 1), refund("r", "p", 1000)] =>
        2000, 2000, 0, "paid / paid / unfulfilled", [2], [("p", 2000)];
    cancelled_with_a_discount: [two_less(1500, 0), pay("p", 500), cancel_a("x", 1)] =>
        250, 500, 250, "paid / credit_owed / unfulfilled", [1], [("p", 500)];
    cancelled_with_a_tax: [two_less(0, 400), cancel_a("x", 1)] =>
        1200, 0, 0, "placed / unpaid / unfulfilled", [0], NONE;
    cancelled_with_shipping: [order(vec![line("a", 2, 1000)], 490, 0, 0), cancel_a("x", 1)] =>
        1490, 0, 0, "placed / unpaid / unfulfilled", [0], NONE;
    cancelled_with_a_discount_beyond_the_items: [order(vec![line("a", 2, 100)], 490, 0, 300), cancel_a("x", 1)] =>
        390, 0, 0, "placed / unpaid / unfulfilled", [0], NONE;
    a_free_line_cancelled: [order(vec![line("a", 1, 1000), line("gift", 1, 0)], 0, 0, 0), cancel_items("x", [("gift", 1)])] =>
        1000, 0, 0, "placed / unpaid / unfulfilled", [0, 0], NONE;
    a_line_of_free_lines_only_cancelled:
        [order(vec![line("a", 2, 0)], 490, 0, 0), pay("p", 490), cancel_a("x", 1)] =>
        490, 490, 0, "paid / paid / unfulfilled", [1], [("p", 490)];
    rounded_down: [order(vec![line("a", 3, 1)], 0, 0, 1), cancel_a("x", 1)] =>
        2, 0, 0, "placed / unpaid / unfulfilled", [0], NONE;
    cancelled_one_by_one: [three(), pay("p", 3000), cancel_a("x", 1), cancel_a("y", 1), cancel_a("z", 1)] =>
        0, 3000, 3000, "cancelled / credit_owed / unfulfilled", [0], [("p", 3000)];
    all_units_cancelled: [three(), cancel_a("x", 3)] => 0, 0, 0, "cancelled / void / unfulfilled", [0], NONE;
    all_units_cancelled_with_shipping: [order(vec![line("a", 1, 1000)], 490, 0, 0), pay("p", 1490), cancel_a("x", 1)] =>
        0, 1490, 1490, "cancelled / credit_owed / unfulfilled", [0], [("p", 1490)];
    all_units_cancelled_and_refunded: [three(), pay("p", 3000), cancel_a("x", 3), refund("r", "p", 3000)] =>
        0, 0, 0, "cancelled / refunded / unfulfilled", [0], [("p", 0)];
    the_rest_cancelled_after_shipping: [three(), pay("p", 3000), ship_a("s", 2), cancel_a("x", 1)] =>
        2000, 3000, 1000, "shipped / credit_owed / shipped", [0], [("p", 3000)];
    the_rest_cancelled_after_a_return:
        [three(), pay("p", 3000), ship_a("s", 2), return_a("b", 2), refund("r", "p", 2000), cancel_a("x", 1)] =>
        0, 1000, 1000, "returned / credit_owed / returned", [0], [("p", 1000)];
    cancelled_for_a_named_reduction: [three(), pay("p", 3000), cancel_a_for("x", 1, 400)] =>
        2600, 3000, 400, "paid / credit_owed / unfulfilled", [2], [("p", 3000)];
    cancelled_for_nothing: [three(), pay("p", 3000), cancel_a_for("x", 1, 0)] =>
        3000, 3000, 0, "paid / paid / unfulfilled", [2], [("p", 3000)];
    cancelled_for_more_than_is_due: [three(), pay("p", 3000), refund("r", "p", 2500), cancel_a("x", 2)] =>
        0, 500, 500, "paid / credit_owed / unfulfilled", [1], [("p", 500)];
    cancelled_then_paid_too_much: [three(), cancel_a("x", 1), pay("p", 3000)] =>
        2000, 3000, 1000, "paid / credit_owed / unfulfilled", [2], [("p", 3000)];

    // The whole order cancelled.
    order_cancelled: [three(), cancel_order()] => 0, 0, 0, "cancelled / void / unfulfilled", [0], NONE;
    paid_order_cancelled: [three(), pay("p", 3000), cancel_order()] =>
        0, 3000, 3000, "cancelled / credit_owed / unfulfilled", [0], [("p", 3000)];
    paid_order_cancelled_and_refunded_in_part: [three(), pay("p", 3000), cancel_order(), refund("r", "p", 1000)] =>
        0, 2000, 2000, "cancelled / credit_owed / unfulfilled", [0], [("p", 2000)];
    paid_order_cancelled_and_refunded: [three(), pay("p", 3000), cancel_order(), refund("r", "p", 3000)] =>
        0, 0, 0, "cancelled / refunded / unfulfilled", [0], [("p", 0)];
    refunded_order_cancelled: [three(), pay("p", 3000), refund("r", "p", 1000), cancel_order(), refund("s", "p", 2000)] =>
        0, 0, 0, "cancelled / refunded / unfulfilled", [0], [("p", 0)];

    // Corrections.
    corrected_down: [three(), pay("p", 3000), correct_payment("p", 2000)] =>
        3000, 2000, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 2000)];
    corrected_up: [three(), pay("p", 2000), correct_payment("p", 3000)] =>
        3000, 3000, 0, "paid / paid / unfulfilled", [3], [("p", 3000)];
    corrected_above_a_refund: [three(), pay("p", 3000), refund("r", "p", 1000), correct_payment("p", 2500)] =>
        2000, 1500, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 1500)];
    corrected_down_to_its_refund: [three(), pay("p", 3000), refund("r", "p", 2999), correct_payment("p", 2999)] =>
        3000, 0, 0, "refunded / refunded / unfulfilled", [0], [("p", 0)];
    corrected_down_to_its_refund_then_one_cent_paid:
        [three(), pay("p", 3000), refund("r", "p", 2999), correct_payment("p", 2999), pay("q", 1)] =>
        3000, 1, 0, "partially_paid / partially_paid / unfulfilled", [0], [("q", 1)];
    corrected_up_after_two_refunds_gave_it_back:
        [three(), pay("p", 3000), refund("r", "p", 2999), refund("s", "p", 1), correct_payment("p", 3500)] =>
        3000, 500, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 500)];
    corrected_up_by_a_cent_after_a_full_refund_that_named_a_reduction:
        [three(), pay("p", 3000), refund("r", "p", 2000), refund_forgiving("s", "p", 1000, 1000), correct_payment("p", 3001)] =>
        2000, 1, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 1)];
    corrected_up_and_back_keeps_what_a_full_refund_named:
        [three(), pay("p", 3000), refund_forgiving("r", "p", 3000, 3000), correct_payment("p", 3100), correct_as("c", "p", 3000)] =>
        0, 0, 0, "paid / partially_refunded / unfulfilled", [3], [("p", 0)];
    corrected_down_by_mistake_and_back:
        [three(), pay("p", 3000), refund("r", "p", 1000), correct_payment("p", 1000), correct_as("c", "p", 3000)] =>
        2000, 2000, 0, "paid / partially_refunded / unfulfilled", [3], [("p", 2000)];
    corrected_back_after_items_were_cancelled_for_all_that_was_due:
        [three(), pay("p", 3000), refund("r", "p", 1000), correct_payment("p", 1000), cancel_a_for("x", 1, 3000), correct_as("c", "p", 3000)] =>
        0, 2000, 2000, "paid / credit_owed / unfulfilled", [2], [("p", 2000)];
    given_back_after_items_were_cancelled_for_what_was_left:
        [three(), pay("p", 3000), refund("r", "p", 2000), cancel_a("x", 2), refund("s", "p", 1000)] =>
        2000, 0, 0, "refunded / refunded / unfulfilled", [0], [("p", 0)];
    corrected_up_after_a_full_refund: [three(), pay("p", 3000), refund("r", "p", 3000), correct_payment("p", 4000)] =>
        3000, 1000, 0, "partially_paid / partially_paid / unfulfilled", [0], [("p", 1000)];
    corrected_to_nothing: [three(), pay("p", 3000), correct_payment("p", 0)] =>
        3000, 0, 0, "placed / unpaid / unfulfilled", [0], [("p", 0)];
    cancelled_order_corrected: [three(), pay("p", 3000), cancel_order(), refund("r", "p", 2000), correct_payment("p", 2000)] =>
        0, 0, 0, "cancelled / refunded / unfulfilled", [0], [("p", 0)];
}
