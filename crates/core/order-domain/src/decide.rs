//! The rules: one function for each command. Facts from outside (a payment, a delivery) are recorded in every state of
//! the order. Our own decisions (ship, refund, correct, return, cancel) are checked strictly.
//!
//! An id that is used again with the same data changes nothing, so a retry is safe without a request id.

mod cancellation;
mod fulfillment;
mod payments;
mod placing;

use crate::event::ItemQuantity;
use crate::fingerprint::Fingerprint;
use crate::order::{Line, Recorded, RecordedAt, Reducing};
use crate::values::{Amount, MAX_CHANGES, MAX_ITEMS, Sku};
use crate::{Command, Event, Order, Rejection};

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Record these events, together or not at all; never empty.
    Record(Vec<Event>),
    /// Change nothing: an earlier commit recorded the same data, at this place.
    Unchanged(RecordedAt),
}

/// Decides a command on the current state of the order.
///
/// # Errors
/// Returns a [`Rejection`] if a rule rejects the command.
pub fn decide(order: &Order, command: Command) -> Result<Decision, Rejection> {
    match command {
        Command::PlaceOrder(command) => placing::place(order, command),
        Command::RecordPayment(command) => payments::record(placed(order)?, command),
        Command::CorrectPayment(command) => payments::correct(placed(order)?, command),
        Command::RefundPayment(command) => payments::refund(placed(order)?, command),
        Command::ShipItems(command) => fulfillment::ship(placed(order)?, command),
        Command::RecordDelivery(command) => fulfillment::record_delivery(placed(order)?, command),
        Command::ReturnItems(command) => fulfillment::take_back(placed(order)?, command),
        Command::CancelItems(command) => cancellation::cancel_items(placed(order)?, command),
        Command::CancelOrder(command) => cancellation::cancel(placed(order)?, command),
    }
}

fn placed(order: &Order) -> Result<&Order, Rejection> {
    if order.exists() { Ok(order) } else { Err(Rejection::OrderNotFound) }
}

fn record(event: Event) -> Result<Decision, Rejection> {
    Ok(Decision::Record(vec![event]))
}

/// Decides a command whose id was used before: the same data changes nothing, other data is rejected.
fn repeated<Id>(recorded: &Recorded<Id>, again: Fingerprint, reused: Rejection) -> Result<Decision, Rejection> {
    if recorded.fingerprint == again { Ok(Decision::Unchanged(recorded.at)) } else { Err(reused) }
}

/// Decides a repeated command whose id lowered the amount due. A command without a reduction matches every recorded
/// reduction.
fn repeated_reduction<Id>(
    recorded: &Reducing<Id>,
    again: Fingerprint,
    named: Option<Amount>,
    reused: Rejection,
) -> Result<Decision, Rejection> {
    let is_same = named.is_none_or(|reduction| reduction == recorded.reduction);
    if is_same { repeated(&recorded.recorded, again, reused) } else { Err(reused) }
}

/// Rejects the command if the order's state has no room for one more id.
fn check_room(order: &Order) -> Result<(), Rejection> {
    if order.changes() < MAX_CHANGES { Ok(()) } else { Err(Rejection::TooManyChanges { max: MAX_CHANGES }) }
}

fn check_each(
    order: &Order,
    items: &[ItemQuantity],
    check: impl Fn(&Line, &ItemQuantity) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    items.iter().try_for_each(|item| match order.line(&item.sku) {
        Some(line) => check(line, item),
        None => Err(Rejection::UnknownSku { sku: item.sku.clone() }),
    })
}

fn check_positive(amount: Amount) -> Result<(), Rejection> {
    if amount.is_zero() { Err(Rejection::AmountNotPositive) } else { Ok(()) }
}

fn check_list<T>(items: &[T], sku: impl Fn(&T) -> &Sku) -> Result<(), Rejection> {
    if items.is_empty() {
        return Err(Rejection::NoItems);
    }
    if items.len() > MAX_ITEMS {
        return Err(Rejection::TooManyItems { count: items.len(), max: MAX_ITEMS });
    }
    // There are at most 100 lines, so a search through the list is as fast as a set.
    for (index, item) in items.iter().enumerate() {
        if items[..index].iter().any(|earlier| sku(earlier) == sku(item)) {
            return Err(Rejection::RepeatedSku { sku: sku(item).clone(), index });
        }
    }
    Ok(())
}
