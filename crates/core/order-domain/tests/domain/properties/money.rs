//! The amount due after any commands: it matches its definition, is never negative, and is the same on every path.

use std::collections::HashMap;

use order_domain::command::{CancelItems, PlaceOrder};
use order_domain::event::ItemQuantity;
use order_domain::values::PaymentId;
use order_domain::{Command, Decision, Event, Order, decide, evolve, stored};
use proptest::collection::vec;
use proptest::prelude::*;

use super::arbitrary::{any_command, placeable};
use super::invariants::history_of;
use crate::example::{cancel_order, cancellation_id, text};
use crate::harness::at;

/// One payment, computed independently of the fold.
#[derive(Default)]
struct Given {
    amount: u64,
    /// The reduction of the last refund, if that refund gave the payment back in full when it was recorded.
    completed: Option<u64>,
    refunded: u64,
    /// The reductions of the refunds, in order. The last refund that gave the payment back in full starts the list
    /// again.
    reductions: Vec<u64>,
}

impl Given {
    /// Returns the amount that its refunds forgive. Usually, that is the sum of their reductions. If together they give
    /// the payment back in full, only the refund that did so counts. There may be none, because a correction may have
    /// completed them.
    fn forgiven(&self) -> u64 {
        if self.refunded == 0 || self.refunded < self.amount {
            return self.reductions.iter().sum();
        }
        self.completed.unwrap_or(0)
    }
}

/// Returns the amount due by definition: the total, less the reductions of cancelled items, less those of refunds. A
/// payment that was refunded in full forgives only the explicit reduction of the refund that completed it. The amount
/// is 0 once the order is cancelled.
fn due_of(history: &[Event]) -> (u64, u64) {
    let (mut total, mut off, mut units, mut cancelled) = (0, 0, 0, false);
    let mut payments: HashMap<&PaymentId, Given> = HashMap::new();
    let sum = |items: &[ItemQuantity]| items.iter().map(|item| u64::from(item.quantity.get())).sum::<u64>();
    for event in history {
        if let Event::OrderPlaced(event) = event {
            total = event.total.minor_units();
            units = event.items.iter().map(|item| u64::from(item.quantity.get())).sum();
        }
        if let Event::PaymentReceived(event) = event {
            payments.entry(&event.payment_id).or_default().amount = event.amount.minor_units();
        }
        if let Event::PaymentCorrected(event) = event {
            payments.get_mut(&event.payment_id).unwrap().amount = event.corrected_amount.minor_units();
        }
        if let Event::PaymentRefunded(event) = event {
            let payment = payments.get_mut(&event.payment_id).unwrap();
            payment.refunded += event.amount.minor_units();
            payment.completed = (payment.refunded == payment.amount).then_some(event.reduction.minor_units());
            if payment.completed.is_some() {
                payment.reductions.clear();
            }
            payment.reductions.push(event.reduction.minor_units());
        }
        if let Event::ItemsCancelled(event) = event {
            off += event.reduction.minor_units();
            units -= sum(&event.items);
            cancelled |= units == 0;
        }
        cancelled |= matches!(event, Event::OrderCancelled(_));
    }
    if cancelled {
        return (0, 0);
    }
    // If a correction restores forgiveness, the cancelled items may exceed the rest.
    let price = total.checked_sub(off).unwrap();
    let due = payments.values().fold(price, |due, payment| due.saturating_sub(payment.forgiven()));
    (due, price - due)
}

/// Returns the amount due that an event states: in its field `due`, or as the total of a new order.
fn stated_due(event: &Event) -> Option<u64> {
    let data = stored::encode(event).unwrap().data;
    data.get("due").or_else(|| data.get("total")).map(|due| due.as_u64().unwrap())
}

/// Returns the share of units in the total without shipping, rounded down, computed independently of the domain.
fn share(first: &PlaceOrder, items: &[ItemQuantity]) -> u128 {
    let price = |sku| first.items.iter().find(|item| item.sku == sku).map_or(0, |item| item.unit_price.minor_units());
    let all: u128 = first
        .items
        .iter()
        .map(|item| u128::from(item.unit_price.minor_units()) * u128::from(item.quantity.get()))
        .sum();
    let part: u128 =
        items.iter().map(|item| u128::from(price(item.sku.clone())) * u128::from(item.quantity.get())).sum();
    let shared = (all + u128::from(first.tax.minor_units())).saturating_sub(u128::from(first.discount.minor_units()));
    (shared * part).checked_div(all).unwrap_or(0)
}

/// Returns true for the cancellations that a customer may send: they name no reduction.
fn is_customers(command: &Command) -> bool {
    matches!(command, Command::CancelOrder(_))
        || matches!(command, Command::CancelItems(command) if command.reduction.is_none())
}

fn record(order: Order, history: &mut Vec<Event>, command: Command) -> Order {
    let Ok(Decision::Record(events)) = decide(&order, command) else { return order };
    events.into_iter().fold(order, |order, event| {
        history.push(event);
        evolve(order, &history[history.len() - 1], at(history.len() as u64))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn the_amount_due_equals_its_definition(first in placeable(), commands in vec(any_command(), 0..60)) {
        let history = history_of(first, commands);
        let mut order = Order::default();
        for (index, event) in history.iter().enumerate() {
            order = evolve(order, event, at(index as u64 + 1));
            let (due, forgiven) = due_of(&history[..=index]);
            prop_assert_eq!(order.due().minor_units(), due, "after {:?}", event);
            prop_assert!(stated_due(event).is_none_or(|stated| stated == due), "{event:?} states another due");
            prop_assert_eq!(order.payment_figures().forgiven, forgiven);
            prop_assert!(order.due() <= order.total());
        }
    }

    #[test]
    fn nothing_ships_below_what_is_due(first in placeable(), commands in vec(any_command(), 0..60)) {
        let history = history_of(first, commands);
        let mut order = Order::default();
        for (index, event) in history.iter().enumerate() {
            if let Event::ItemShipped(_) = event {
                let figures = order.payment_figures();
                prop_assert!(figures.net() >= figures.due && !order.is_cancelled(), "{figures:?}");
            }
            order = evolve(order, event, at(index as u64 + 1));
        }
    }

    #[test]
    fn customers_lower_what_is_due_by_the_cancelled_units_share_at_most(
        first in placeable(),
        commands in vec(any_command(), 0..30),
        last in vec(any_command(), 0..30),
    ) {
        let mut history = history_of(first.clone(), commands);
        let mut order = crate::harness::order_after(&history);
        for command in last.into_iter().filter(is_customers) {
            let before = order.due().minor_units();
            let known = history.len();
            order = record(order, &mut history, command);
            let fell = u128::from(before - order.due().minor_units());
            let Some(event) = history.get(known) else { continue };
            let allowed = if let Event::ItemsCancelled(event) = event { share(&first, &event.items) } else { 0 };
            prop_assert!(order.is_cancelled() || fell <= allowed, "{event:?}: fell by {fell}, share {allowed}");
        }
    }

    /// Cancelling everything leaves nothing due, at once or unit by unit, after any history. Then nothing ships.
    #[test]
    fn an_order_of_which_nothing_is_left_owes_nothing_and_ships_nothing(
        first in placeable(),
        commands in vec(any_command(), 0..30),
    ) {
        let mut history = history_of(first, commands);
        let mut order = crate::harness::order_after(&history);
        let rest: Vec<_> = order
            .lines()
            .iter()
            .filter_map(|line| Some(ItemQuantity {
                sku: line.sku.clone(),
                quantity: order_domain::values::Quantity::new(line.left_to_ship()).ok()?,
            }))
            .collect();
        let cancel = Command::CancelItems(CancelItems {
            cancellation_id: cancellation_id("the-rest"),
            items: rest.clone(),
            reduction: None,
            reason: text("closing"),
            reason_code: None,
        });
        order = record(order, &mut history, cancel);
        prop_assert_eq!(order.units_to_ship(), 0);
        prop_assert!(!order.to_ship());
        let shipped: u32 = order.lines().iter().map(|line| line.shipped).sum();
        prop_assert_eq!(order.is_cancelled(), shipped == 0);
        prop_assert!(!order.is_cancelled() || order.due().is_zero());
        let again = record(order.clone(), &mut history, cancel_order());
        prop_assert!(again.is_cancelled() == order.is_cancelled());
    }
}
