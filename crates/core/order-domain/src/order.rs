//! The state that decisions are based on.
//!
//! Stored commits carry this state as MessagePack with structs as arrays. So it contains only the data that a decision
//! or a reader needs. For example, it keeps a shipment as the sums of the lines and a fingerprint. Never leave out a
//! field conditionally (`skip_serializing_if`): the position of a field identifies it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::EventRef;
use crate::fingerprint::Fingerprint;
use crate::status::{FulfillmentFigures, FulfillmentStatus, OrderStatus, PaymentFigures, PaymentStatus};
use crate::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, PaymentId, Quantity, Reference, RefundId, ReturnId,
    ShipmentId, Sku, Text,
};

/// One order, folded from its events. `Default` is an order that was never placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub(crate) placed: Option<Placed>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) corrections: Vec<Recorded<CorrectionId>>,
    pub(crate) refunds: Vec<Reducing<RefundId>>,
    pub(crate) shipments: Vec<Shipment>,
    pub(crate) returns: Vec<Recorded<ReturnId>>,
    pub(crate) cancellations: Vec<Reducing<CancellationId>>,
    /// The version that cancelled the order or its last unit.
    pub(crate) cancelled: Option<RecordedAt>,
    /// The amount due, from the last event that changed it.
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
    /// True if the order has metadata. The metadata itself is in the order's first event, which keeps the state small.
    pub(crate) has_metadata: bool,
}

/// The charges besides the items, in minor units: total = items + shipping + tax - discount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    /// Shipping charged.
    pub shipping: Amount,
    /// Tax charged.
    pub tax: Amount,
    /// Discount granted.
    pub discount: Amount,
}

/// One line of an order and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// The product's display name.
    pub name: Option<Text>,
    /// The units ordered.
    pub quantity: Quantity,
    /// The price of one unit, in minor units.
    pub unit_price: Amount,
    /// The units shipped; never more than the units ordered and not cancelled.
    pub shipped: u32,
    /// The units returned; never more than the units shipped.
    pub returned: u32,
    /// The units cancelled before they were shipped.
    pub cancelled: u32,
}

impl Line {
    /// Returns the units still to be shipped, provided that the order is not cancelled.
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
    /// The amount as received or as last corrected.
    pub(crate) amount: Amount,
    /// The event that set `amount`. The next correction corrects this event.
    pub(crate) amount_set_by: Uuid,
    pub(crate) refunded: u64,
    /// The sum of the reductions of this payment's refunds. A refund in full restarts it with its own reduction.
    pub(crate) reductions: u64,
    /// The explicit reduction of the last refund, if that refund gave the payment back in full.
    pub(crate) named: u64,
}

impl Payment {
    /// Returns true if one refund or several gave the payment back in full.
    pub(crate) const fn is_given_back(&self) -> bool {
        self.refunded > 0 && self.refunded >= self.amount.minor_units()
    }

    /// Returns the part of the amount due that this payment's refunds forgive. A refund in full undoes the payment, and
    /// the debt remains. It forgives only the explicit reduction of the refund that completed it.
    pub(crate) const fn forgiven(&self) -> u64 {
        if self.is_given_back() { self.named } else { self.reductions }
    }

    /// Applies one more refund.
    pub(crate) fn refund(&mut self, amount: Amount, reduction: Amount) {
        self.refunded = self.refunded.saturating_add(amount.minor_units());
        let reduction = reduction.minor_units();
        // A refund in full cancels what earlier refunds forgave, whatever corrections follow.
        (self.reductions, self.named) =
            if self.is_given_back() { (reduction, reduction) } else { (self.reductions.saturating_add(reduction), 0) };
    }
}

/// A place in an order's history: the commit of this version contains the event.
///
/// It has the version and not the event's id, because the version is enough to find the commit and keeps the state
/// small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordedAt {
    /// The order's version, starting at 1.
    pub version: u64,
}

impl From<EventRef> for RecordedAt {
    fn from(at: EventRef) -> Self {
        Self { version: at.version }
    }
}

/// A used id, with the fingerprint of its data and the version that recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded<Id> {
    pub(crate) id: Id,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) at: RecordedAt,
}

/// A used id that lowered the amount due, with the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reducing<Id> {
    pub(crate) recorded: Recorded<Id>,
    pub(crate) reduction: Amount,
}

/// A shipment, and the version that recorded its arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipment {
    pub(crate) recorded: Recorded<ShipmentId>,
    pub(crate) delivered: Option<RecordedAt>,
}

impl Order {
    /// The schema number. Raise it when the meaning of the fold or the shape of this struct changes: snapshots with
    /// another number are ignored.
    pub const SCHEMA: u32 = 2;

    /// Returns true if the order was placed.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.placed.is_some()
    }

    /// Returns the customer who ordered; `None` before the order is placed.
    #[must_use]
    pub fn customer_id(&self) -> Option<&CustomerId> {
        self.placed.as_ref().map(|placed| &placed.customer_id)
    }

    /// Returns the currency of every amount of the order; `None` before the order is placed.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.placed.as_ref().map(|placed| placed.currency)
    }

    /// Returns items, shipping and tax less the discount, in minor units; 0 before the order is placed.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.placed.as_ref().map_or(Amount::ZERO, |placed| placed.total)
    }

    /// Returns the lines in the order in which they were placed; empty before the order is placed.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.placed.as_ref().map_or(&[], |placed| &placed.lines)
    }

    /// Returns the sum of the payments' amounts in force, in minor units. `decide` keeps it within an [`Amount`].
    #[must_use]
    pub fn amount_paid(&self) -> u64 {
        self.payments.iter().fold(0, |sum, payment| sum.saturating_add(payment.amount.minor_units()))
    }

    /// Returns the sum of the refunds, in minor units. `decide` keeps it at or below the sum of the payments.
    #[must_use]
    pub fn amount_refunded(&self) -> u64 {
        self.payments.iter().fold(0, |sum, payment| sum.saturating_add(payment.refunded))
    }

    /// Returns the charges besides the items; all 0 before the order is placed.
    #[must_use]
    pub fn charges(&self) -> Charges {
        self.placed.as_ref().map_or_else(Charges::default, |placed| placed.charges)
    }

    /// Returns the shop's own order number.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.placed.as_ref().and_then(|placed| placed.reference.as_ref())
    }

    /// Returns true if the order has metadata. Its first event contains the metadata.
    #[must_use]
    pub fn has_metadata(&self) -> bool {
        self.placed.as_ref().is_some_and(|placed| placed.has_metadata)
    }

    /// Returns the amount due, in minor units: the total, less the reductions of cancelled items, less the amount that
    /// refunds forgive. It is 0 once the order is cancelled.
    #[must_use]
    pub const fn due(&self) -> Amount {
        self.due
    }

    /// Returns the amount paid beyond the amount due, in minor units. The shop owes it to the customer.
    #[must_use]
    pub fn credit(&self) -> Amount {
        // The credit never exceeds the sum paid, which `decide` keeps within an amount.
        Amount::new(self.payment_figures().credit()).unwrap_or_default()
    }

    /// Returns true if the whole order or its last unit was cancelled.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled.is_some()
    }

    /// Returns true if units may be shipped: the order is not cancelled, and the amount due is paid.
    #[must_use]
    pub fn may_ship(&self) -> bool {
        self.payment_figures().may_ship()
    }

    /// Returns the units still to be shipped, over all lines; 0 once the order is cancelled. A return does not change
    /// it.
    #[must_use]
    pub fn units_to_ship(&self) -> u64 {
        self.fulfillment_figures().units_to_ship(self.is_cancelled())
    }

    /// Returns true if units are left to ship and may be shipped.
    #[must_use]
    pub fn to_ship(&self) -> bool {
        self.may_ship() && self.units_to_ship() > 0
    }

    /// Returns the status word for a customer.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        OrderStatus::of(self.is_cancelled(), self.payment_status(), self.fulfillment_status())
    }

    /// Returns the payment status.
    #[must_use]
    pub fn payment_status(&self) -> PaymentStatus {
        PaymentStatus::of(self.payment_figures())
    }

    /// Returns the fulfilment status.
    #[must_use]
    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        FulfillmentStatus::of(self.fulfillment_figures())
    }

    /// Returns the figures that the payment status is derived from.
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

    /// Returns the total less the reductions of cancelled items. This is the amount due if no refund forgives anything.
    /// It is 0 once the order is cancelled.
    fn price_left(&self) -> Amount {
        if self.is_cancelled() {
            return Amount::ZERO;
        }
        let reductions = self.cancellations.iter().map(|cancellation| cancellation.reduction);
        reductions.fold(self.total(), Amount::saturating_sub)
    }

    /// Returns the amount due if `changed` replaced the payment with the same id: the total, less the reductions of
    /// cancelled items, less the amount that refunds forgive.
    pub(crate) fn due_with(&self, changed: &Payment) -> Amount {
        let payments = self.payments.iter().map(|payment| if payment.id == changed.id { changed } else { payment });
        let forgiven = payments.fold(0_u64, |sum, payment| sum.saturating_add(payment.forgiven()));
        // A sum above the largest amount exceeds every price.
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

    /// Returns the number of ids recorded of the order: see [`MAX_CHANGES`](crate::values::MAX_CHANGES).
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
