//! The filters of a list of orders.

use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use timestamp::Timestamp;

use crate::invalid::Fault;
use crate::parameters::{Parameters, read_boolean, read_timestamp};

/// The filters of a list. An order is listed if it matches all given filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only orders of that status.
    pub status: Option<OrderStatus>,
    /// Only orders of that payment status.
    pub payment_status: Option<PaymentStatus>,
    /// Only orders of that fulfilment status.
    pub fulfillment_status: Option<FulfillmentStatus>,
    /// Only orders that have, or do not have, units that can be shipped now.
    pub to_ship: Option<bool>,
    /// Only orders placed at that instant or later.
    pub from: Option<Timestamp>,
    /// Only orders placed before that instant.
    pub to: Option<Timestamp>,
}

impl OrderFilter {
    /// Returns the filter as part of a cursor's scope. The status is always first, even if it is absent, as in the
    /// cursors of the first release. The other filters are named.
    pub(super) fn scope(&self) -> Vec<String> {
        let named = |name: &str, value: Option<String>| value.map(|value| format!("{name}={value}"));
        let further = [
            named("paymentStatus", self.payment_status.map(|status| status.as_str().to_owned())),
            named("fulfillmentStatus", self.fulfillment_status.map(|status| status.as_str().to_owned())),
            named("toShip", self.to_ship.map(|to_ship| to_ship.to_string())),
            named("from", self.from.map(|from| from.epoch_ms().to_string())),
            named("to", self.to.map(|to| to.epoch_ms().to_string())),
        ];
        let status = self.status.map_or("", OrderStatus::as_str).to_owned();
        std::iter::once(status).chain(further.into_iter().flatten()).collect()
    }
}

impl Parameters<'_> {
    /// Reads the filters, the status by `read_order_status`; `None` if one of them is faulty.
    pub(super) fn filter(&mut self, read_order_status: fn(&str) -> Result<OrderStatus, Fault>) -> Option<OrderFilter> {
        let status = self.read("status", read_order_status);
        let payment_status =
            self.read("paymentStatus", |word| read_status(word, PaymentStatus::ALL, PaymentStatus::as_str));
        let fulfillment_status =
            self.read("fulfillmentStatus", |word| read_status(word, FulfillmentStatus::ALL, FulfillmentStatus::as_str));
        let to_ship = self.read("toShip", read_boolean);
        let from = self.read("from", read_timestamp);
        let to = self.read("to", read_timestamp);
        if let (Some(Some(from)), Some(Some(to))) = (from, to)
            && from > to
        {
            self.conflict("from", "must not be after to");
            return None;
        }
        Some(OrderFilter {
            status: status?,
            payment_status: payment_status?,
            fulfillment_status: fulfillment_status?,
            to_ship: to_ship?,
            from: from?,
            to: to?,
        })
    }
}

/// Reads a status of an order.
pub(super) fn read_order_status(word: &str) -> Result<OrderStatus, Fault> {
    read_status(word, OrderStatus::ALL, OrderStatus::as_str)
}

/// Reads a status of an open order.
pub(super) fn read_open_status(word: &str) -> Result<OrderStatus, Fault> {
    let open: Vec<_> = OrderStatus::ALL.iter().copied().filter(|status| !status.is_closed()).collect();
    read_status(word, &open, OrderStatus::as_str).map_err(|fault| match OrderStatus::parse(word) {
        None => fault,
        Some(_) => Fault::new(
            "closed_status",
            "is a closed status: the list has such an order only while money is due or owed, and `paymentStatus` finds it; \
             for all closed orders, list the orders of a customer, or build a report from the published events",
        ),
    })
}

fn read_status<T: Copy>(word: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Result<T, Fault> {
    all.iter().copied().find(|status| as_str(*status) == word).ok_or_else(|| {
        let words: Vec<_> = all.iter().copied().map(as_str).collect();
        Fault::new("unknown_status", format!("must be one of {}", words.join(", ")))
    })
}
