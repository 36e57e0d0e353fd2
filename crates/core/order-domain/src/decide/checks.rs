//! Checks that several commands share.

use crate::event::ItemQuantity;
use crate::order::Line;
use crate::values::{Amount, MAX_CHANGES, MAX_ITEMS, Sku};
use crate::{Order, Rejection};

/// Rejects the command if the order's state has no room for one more id.
pub(super) fn check_room(order: &Order) -> Result<(), Rejection> {
    if order.changes() < MAX_CHANGES { Ok(()) } else { Err(Rejection::TooManyChanges { max: MAX_CHANGES }) }
}

pub(super) fn check_each(
    order: &Order,
    items: &[ItemQuantity],
    check: impl Fn(&Line, &ItemQuantity) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    items.iter().try_for_each(|item| match order.line(&item.sku) {
        Some(line) => check(line, item),
        None => Err(Rejection::UnknownSku { sku: item.sku.clone() }),
    })
}

pub(super) fn check_positive(amount: Amount) -> Result<(), Rejection> {
    if amount.is_zero() { Err(Rejection::AmountNotPositive) } else { Ok(()) }
}

pub(super) fn check_list<T>(items: &[T], sku: impl Fn(&T) -> &Sku) -> Result<(), Rejection> {
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
