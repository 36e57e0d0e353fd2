//! The rules: one function for each command. Facts from outside (a payment, a delivery) are recorded in every state of
//! the order. Our own decisions (ship, refund, correct, return, cancel) are checked strictly.
//!
//! An id that is used again with the same data changes nothing, so a retry is safe without a request id.

mod cancellation;
mod checks;
mod decision;
mod fulfillment;
mod payments;
mod placing;

pub use decision::Decision;

use crate::{Command, Order, Rejection};

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
