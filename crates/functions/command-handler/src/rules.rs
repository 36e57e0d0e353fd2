//! The domain's rules and the caller's rights, in the form that the event store requires.

use event_store::{Decided, Rules};
use http_api::Caller;
use order_aggregate::Orders;
use order_domain::{Command, Decision, Event, Order, Rejection};

/// One command from one caller.
#[derive(Debug)]
pub struct OrderRules<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The command.
    pub command: &'a Command,
}

impl Rules<Orders> for OrderRules<'_> {
    type Refusal = Rejection;

    /// Called before `If-Match` is compared and before a repeat is answered, so neither reveals an order that the caller
    /// may not see. For this caller, such an order does not exist.
    fn authorize(&self, order: &Order) -> Result<(), Rejection> {
        match order.customer_id() {
            Some(customer) if self.caller.may_see(customer) => Ok(()),
            Some(_) | None => Err(Rejection::OrderNotFound),
        }
    }

    fn decide(&self, order: &Order) -> Result<Decided<Event>, Rejection> {
        match order_domain::decide(order, self.command.clone())? {
            Decision::Record(events) => Ok(Decided::Append(events)),
            Decision::Unchanged(at) => Ok(Decided::AlreadyAt(at.version)),
        }
    }
}
