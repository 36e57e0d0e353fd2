use order_domain::command::{PlaceOrder, QuoteReference};
use order_domain::values::{Amount, KeyId, MAX_AMOUNT, QuoteId};
use order_domain::{Command, Decision, Order, Rejection, decide};

use crate::example::*;
use crate::harness::{given, order_after};

fn place_with(change: impl FnOnce(&mut PlaceOrder)) -> Command {
    let mut command = place_order();
    change(&mut command);
    Command::PlaceOrder(command)
}

#[test]
fn an_order_is_placed_with_its_total() {
    given([]).when(Command::PlaceOrder(place_order())).then(placed());
}

#[test]
fn an_order_names_the_quote_that_its_prices_come_from() {
    let quote = QuoteReference { quote_id: QuoteId::parse("quote-1").unwrap(), kid: KeyId::parse("2026-q4").unwrap() };
    let command = PlaceOrder { quote: Some(quote), ..place_order() };
    given([]).when(Command::PlaceOrder(command.clone())).then(placed_by(command, TOTAL));
}

#[test]
fn an_order_is_placed_once() {
    given([placed()]).when(Command::PlaceOrder(place_order())).then_rejected(Rejection::OrderAlreadyPlaced);
}

#[test]
fn nothing_else_can_happen_to_an_order_that_was_never_placed() {
    for command in one_command_of_each() {
        given([]).when(command).then_rejected(Rejection::OrderNotFound);
    }
}

#[test]
fn an_order_of_nothing_is_refused() {
    given([]).when(place_with(|command| command.items.clear())).then_rejected(Rejection::NoItems);
}

#[test]
fn an_order_has_at_most_100_lines() {
    let lines = |count: usize| (0..count).map(|i| line(&format!("sku-{i}"), 1, 1)).collect::<Vec<_>>();
    assert!(decide(&Order::default(), place_with(|command| command.items = lines(100))).is_ok());
    given([])
        .when(place_with(|command| command.items = lines(101)))
        .then_rejected(Rejection::TooManyItems { count: 101, max: 100 });
}

#[test]
fn a_sku_is_listed_once() {
    given([])
        .when(place_with(|command| command.items = vec![line("mug", 1, 1), line("pot", 1, 1), line("mug", 2, 1)]))
        .then_rejected(Rejection::RepeatedSku { sku: sku("mug"), index: 2 });
}

#[test]
fn a_discount_takes_an_order_down_to_nothing_but_not_below() {
    let with_discount = |discount| place_with(|command| command.discount = amount(discount));
    assert_eq!(total_of(with_discount(4600)), Some(Amount::ZERO));
    given([])
        .when(with_discount(4601))
        .then_rejected(Rejection::TotalNegative { gross: amount(4600), discount: amount(4601) });
}

#[test]
fn a_total_is_at_most_the_largest_amount() {
    let with_price = |price, shipping| {
        place_with(|command| {
            command.items = vec![line("mug", 1, price)];
            (command.shipping, command.tax, command.discount) = (amount(shipping), Amount::ZERO, Amount::ZERO);
        })
    };
    assert_eq!(total_of(with_price(MAX_AMOUNT - 1, 1)), Some(amount(MAX_AMOUNT)));
    given([]).when(with_price(MAX_AMOUNT, 1)).then_rejected(Rejection::TotalTooLarge { max: MAX_AMOUNT });
}

#[test]
fn a_hundred_lines_of_the_largest_numbers_are_refused_and_do_not_overflow() {
    let largest = (0..100).map(|i| line(&format!("sku-{i}"), 1_000_000, MAX_AMOUNT)).collect::<Vec<_>>();
    given([])
        .when(place_with(|command| command.items = largest))
        .then_rejected(Rejection::TotalTooLarge { max: MAX_AMOUNT });
}

#[test]
fn a_discount_that_exceeds_a_gross_beyond_the_largest_amount_cannot_be() {
    given([])
        .when(place_with(|command| {
            command.items = vec![line("mug", 2, MAX_AMOUNT)];
            command.discount = amount(MAX_AMOUNT);
        }))
        .then_rejected(Rejection::TotalTooLarge { max: MAX_AMOUNT });
}

#[test]
fn a_placed_order_tells_what_was_placed() {
    let order = order_after(&[placed()]);
    assert!(order.exists() && !order.is_cancelled());
    assert_eq!(order.customer_id(), Some(&place_order().customer_id));
    assert_eq!(order.currency(), Some(place_order().currency));
    assert_eq!(order.total(), amount(TOTAL));
    let lines: Vec<_> =
        order.lines().iter().map(|line| (line.sku.as_str(), line.quantity.get(), line.shipped)).collect();
    assert_eq!(lines, [("mug", 3, 0), ("pot", 1, 0)]);
}

#[test]
fn an_order_that_was_never_placed_tells_nothing() {
    let order = Order::default();
    assert!(!order.exists() && order.customer_id().is_none() && order.currency().is_none());
    assert!(order.lines().is_empty() && order.total().is_zero());
    assert_eq!((order.amount_paid(), order.amount_refunded()), (0, 0));
}

fn total_of(command: Command) -> Option<Amount> {
    match decide(&Order::default(), command) {
        Ok(Decision::Record(events)) => Some(order_after(&events).total()),
        Ok(Decision::Unchanged(_)) | Err(_) => None,
    }
}
