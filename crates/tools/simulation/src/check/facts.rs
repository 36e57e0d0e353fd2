//! The facts of an event: its meaning for the checks, in one place. A new event needs an arm here. The other checks use the facts.

use order_domain::Event;
use order_domain::event::{ItemQuantity, OrderPlaced};

/// The facts of one event.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts<'a> {
    /// The scopes that permit recording it; one of them is enough.
    pub(super) scopes: &'static [&'static str],
    /// The deed that each such event counts as.
    pub(super) deed: Option<&'static str>,
    /// The id that it records, and its kind.
    pub(super) id: Option<(&'static str, String)>,
    /// The amount due that it states.
    pub(super) due: Option<u64>,
    /// The reduction of the amount due that it states.
    pub(super) reduction: Option<u64>,
    /// The order that it places.
    pub(super) placed: Option<&'a OrderPlaced>,
    /// The payment that it changes, and the change.
    pub(super) money: Option<(&'a str, Money)>,
    /// The units that it moves, and the place.
    pub(super) units: Option<(Units, &'a [ItemQuantity])>,
    /// The shipment that it sends or delivers.
    pub(super) shipment: Option<(&'a str, Shipment)>,
    /// True if it cancels the order.
    pub(super) cancels: bool,
}

/// A change of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Money {
    /// An amount was paid.
    Received(u64),
    /// The amount is another one.
    Corrected(u64),
    /// A part of it was paid back.
    Refunded(u64),
}

/// The place to which units of an order's lines move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// To the customer.
    Shipped,
    /// Back from the customer.
    Returned,
    /// Out of the order.
    Cancelled,
}

/// A step of a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shipment {
    /// It left the warehouse.
    Sent,
    /// It arrived.
    Delivered,
}

const PAYMENTS: &[&str] = &["payments:write"];
const FULFILLMENT: &[&str] = &["fulfillment:write"];
const CANCELLATIONS: &[&str] = &["orders:place-priced", "orders:cancel"];

/// The facts of an event.
pub(super) fn facts(event: &Event) -> Facts<'_> {
    match event {
        Event::OrderPlaced(event) => Facts {
            // A customer with `orders:place` places an order from a quote. `rights` checks the quote.
            scopes: &["orders:place-priced"],
            deed: Some("orders placed"),
            due: Some(event.total.minor_units()),
            placed: Some(event),
            ..Facts::default()
        },
        Event::PaymentReceived(event) => Facts {
            scopes: PAYMENTS,
            deed: Some("payments received"),
            id: Some(("payment", event.payment_id.to_string())),
            money: Some((event.payment_id.as_str(), Money::Received(event.amount.minor_units()))),
            ..Facts::default()
        },
        Event::PaymentCorrected(event) => Facts {
            scopes: PAYMENTS,
            deed: Some("payments corrected"),
            id: Some(("correction", event.correction_id.to_string())),
            due: Some(event.due.minor_units()),
            money: Some((event.payment_id.as_str(), Money::Corrected(event.corrected_amount.minor_units()))),
            ..Facts::default()
        },
        // Refunds are counted by their parts of the payment.
        Event::PaymentRefunded(event) => Facts {
            scopes: PAYMENTS,
            id: Some(("refund", event.refund_id.to_string())),
            due: Some(event.due.minor_units()),
            reduction: Some(event.reduction.minor_units()),
            money: Some((event.payment_id.as_str(), Money::Refunded(event.amount.minor_units()))),
            ..Facts::default()
        },
        Event::ItemShipped(event) => Facts {
            scopes: FULFILLMENT,
            deed: Some("shipments"),
            id: Some(("shipment", event.shipment_id.to_string())),
            units: Some((Units::Shipped, &event.items)),
            shipment: Some((event.shipment_id.as_str(), Shipment::Sent)),
            ..Facts::default()
        },
        Event::ItemDelivered(event) => Facts {
            scopes: FULFILLMENT,
            deed: Some("deliveries"),
            shipment: Some((event.shipment_id.as_str(), Shipment::Delivered)),
            ..Facts::default()
        },
        Event::ItemReturned(event) => Facts {
            scopes: FULFILLMENT,
            deed: Some("returns"),
            id: Some(("return", event.return_id.to_string())),
            units: Some((Units::Returned, &event.items)),
            ..Facts::default()
        },
        Event::ItemsCancelled(event) => Facts {
            scopes: CANCELLATIONS,
            deed: Some("item cancellations"),
            id: Some(("cancellation", event.cancellation_id.to_string())),
            due: Some(event.due.minor_units()),
            reduction: Some(event.reduction.minor_units()),
            units: Some((Units::Cancelled, &event.items)),
            ..Facts::default()
        },
        Event::OrderCancelled(event) => Facts {
            scopes: CANCELLATIONS,
            deed: Some("orders cancelled"),
            due: Some(event.due.minor_units()),
            cancels: true,
            ..Facts::default()
        },
    }
}
