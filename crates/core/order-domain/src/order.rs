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
use crate::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, PaymentId, Quantity, Reference, RefundId, ReturnId,
    ShipmentId, Sku, Text,
};

/// One order, folded from its events. `Default` is the order that was never placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub(crate) placed: Option<Placed>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) corrections: Vec<Recorded<CorrectionId>>,
    pub(crate) refunds: Vec<Reducing<RefundId>>,
    pub(crate) shipments: Vec<Shipment>,
    pub(crate) returns: Vec<Recorded<ReturnId>>,
    pub(crate) cancellations: Vec<Reducing<CancellationId>>,
    /// The version that cancelled the order, or its last unit.
    pub(crate) cancelled: Option<RecordedAt>,
    /// The amount due, as the last event that changed it states it.
    pub(crate) due: Amount,
}

/// The terms on which the order was placed, and the progress of each line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) customer_id: CustomerId,
    pub(crate) currency: Currency,
    pub(crate) total: Amount,
    pub(crate) lines: Vec<Line>,
    pub(crate) charges: Charges,
    pub(crate) reference: Option<Reference>,
    /// True if the order has metadata: that itself stays in the order's first event, to keep the state small.
    pub(crate) has_metadata: bool,
}

/// The charges beside the items, in minor units: total = items + shipping + tax - discount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    /// Shipping charged.
    pub shipping: Amount,
    /// Tax charged.
    pub tax: Amount,
    /// Discount granted.
    pub discount: Amount,
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
    /// The units shipped; never more than ordered and not cancelled.
    pub shipped: u32,
    /// How many came back; never more than were shipped.
    pub returned: u32,
    /// The units cancelled before they were shipped.
    pub cancelled: u32,
}

impl Line {
    /// The units still to be shipped, as long as the order is not cancelled.
    #[must_use]
    pub const fn left_to_ship(&self) -> u32 {
        self.quantity.get().saturating_sub(self.cancelled).saturating_sub(self.shipped)
    }
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
    /// The sum of the reductions of this payment's refunds, from the last on that gave it back in full.
    pub(crate) reductions: u64,
    /// The reduction of the last refund, if it gave the payment back in full: nothing is forgiven there unless it is named.
    pub(crate) named: u64,
}

impl Payment {
    /// True if the payment was given back in full, by one refund or by several.
    pub(crate) const fn is_given_back(&self) -> bool {
        self.refunded > 0 && self.refunded >= self.amount.minor_units()
    }

    /// The amount of what is due that this payment's refunds forgive. A payment that was given back in full is undone, and the
    /// debt stays: it forgives only what the refund that completed it names.
    pub(crate) const fn forgiven(&self) -> u64 {
        if self.is_given_back() { self.named } else { self.reductions }
    }

    /// The payment after one more refund.
    pub(crate) fn refund(&mut self, amount: Amount, reduction: Amount) {
        self.refunded = self.refunded.saturating_add(amount.minor_units());
        let reduction = reduction.minor_units();
        // A refund that gives the payment back ends what earlier ones forgave, whatever corrections follow.
        (self.reductions, self.named) =
            if self.is_given_back() { (reduction, reduction) } else { (self.reductions.saturating_add(reduction), 0) };
    }
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

/// An id that was used to lower what is due, and by how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reducing<Id> {
    pub(crate) recorded: Recorded<Id>,
    pub(crate) reduction: Amount,
}

/// A shipment, and when its arrival was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipment {
    pub(crate) recorded: Recorded<ShipmentId>,
    pub(crate) delivered: Option<RecordedAt>,
}

impl Order {
    /// Raised whenever the fold's meaning or this struct's shape changes: snapshots of another number are not used.
    pub const SCHEMA: u32 = 2;

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

    /// Items, shipping and tax less the discount, in minor units; 0 before it was placed.
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

    /// The charges beside the items; none before it was placed.
    #[must_use]
    pub fn charges(&self) -> Charges {
        self.placed.as_ref().map_or_else(Charges::default, |placed| placed.charges)
    }

    /// The shop's own order number.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.placed.as_ref().and_then(|placed| placed.reference.as_ref())
    }

    /// True if the order has metadata, which its first event holds.
    #[must_use]
    pub fn has_metadata(&self) -> bool {
        self.placed.as_ref().is_some_and(|placed| placed.has_metadata)
    }

    /// The amount due, in minor units: the total, less the reductions of cancelled items, less what refunds forgive; 0 once
    /// the order is cancelled.
    #[must_use]
    pub const fn due(&self) -> Amount {
        self.due
    }

    /// The amount paid beyond what is due, in minor units: to be given back.
    #[must_use]
    pub fn credit(&self) -> Amount {
        // Never beyond what was paid, which `decide` keeps within an amount.
        Amount::new(self.payment_figures().credit()).unwrap_or_default()
    }

    /// True if it was cancelled, as a whole or down to its last unit.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled.is_some()
    }

    /// True if units may be shipped: the order is not cancelled, and what is due is paid.
    #[must_use]
    pub fn may_ship(&self) -> bool {
        self.payment_figures().may_ship()
    }

    /// The units still to be shipped, over all lines; 0 once the order is cancelled. A return does not change it.
    #[must_use]
    pub fn units_to_ship(&self) -> u64 {
        self.fulfillment_figures().units_to_ship(self.is_cancelled())
    }

    /// True if there are units to be shipped that may be shipped.
    #[must_use]
    pub fn to_ship(&self) -> bool {
        self.may_ship() && self.units_to_ship() > 0
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

    /// The figures that the payment status is derived from.
    #[must_use]
    pub fn payment_figures(&self) -> PaymentFigures {
        PaymentFigures {
            due: self.due.minor_units(),
            paid: self.amount_paid(),
            refunded: self.amount_refunded(),
            forgiven: self.price_left().minor_units().saturating_sub(self.due.minor_units()),
            cancelled: self.is_cancelled(),
        }
    }

    /// The total less the reductions of cancelled items: what is due where no refund forgives anything. 0 once the order is
    /// cancelled.
    fn price_left(&self) -> Amount {
        if self.is_cancelled() {
            return Amount::ZERO;
        }
        let reductions = self.cancellations.iter().map(|cancellation| cancellation.reduction);
        reductions.fold(self.total(), Amount::saturating_sub)
    }

    /// The amount due by its definition if the payment of that id were this one: the total, less the reductions of cancelled
    /// items, less what refunds forgive.
    pub(crate) fn due_with(&self, changed: &Payment) -> Amount {
        let payments = self.payments.iter().map(|payment| if payment.id == changed.id { changed } else { payment });
        let forgiven = payments.fold(0_u64, |sum, payment| sum.saturating_add(payment.forgiven()));
        // A sum beyond the largest amount is more than any price.
        Amount::new(forgiven).map_or(Amount::ZERO, |forgiven| self.price_left().saturating_sub(forgiven))
    }

    pub(crate) fn fulfillment_figures(&self) -> FulfillmentFigures {
        let lines = self.lines();
        FulfillmentFigures {
            ordered: lines.iter().map(|line| u64::from(line.quantity.get().saturating_sub(line.cancelled))).sum(),
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

    pub(crate) fn correction(&self, id: &CorrectionId) -> Option<&Recorded<CorrectionId>> {
        self.corrections.iter().find(|correction| correction.id == *id)
    }

    pub(crate) fn refund(&self, id: &RefundId) -> Option<&Reducing<RefundId>> {
        self.refunds.iter().find(|refund| refund.recorded.id == *id)
    }

    pub(crate) fn shipment(&self, id: &ShipmentId) -> Option<&Shipment> {
        self.shipments.iter().find(|shipment| shipment.recorded.id == *id)
    }

    pub(crate) fn cancellation(&self, id: &CancellationId) -> Option<&Reducing<CancellationId>> {
        self.cancellations.iter().find(|cancellation| cancellation.recorded.id == *id)
    }

    /// The number of ids recorded of the order: see [`MAX_CHANGES`](crate::values::MAX_CHANGES).
    pub(crate) const fn changes(&self) -> usize {
        self.payments.len()
            + self.corrections.len()
            + self.refunds.len()
            + self.shipments.len()
            + self.returns.len()
            + self.cancellations.len()
    }

    pub(crate) fn returned(&self, id: &ReturnId) -> Option<&Recorded<ReturnId>> {
        self.returns.iter().find(|returned| returned.id == *id)
    }
}
