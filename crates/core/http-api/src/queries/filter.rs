//! The filters of a list of orders.

use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};

use super::Parameters;
use crate::invalid::{Fault, Place};
use crate::timestamps::parse_rfc3339;

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
    /// Only orders placed at that instant or later, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Only orders placed before that instant, in milliseconds since 1970.
    pub to_ms: Option<i64>,
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
            named("from", self.from_ms.map(|from| from.to_string())),
            named("to", self.to_ms.map(|to| to.to_string())),
        ];
        let status = self.status.map_or("", OrderStatus::as_str).to_owned();
        std::iter::once(status).chain(further.into_iter().flatten()).collect()
    }
}

impl Parameters<'_> {
    /// Reads the filters; `None` if one of them is faulty.
    pub(super) fn filter(&mut self) -> Option<OrderFilter> {
        let status = self.read("status", |word| read_status(word, OrderStatus::ALL, OrderStatus::as_str));
        let payment_status =
            self.read("paymentStatus", |word| read_status(word, PaymentStatus::ALL, PaymentStatus::as_str));
        let fulfillment_status =
            self.read("fulfillmentStatus", |word| read_status(word, FulfillmentStatus::ALL, FulfillmentStatus::as_str));
        let to_ship = self.read("toShip", read_boolean);
        let from_ms = self.read("from", parse_rfc3339);
        let to_ms = self.read("to", parse_rfc3339);
        if let (Some(Some(from)), Some(Some(to))) = (from_ms, to_ms)
            && from > to
        {
            let fault = Fault::new("conflicting_parameters", "must not be after to");
            self.errors.push(fault.at(Place::Parameter("from".to_owned())));
            return None;
        }
        Some(OrderFilter {
            status: status?,
            payment_status: payment_status?,
            fulfillment_status: fulfillment_status?,
            to_ship: to_ship?,
            from_ms: from_ms?,
            to_ms: to_ms?,
        })
    }

    /// Reads the filters of the list of open orders; `None` if one of them is faulty or names a closed status.
    pub(super) fn open_filter(&mut self) -> Option<OrderFilter> {
        let filter = self.filter()?;
        if filter.status.is_some_and(OrderStatus::is_closed) {
            let open: Vec<_> =
                OrderStatus::ALL.iter().filter(|status| !status.is_closed()).map(|status| status.as_str()).collect();
            let detail = format!(
                "must be one of {}; for closed orders, list the orders of a customer, or build a report from the published events",
                open.join(", ")
            );
            self.errors.push(Fault::new("closed_status", detail).at(Place::Parameter("status".to_owned())));
            return None;
        }
        Some(filter)
    }
}

fn read_status<T: Copy>(word: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Result<T, Fault> {
    all.iter().copied().find(|status| as_str(*status) == word).ok_or_else(|| {
        let words: Vec<_> = all.iter().copied().map(as_str).collect();
        Fault::new("unknown_status", format!("must be one of {}", words.join(", ")))
    })
}

/// Reads the word `true` or `false`.
pub(super) fn read_boolean(word: &str) -> Result<bool, Fault> {
    match word {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::new("not_a_boolean", "must be true or false")),
    }
}
