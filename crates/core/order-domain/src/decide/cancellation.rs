//! Cancellations of items and of whole orders.

use super::checks::{check_each, check_list, check_room};
use super::decision::{Decision, record, repeated_reduction};
use crate::command::{CancelItems, CancelOrder};
use crate::event::{ItemQuantity, ItemsCancelled, OrderCancelled};
use crate::values::Amount;
use crate::{Event, Order, Rejection};

pub(super) fn cancel(order: &Order, command: CancelOrder) -> Result<Decision, Rejection> {
    if let Some(at) = order.cancelled {
        return Ok(Decision::Unchanged(at));
    }
    let figures = order.fulfillment_figures();
    if figures.shipped > 0 {
        return Err(Rejection::AlreadyShipped { ordered: figures.ordered, shipped: figures.shipped });
    }
    let CancelOrder { reason, reason_code } = command;
    record(Event::OrderCancelled(OrderCancelled { due: Amount::ZERO, reason, reason_code }))
}

pub(super) fn cancel_items(order: &Order, command: CancelItems) -> Result<Decision, Rejection> {
    let CancelItems { cancellation_id, items, reduction: named, reason, reason_code } = command;
    check_list(&items, |item| &item.sku)?;
    let due = order.due;
    let event = ItemsCancelled { cancellation_id, items, reduction: Amount::ZERO, due, reason, reason_code };
    if let Some(cancellation) = order.cancellation(&event.cancellation_id) {
        return repeated_reduction(cancellation, &event, named, |recorded_at_version| {
            Rejection::CancellationIdReused { cancellation_id: event.cancellation_id.clone(), recorded_at_version }
        });
    }
    check_room(order)?;
    if order.is_cancelled() {
        return Err(Rejection::OrderCancelled);
    }
    check_each(order, &event.items, |line, item| {
        if item.quantity.get() <= line.left_to_ship() {
            return Ok(());
        }
        Err(Rejection::QuantityExceedsCancellable {
            sku: line.sku.clone(),
            ordered: line.quantity,
            shipped: line.shipped,
            cancelled: line.cancelled,
            requested: item.quantity,
        })
    })?;
    let units: u64 = event.items.iter().map(|item| u64::from(item.quantity.get())).sum();
    let leaves_nothing = units >= order.fulfillment_figures().ordered;
    let reduction = reduction(order, &event.items, leaves_nothing, named)?;
    record(Event::ItemsCancelled(ItemsCancelled { reduction, due: due.saturating_sub(reduction), ..event }))
}

/// Returns the amount by which the amount due falls. Once no units are left in the order, nothing is due.
fn reduction(
    order: &Order,
    items: &[ItemQuantity],
    leaves_nothing: bool,
    named: Option<Amount>,
) -> Result<Amount, Rejection> {
    let due = order.due;
    match named {
        Some(reduction) if reduction > due => Err(Rejection::ReductionExceedsDue { reduction, most: due, due }),
        Some(reduction) if leaves_nothing && reduction < due => Err(Rejection::ReductionLeavesDebt { reduction, due }),
        Some(reduction) => Ok(reduction),
        None if leaves_nothing => Ok(due),
        None => Ok(share(order, items).min(due)),
    }
}

/// Returns the cancelled units' share of the total without shipping. The share is by price, relative to all units as
/// placed, and rounded down.
fn share(order: &Order, items: &[ItemQuantity]) -> Amount {
    let price = |sku| order.line(sku).map_or(0, |line| u128::from(line.unit_price.minor_units()));
    let cancelled: u128 = items.iter().map(|item| price(&item.sku) * u128::from(item.quantity.get())).sum();
    let all: u128 = order
        .lines()
        .iter()
        .map(|line| u128::from(line.unit_price.minor_units()) * u128::from(line.quantity.get()))
        .sum();
    let shared = order.total().saturating_sub(order.charges().shipping);
    // The product is at most 2^53 times 100 lines of 2^73, which fits into a u128. The share is at most `shared`, which
    // is an amount.
    let share = (u128::from(shared.minor_units()) * cancelled).checked_div(all).unwrap_or(0);
    u64::try_from(share).ok().and_then(|share| Amount::new(share).ok()).unwrap_or(shared)
}
