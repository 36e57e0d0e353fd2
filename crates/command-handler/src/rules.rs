//! The domain's rules and the caller's rights, as the event store asks for them.

use event_store::{Decided, Rules};
use http_api::Caller;
use order_domain::{Command, Decision, Event, Order, Rejection};
use order_store::Orders;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such order, or the caller may not know of it: one case, so that the two cannot be told apart.
    NotFound,
    /// The domain refuses it.
    Rejected(Rejection),
}

/// One command of one caller.
#[derive(Debug)]
pub struct OrderRules<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// What is asked.
    pub command: &'a Command,
}

impl Rules<Orders> for OrderRules<'_> {
    type Refusal = Refusal;

    /// Asked before `If-Match` is compared and before a repeat is answered, so neither tells of an order that the
    /// caller may not see.
    fn admit(&self, order: &Order) -> Result<(), Refusal> {
        match order.customer_id() {
            Some(customer) if self.caller.may_see(customer) => Ok(()),
            Some(_) | None => Err(Refusal::NotFound),
        }
    }

    fn decide(&self, order: &Order) -> Result<Decided<Event>, Refusal> {
        match order_domain::decide(order, self.command.clone()) {
            Ok(Decision::Record(events)) => Ok(Decided::Append(events)),
            Ok(Decision::Unchanged(at)) => Ok(Decided::AlreadyAt(at.version)),
            Err(Rejection::OrderNotFound) => Err(Refusal::NotFound),
            Err(rejection) => Err(Refusal::Rejected(rejection)),
        }
    }
}
