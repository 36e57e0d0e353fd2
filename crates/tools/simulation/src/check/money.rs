//! Money, units and ids by the recorded events, without the domain's rules.

use order_aggregate::OrderCommit;
use order_domain::Event;
use serde_json::Value;

use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use super::ledger::{Ledger, id_of, stated_due};
use crate::workload::exchange::Exchange;

/// The most ids of an order.
const MOST_IDS: usize = 1_000;

pub(super) fn check(order: &str, commits: &[OrderCommit], history: &History, findings: &mut Findings) {
    let mut ledger = Ledger::default();
    for commit in commits {
        let key = commit.request.request_id.as_str();
        for recorded in &commit.events {
            let (before, event) = (ledger.clone(), &recorded.event);
            ledger.enter(event);
            Step { order, version: commit.version, key, before: &before, event, after: &ledger }
                .check(history, findings);
        }
    }
}

/// One event, and the order before and after it.
struct Step<'a> {
    order: &'a str,
    version: u64,
    key: &'a str,
    before: &'a Ledger,
    event: &'a Event,
    after: &'a Ledger,
}

impl Step<'_> {
    fn check(&self, history: &History, findings: &mut Findings) {
        let Self { order, version, before, event, after, .. } = self;
        if let Some(stated) = stated_due(event) {
            let what = || format!("version {version} states {stated} as due, and {} is due", after.due());
            findings.must(Invariant::DueIsStated, order, stated == after.due(), what);
        }
        if let Some((kind, id)) = id_of(event) {
            let is_new = !before.ids.contains(&(kind, id.clone()));
            let what = || format!("version {version} records the {kind} '{id}' again");
            findings.must(Invariant::IdIsRecordedOnce, order, is_new, what);
            let what = || format!("version {version} records id number {}", after.ids.len());
            findings.must(Invariant::IdsAreLimited, order, after.ids.len() <= MOST_IDS, what);
        }
        match event {
            Event::ItemShipped(_) => {
                let what = || {
                    let (net, due) = (before.net(), before.due());
                    format!("version {version} ships while {net} of {due} is paid, cancelled: {}", before.cancelled)
                };
                findings.must(Invariant::ShipsWhenPaid, order, before.may_ship(), what);
                self.units(findings);
            }
            Event::ItemReturned(_) | Event::ItemsCancelled(_) => self.units(findings),
            Event::PaymentCorrected(_) | Event::PaymentRefunded(_) => {
                let exceeds = after.payments.iter().find(|(_, paid)| paid.refunded > paid.amount);
                let what = || format!("at version {version} refunds exceed the payment: {exceeds:?}");
                findings.must(Invariant::RefundsAreCovered, order, exceeds.is_none(), what);
            }
            Event::OrderPlaced(_) | Event::PaymentReceived(_) | Event::ItemDelivered(_) | Event::OrderCancelled(_) => {}
        }
        self.reduction(history, findings);
    }

    fn units(&self, findings: &mut Findings) {
        let version = self.version;
        for line in &self.after.lines {
            let is_kept = line.returned <= line.shipped && line.shipped + line.cancelled <= line.ordered;
            let what = || format!("version {version} leaves the line {line:?}");
            findings.must(Invariant::UnitsAreKept, self.order, is_kept, what);
        }
    }

    /// Checks the reduction: the one that the command names, or else the one of the rules.
    fn reduction(&self, history: &History, findings: &mut Findings) {
        let (before, due) = (self.before, self.before.due());
        let (reduction, by_rule) = match self.event {
            Event::PaymentRefunded(event) => {
                let paid = before.payments.get(event.payment_id.as_str()).cloned().unwrap_or_default();
                let amount = event.amount.minor_units();
                let credit = before.net().saturating_sub(due);
                let completes = paid.refunded + amount == paid.amount;
                let by_rule = if completes { 0 } else { amount.saturating_sub(credit).min(due) };
                (event.reduction, by_rule)
            }
            Event::ItemsCancelled(event) => {
                let units: u64 = event.items.iter().map(|item| u64::from(item.quantity.get())).sum();
                let by_rule = if units == before.left() { due } else { before.share(&event.items).min(due) };
                (event.reduction, by_rule)
            }
            Event::OrderPlaced(_)
            | Event::PaymentReceived(_)
            | Event::PaymentCorrected(_)
            | Event::ItemShipped(_)
            | Event::ItemDelivered(_)
            | Event::ItemReturned(_)
            | Event::OrderCancelled(_) => return,
        };
        let expected = named(self.key, self.order, history).unwrap_or(by_rule);
        let (version, reduction) = (self.version, reduction.minor_units());
        let what = || format!("version {version} reduces by {reduction}, and {expected} is correct");
        findings.must(Invariant::ReductionIsRight, self.order, reduction == expected, what);
    }
}

/// The reduction that a request names. All bodies of a key name the same one.
pub(super) fn named(key: &str, order: &str, history: &History) -> Option<u64> {
    let is_it = |exchange: &&Exchange| exchange.command.key == key && exchange.command.order == order;
    history.exchanges.iter().find(is_it).map(|exchange| &exchange.command.body["reduction"]).and_then(Value::as_u64)
}
