//! I1 to I4: the invariants that `decide` keeps for every command.

use std::collections::HashMap;

use order_domain::command::PlaceOrder;
use order_domain::values::{MAX_AMOUNT, PaymentId, Sku};
use order_domain::{Command, Decision, Event, EventRef, Order, Rejection, decide, evolve};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::arbitrary::{any_command, any_place_order, placeable};
use crate::harness::at;

/// Returns the events that these commands record, one for each version.
pub(super) fn history_of(first: PlaceOrder, commands: Vec<Command>) -> Vec<Event> {
    let mut history = Vec::new();
    let mut order = Order::default();
    for command in std::iter::once(Command::PlaceOrder(first)).chain(commands) {
        if let Ok(Decision::Record(events)) = decide(&order, command) {
            assert!(!events.is_empty(), "a decision to record records something");
            for event in events {
                history.push(event.clone());
                order = evolve(order, &event, at(history.len() as u64));
            }
        }
    }
    history
}

/// Returns the effective amount and the refunds of each payment, computed independently of the fold.
fn payments_in(history: &[Event]) -> HashMap<&PaymentId, (u64, u64)> {
    let mut payments = HashMap::new();
    for event in history {
        if let Event::PaymentReceived(event) = event {
            let before = payments.insert(&event.payment_id, (event.amount.minor_units(), 0));
            assert_eq!(before, None, "a payment is received once");
        }
        if let Event::PaymentCorrected(event) = event {
            let payment = payments.get_mut(&event.payment_id).unwrap();
            assert_eq!(payment.0, event.previous_amount.minor_units());
            payment.0 = event.corrected_amount.minor_units();
        }
        if let Event::PaymentRefunded(event) = event {
            payments.get_mut(&event.payment_id).unwrap().1 += event.amount.minor_units();
        }
    }
    payments
}

/// Returns the units shipped, returned and cancelled of each line, computed independently of the fold.
fn units_in(history: &[Event]) -> HashMap<&Sku, (u32, u32, u32)> {
    let mut units: HashMap<&Sku, (u32, u32, u32)> = HashMap::new();
    for event in history {
        if let Event::ItemShipped(event) = event {
            event.items.iter().for_each(|item| units.entry(&item.sku).or_default().0 += item.quantity.get());
        }
        if let Event::ItemReturned(event) = event {
            event.items.iter().for_each(|item| units.entry(&item.sku).or_default().1 += item.quantity.get());
        }
        if let Event::ItemsCancelled(event) = event {
            event.items.iter().for_each(|item| units.entry(&item.sku).or_default().2 += item.quantity.get());
        }
    }
    units
}

fn check_after_each_event(history: &[Event]) -> Result<(), TestCaseError> {
    let mut order = Order::default();
    for (index, event) in history.iter().enumerate() {
        order = evolve(order, event, at(index as u64 + 1));
        let units = units_in(&history[..=index]);
        prop_assert!(units.keys().all(|sku| order.lines().iter().any(|line| line.sku == **sku)));
        for line in order.lines() {
            let found = (line.shipped, line.returned, line.cancelled);
            prop_assert_eq!(found, units.get(&line.sku).copied().unwrap_or_default());
            let ordered = line.quantity.get().checked_sub(line.cancelled).unwrap();
            prop_assert!(line.returned <= line.shipped && line.shipped <= ordered, "I2: {line:?}");
        }
        let payments = payments_in(&history[..=index]);
        for (id, (effective, refunded)) in &payments {
            prop_assert!(refunded <= effective, "I3: {id}: {refunded} of {effective}");
        }
        prop_assert_eq!(order.amount_paid(), payments.values().map(|payment| payment.0).sum::<u64>());
        prop_assert_eq!(order.amount_refunded(), payments.values().map(|payment| payment.1).sum::<u64>());
        prop_assert!(order.amount_paid() <= MAX_AMOUNT);
        prop_assert!(!order.is_cancelled() || order.lines().iter().all(|line| line.shipped == 0), "I4");
    }
    Ok(())
}

/// Checks that each correction names the event that set the corrected amount, so that corrections form a chain and not
/// a tree.
fn check_corrections(history: &[Event]) -> Result<(), TestCaseError> {
    let mut latest: HashMap<&PaymentId, Uuid> = HashMap::new();
    for (version, event) in (1..).zip(history) {
        let EventRef { event_id, .. } = at(version);
        if let Event::PaymentReceived(event) = event {
            latest.insert(&event.payment_id, event_id);
        }
        if let Event::PaymentCorrected(event) = event {
            let corrected = latest.insert(&event.payment_id, event_id);
            prop_assert_eq!(corrected, Some(event.corrects_event_id));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_total_is_what_its_parts_come_to_or_is_refused(order in any_place_order()) {
        let lines: i128 = order
            .items
            .iter()
            .map(|item| i128::from(item.quantity.get()) * i128::from(item.unit_price.minor_units()))
            .sum();
        let extras = i128::from(order.shipping.minor_units()) + i128::from(order.tax.minor_units());
        let total = lines + extras - i128::from(order.discount.minor_units());
        match decide(&Order::default(), Command::PlaceOrder(order)) {
            Ok(Decision::Record(events)) => {
                let [Event::OrderPlaced(placed)] = events.as_slice() else { panic!("{events:?}") };
                prop_assert_eq!(i128::from(placed.total.minor_units()), total);
            }
            Err(Rejection::TotalNegative { .. }) => prop_assert!(total < 0),
            Err(Rejection::TotalTooLarge { .. }) => prop_assert!(total > i128::from(MAX_AMOUNT)),
            other => prop_assert!(matches!(other, Err(Rejection::NoItems | Rejection::RepeatedSku { .. })), "{other:?}"),
        }
    }

    #[test]
    fn every_order_keeps_its_invariants(first in placeable(), commands in vec(any_command(), 0..60)) {
        let history = history_of(first, commands);
        check_after_each_event(&history)?;
        check_corrections(&history)?;
    }

    #[test]
    fn a_command_that_was_recorded_and_has_an_id_changes_nothing_when_it_is_repeated(
        first in placeable(),
        commands in vec(any_command(), 0..40),
        last in any_command(),
    ) {
        let history = history_of(first, commands);
        let order = crate::harness::order_after(&history);
        let Ok(Decision::Record(events)) = decide(&order, last.clone()) else { return Ok(()) };
        let here = at(history.len() as u64 + 1);
        let order = events.iter().fold(order, |order, event| evolve(order, event, here));
        let again = decide(&order, last.clone());
        if matches!(last, Command::PlaceOrder(_)) {
            prop_assert_eq!(again, Err(Rejection::OrderAlreadyPlaced));
        } else {
            prop_assert_eq!(again, Ok(Decision::Unchanged(here.into())));
        }
    }
}
