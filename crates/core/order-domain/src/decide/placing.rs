//! The placing of an order.

use super::checks::check_list;
use super::decision::{Decision, record};
use crate::command::PlaceOrder;
use crate::event::OrderPlaced;
use crate::total::total;
use crate::{Event, Order, Rejection};

pub(super) fn place(order: &Order, command: PlaceOrder) -> Result<Decision, Rejection> {
    if order.exists() {
        return Err(Rejection::OrderAlreadyPlaced);
    }
    let PlaceOrder { customer_id, currency, items, shipping, tax, discount, reference, metadata, quote } = command;
    check_list(&items, |item| &item.sku)?;
    let total = total(&items, shipping, tax, discount)?;
    record(Event::OrderPlaced(OrderPlaced {
        customer_id,
        currency,
        items,
        shipping,
        tax,
        discount,
        total,
        reference,
        metadata,
        quote,
    }))
}
