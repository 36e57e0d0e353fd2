//! The total of an order.

use crate::Rejection;
use crate::command::OrderItem;
use crate::values::{Amount, MAX_AMOUNT};

/// Returns items + shipping + tax - discount.
///
/// # Errors
/// Returns a rejection if the total is below 0 or above [`MAX_AMOUNT`].
pub(crate) fn total(items: &[OrderItem], shipping: Amount, tax: Amount, discount: Amount) -> Result<Amount, Rejection> {
    // A u128 cannot overflow here: a list in memory has fewer than 2^40 lines, each below 2^20 * 2^53.
    let lines: u128 =
        items.iter().map(|item| u128::from(item.quantity.get()) * u128::from(item.unit_price.minor_units())).sum();
    let gross = lines + u128::from(shipping.minor_units()) + u128::from(tax.minor_units());
    let too_large = Rejection::TotalTooLarge { max: MAX_AMOUNT };
    match gross.checked_sub(u128::from(discount.minor_units())) {
        Some(total) => amount(total).ok_or(too_large),
        None => Err(amount(gross).map_or(too_large, |gross| Rejection::TotalNegative { gross, discount })),
    }
}

fn amount(minor_units: u128) -> Option<Amount> {
    Amount::new(u64::try_from(minor_units).ok()?).ok()
}
