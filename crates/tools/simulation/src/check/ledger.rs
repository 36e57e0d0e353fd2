//! A ledger of an order: the figures and statuses of its recorded events, added up apart from the domain's fold.
//!
//! It uses only the events of the domain. The rules are those of the design, implemented a second time.

use std::collections::{BTreeMap, BTreeSet};

use order_aggregate::OrderCommit;
use order_domain::Event;
use order_domain::event::{ItemQuantity, OrderPlaced};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::facts::{Money, Shipment, Units, facts};

/// One line of an order, as a query shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    pub(super) sku: String,
    #[serde(rename = "quantity")]
    pub(super) ordered: u64,
    #[serde(rename = "unitPrice")]
    pub(super) price: u64,
    pub(super) shipped: u64,
    pub(super) returned: u64,
    pub(super) cancelled: u64,
}

/// One payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) amount: u64,
    pub(super) refunded: u64,
    /// The sum of the reductions of its refunds, beginning with the last one that refunded it in full.
    pub(super) reductions: u64,
    /// The reduction of the last refund, if it refunded the payment in full.
    named: u64,
}

impl Paid {
    /// The part of the amount due that its refunds forgive. For a payment that was refunded in full, only the reduction that the
    /// last refund names.
    pub(super) fn forgiven(&self) -> u64 {
        if self.refunded > 0 && self.refunded == self.amount { self.named } else { self.reductions }
    }
}

/// An order after some of its events.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    pub(super) customer: String,
    pub(super) currency: String,
    pub(super) total: u64,
    pub(super) shipping: u64,
    tax: u64,
    discount: u64,
    reference: Option<String>,
    pub(super) metadata: Map<String, Value>,
    pub(super) lines: Vec<Line>,
    pub(super) payments: BTreeMap<String, Paid>,
    /// The reductions of cancelled items.
    taken_off: u64,
    pub(super) cancelled: bool,
    /// Shipments that have not been delivered.
    undelivered: BTreeSet<String>,
    /// The recorded ids, by kind.
    pub(super) ids: BTreeSet<(&'static str, String)>,
}

impl Ledger {
    /// The ledger at each version, from 0.
    pub(super) fn of_versions(commits: &[OrderCommit]) -> Vec<Self> {
        let mut ledgers = vec![Self::default()];
        for (place, commit) in commits.iter().enumerate() {
            let mut ledger = ledgers[place].clone();
            commit.events.iter().for_each(|recorded| ledger.enter(&recorded.event));
            ledgers.push(ledger);
        }
        ledgers
    }

    /// Enters the next event.
    pub(super) fn enter(&mut self, event: &Event) {
        let facts = facts(event);
        self.ids.extend(facts.id);
        if let Some(placed) = facts.placed {
            self.begin(placed);
        }
        let reduction = facts.reduction.unwrap_or(0);
        if let Some((payment, money)) = facts.money {
            self.pay(payment, money, reduction);
        }
        match facts.shipment {
            Some((shipment, Shipment::Sent)) => drop(self.undelivered.insert(shipment.to_owned())),
            Some((shipment, Shipment::Delivered)) => drop(self.undelivered.remove(shipment)),
            None => {}
        }
        match facts.units {
            Some((Units::Shipped, items)) => self.add(items, |line| &mut line.shipped),
            Some((Units::Returned, items)) => self.add(items, |line| &mut line.returned),
            Some((Units::Cancelled, items)) => {
                self.add(items, |line| &mut line.cancelled);
                self.taken_off += reduction;
                self.cancelled |= self.left() == 0;
            }
            None => {}
        }
        self.cancelled |= facts.cancels;
    }

    fn pay(&mut self, payment: &str, money: Money, reduction: u64) {
        let entry = self.payments.entry(payment.to_owned());
        match money {
            Money::Received(amount) => drop(entry.or_insert(Paid { amount, ..Paid::default() })),
            Money::Corrected(amount) => entry.or_default().amount = amount,
            Money::Refunded(amount) => {
                let paid = entry.or_default();
                paid.refunded += amount;
                let completes = paid.refunded == paid.amount;
                paid.reductions = if completes { reduction } else { paid.reductions + reduction };
                paid.named = if completes { reduction } else { 0 };
            }
        }
    }

    fn begin(&mut self, event: &OrderPlaced) {
        self.customer = event.customer_id.to_string();
        event.currency.code().clone_into(&mut self.currency);
        self.total = event.total.minor_units();
        self.shipping = event.shipping.minor_units();
        self.tax = event.tax.minor_units();
        self.discount = event.discount.minor_units();
        self.reference = event.reference.as_ref().map(|reference| reference.as_str().to_owned());
        self.metadata = event.metadata.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let lines = event.items.iter().map(|item| Line {
            sku: item.sku.to_string(),
            ordered: item.quantity.get().into(),
            price: item.unit_price.minor_units(),
            shipped: 0,
            returned: 0,
            cancelled: 0,
        });
        self.lines = lines.collect();
    }

    fn add(&mut self, items: &[ItemQuantity], to: impl Fn(&mut Line) -> &mut u64) {
        for item in items {
            if let Some(line) = self.lines.iter_mut().find(|line| line.sku == item.sku.as_str()) {
                *to(line) += u64::from(item.quantity.get());
            }
        }
    }

    fn sum(&self, of: impl Fn(&Line) -> u64) -> u64 {
        self.lines.iter().map(of).sum()
    }

    /// The units ordered and not cancelled.
    pub(super) fn left(&self) -> u64 {
        self.sum(|line| line.ordered).saturating_sub(self.sum(|line| line.cancelled))
    }

    pub(super) fn amount_paid(&self) -> u64 {
        self.payments.values().map(|paid| paid.amount).sum()
    }

    pub(super) fn amount_refunded(&self) -> u64 {
        self.payments.values().map(|paid| paid.refunded).sum()
    }

    /// The amount by which refunds lower the amount due, or 0 for a cancelled order.
    pub(super) fn forgiven(&self) -> u64 {
        if self.cancelled { 0 } else { self.total.saturating_sub(self.taken_off).saturating_sub(self.due()) }
    }

    pub(super) fn net(&self) -> u64 {
        self.amount_paid().saturating_sub(self.amount_refunded())
    }

    /// The amount due, by its definition.
    pub(super) fn due(&self) -> u64 {
        let forgiven: u64 = self.payments.values().map(Paid::forgiven).sum();
        if self.cancelled { 0 } else { self.total.saturating_sub(self.taken_off).saturating_sub(forgiven) }
    }

    pub(super) fn may_ship(&self) -> bool {
        !self.cancelled && self.net() >= self.due()
    }

    pub(super) fn units_to_ship(&self) -> u64 {
        if self.cancelled { 0 } else { self.left().saturating_sub(self.sum(|line| line.shipped)) }
    }

    pub(super) fn to_ship(&self) -> bool {
        self.may_ship() && self.units_to_ship() > 0
    }

    /// The share of units in the total without shipping, by the prices of all ordered units, rounded down.
    pub(super) fn share(&self, items: &[ItemQuantity]) -> u64 {
        let price = |sku: &str| self.lines.iter().find(|line| line.sku == sku).map_or(0, |line| u128::from(line.price));
        let part: u128 = items.iter().map(|item| price(item.sku.as_str()) * u128::from(item.quantity.get())).sum();
        let all: u128 = self.lines.iter().map(|line| u128::from(line.price) * u128::from(line.ordered)).sum();
        let shared = u128::from(self.total.saturating_sub(self.shipping));
        (shared * part).checked_div(all).and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
    }

    pub(super) fn payment_status(&self) -> &'static str {
        let (net, due, has_refunds) = (self.net(), self.due(), self.amount_refunded() > 0);
        if net > due {
            "credit_owed"
        } else if self.cancelled {
            if has_refunds { "refunded" } else { "void" }
        } else if has_refunds && net == 0 && due > 0 {
            "refunded"
        } else if net == due {
            if self.forgiven() > 0 { "partially_refunded" } else { "paid" }
        } else if net > 0 {
            "partially_paid"
        } else {
            "unpaid"
        }
    }

    pub(super) fn fulfillment_status(&self) -> &'static str {
        let (left, shipped, returned) = (self.left(), self.sum(|line| line.shipped), self.sum(|line| line.returned));
        if left == 0 {
            "unfulfilled"
        } else if returned == left {
            "returned"
        } else if returned > 0 {
            "partially_returned"
        } else if shipped == left && self.undelivered.is_empty() {
            "delivered"
        } else if shipped == left {
            "shipped"
        } else if shipped > 0 {
            "partially_shipped"
        } else {
            "unfulfilled"
        }
    }

    pub(super) fn status(&self) -> &'static str {
        if self.cancelled {
            return "cancelled";
        }
        match (self.fulfillment_status(), self.payment_status()) {
            ("unfulfilled", "refunded") => "refunded",
            ("unfulfilled", "paid" | "credit_owed" | "partially_refunded") => "paid",
            ("unfulfilled", "partially_paid") => "partially_paid",
            ("unfulfilled", _) => "placed",
            (fulfillment, _) => fulfillment,
        }
    }

    /// The order as a query shows it, without its times and its metadata.
    pub(super) fn shown(&self, order: &str, version: u64) -> Value {
        let mut shown = json!({
            "orderId": order, "customerId": self.customer, "status": self.status(),
            "paymentStatus": self.payment_status(), "fulfillmentStatus": self.fulfillment_status(),
            "currency": self.currency, "total": self.total,
            "shipping": self.shipping, "tax": self.tax, "discount": self.discount, "due": self.due(),
            "amountPaid": self.amount_paid(), "amountRefunded": self.amount_refunded(),
            "itemCount": self.sum(|line| line.ordered), "unitsToShip": self.units_to_ship(),
            "toShip": self.to_ship(), "items": self.lines, "version": version,
        });
        if let Some(reference) = &self.reference {
            shown["reference"] = json!(reference);
        }
        shown
    }
}
