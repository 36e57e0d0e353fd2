//! Cancelling an order.

use super::{Decision, record};
use crate::command::CancelOrder;
use crate::event::OrderCancelled;
use crate::{Event, Order, Rejection};

pub(super) fn cancel(order: &Order, command: CancelOrder) -> Result<Decision, Rejection> {
    if let Some(at) = order.cancelled {
        return Ok(Decision::Unchanged(at));
    }
    let figures = order.fulfillment_figures();
    if figures.shipped > 0 {
        return Err(Rejection::AlreadyShipped { ordered: figures.ordered, shipped: figures.shipped });
    }
    let CancelOrder { reason } = command;
    record(Event::OrderCancelled(OrderCancelled { reason }))
}
