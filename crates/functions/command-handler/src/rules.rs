//! The domain's rules and the caller's rights, as the event store asks for them.

use event_store::{Decided, Rules};
use http_api::Caller;
use order_aggregate::Orders;
use order_domain::{Command, Decision, Event, Order, Rejection};

/// One command of one caller.
#[derive(Debug)]
pub struct OrderRules<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// What is asked.
    pub command: &'a Command,
}

impl Rules<Orders> for OrderRules<'_> {
    type Refusal = Rejection;

    /// Asked before `If-Match` is compared and before a repeat is answered, so neither tells of an order that the
    /// caller may not see: to them it is an order that does not exist.
    fn admit(&self, order: &Order) -> Result<(), Rejection> {
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
