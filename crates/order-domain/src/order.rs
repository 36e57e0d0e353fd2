//! The state that decisions are made on.
//!
//! It rides along in stored commits, as MessagePack with structs as arrays, so it holds what a decision or a
//! reader needs and no more: what is in a shipment is known by its lines' sums and a fingerprint. No field may
//! be left out conditionally (`skip_serializing_if`): a field is known by its position.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::EventRef;
use crate::fingerprint::Fingerprint;
use crate::status::{FulfillmentFigures, FulfillmentStatus, OrderStatus, PaymentFigures, PaymentStatus};
use crate::values::{Amount, Currency, CustomerId, PaymentId, Quantity, RefundId, ReturnId, ShipmentId, Sku, Text};

/// One order, folded from its events. `Default` is the order that was never placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub(crate) placed: Option<Placed>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) refunds: Vec<Recorded<RefundId>>,
    pub(crate) shipments: Vec<Shipment>,
    pub(crate) returns: Vec<Recorded<ReturnId>>,
    pub(crate) cancelled: Option<RecordedAt>,
}

/// What was settled when the order was placed, and how far each line has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) customer_id: CustomerId,
    pub(crate) currency: Currency,
    pub(crate) total: Amount,
    pub(crate) lines: Vec<Line>,
}

/// One line of an order, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What is sold.
    pub sku: Sku,
    /// What people call it.
    pub name: Option<Text>,
    /// How many were ordered.
    pub quantity: Quantity,
    /// The price of one, in minor units.
    pub unit_price: Amount,
    /// How many were shipped; never more than ordered.
    pub shipped: u32,
    /// How many came back; never more than were shipped.
    pub returned: u32,
}

/// A payment with its latest correction and the sum of its refunds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) received: Amount,
    pub(crate) recorded: RecordedAt,
    /// As received, or as last corrected.
    pub(crate) amount: Amount,
    /// The event that set `amount`: the one a correction corrects.
    pub(crate) amount_set_by: Uuid,
    pub(crate) refunded: u64,
}

/// Where in an order's history something was recorded: the commit that made this version holds the event.
///
/// The version alone, not the event's id: a commit is found by it, and the state stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordedAt {
    /// The order's version, from 1.
    pub version: u64,
}

impl From<EventRef> for RecordedAt {
    fn from(at: EventRef) -> Self {
        Self { version: at.version }
    }
}

/// An id that was used, with what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded<Id> {
    pub(crate) id: Id,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) at: RecordedAt,
}

/// A shipment, and when its arrival was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipment {
    pub(crate) recorded: Recorded<ShipmentId>,
    pub(crate) delivered: Option<RecordedAt>,
}

impl Order {
    /// Raised whenever the fold's meaning or this struct's shape changes: snapshots of another number are not used.
    pub const SCHEMA: u32 = 1;

    /// Whether it was placed.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.placed.is_some()
    }

    /// Who ordered; `None` before it was placed.
    #[must_use]
    pub fn customer_id(&self) -> Option<&CustomerId> {
        self.placed.as_ref().map(|placed| &placed.customer_id)
    }

    /// The currency of every amount of the order; `None` before it was placed.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.placed.as_ref().map(|placed| placed.currency)
    }

    /// What is to be paid, in minor units; 0 before it was placed.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.placed.as_ref().map_or(Amount::ZERO, |placed| placed.total)
    }

    /// The lines in the order in which they were placed; none before it was placed.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.placed.as_ref().map_or(&[], |placed| &placed.lines)
    }

    /// The sum of the payments' amounts in force, in minor units. `decide` keeps it within an [`Amount`].
    #[must_use]
    pub fn amount_paid(&self) -> u64 {
        self.payments.iter().fold(0, |sum, payment| sum.saturating_add(payment.amount.minor_units()))
    }

    /// The sum of the refunds, in minor units. `decide` keeps it within what was paid.
    #[must_use]
    pub fn amount_refunded(&self) -> u64 {
        self.payments.iter().fold(0, |sum, payment| sum.saturating_add(payment.refunded))
    }

    /// Whether it was cancelled.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled.is_some()
    }

    /// The one word for a customer.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        OrderStatus::of(self.is_cancelled(), self.payment_status(), self.fulfillment_status())
    }

    /// Where its payment stands.
    #[must_use]
    pub fn payment_status(&self) -> PaymentStatus {
        PaymentStatus::of(self.payment_figures())
    }

    /// Where its fulfilment stands.
    #[must_use]
    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        FulfillmentStatus::of(self.fulfillment_figures())
    }

    pub(crate) fn payment_figures(&self) -> PaymentFigures {
        PaymentFigures {
            total: self.total().minor_units(),
            paid: self.amount_paid(),
            refunded: self.amount_refunded(),
            cancelled: self.is_cancelled(),
        }
    }

    pub(crate) fn fulfillment_figures(&self) -> FulfillmentFigures {
        let lines = self.lines();
        FulfillmentFigures {
            ordered: lines.iter().map(|line| u64::from(line.quantity.get())).sum(),
            shipped: lines.iter().map(|line| u64::from(line.shipped)).sum(),
            returned: lines.iter().map(|line| u64::from(line.returned)).sum(),
            any_undelivered: self.shipments.iter().any(|shipment| shipment.delivered.is_none()),
        }
    }

    pub(crate) fn line(&self, sku: &Sku) -> Option<&Line> {
        self.lines().iter().find(|line| line.sku == *sku)
    }

    pub(crate) fn payment(&self, id: &PaymentId) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == *id)
    }

    pub(crate) fn refund(&self, id: &RefundId) -> Option<&Recorded<RefundId>> {
        self.refunds.iter().find(|refund| refund.id == *id)
    }

    pub(crate) fn shipment(&self, id: &ShipmentId) -> Option<&Shipment> {
        self.shipments.iter().find(|shipment| shipment.recorded.id == *id)
    }

    pub(crate) fn returned(&self, id: &ReturnId) -> Option<&Recorded<ReturnId>> {
        self.returns.iter().find(|returned| returned.id == *id)
    }
}
