//! Money, units and ids by the recorded events, without the domain's rules.

use order_domain::Event;
use order_domain::values::Amount;

use super::findings::{Findings, Invariant};
use super::ledger::{id_of, stated_due};
use super::step::{Step, units};

/// The most ids of an order.
const MOST_IDS: usize = 1_000;

pub(super) fn check(step: &Step<'_>, findings: &mut Findings) {
    let Step { order, version, before, event, after, .. } = *step;
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
    let due = before.due();
    match event {
        Event::ItemShipped(_) => {
            let what = || {
                format!(
                    "version {version} ships while {} of {due} is paid, cancelled: {}",
                    before.net(),
                    before.cancelled
                )
            };
            findings.must(Invariant::ShipsWhenPaid, order, before.may_ship(), what);
            units_are_kept(step, findings);
        }
        Event::ItemReturned(_) => units_are_kept(step, findings),
        Event::ItemsCancelled(event) => {
            units_are_kept(step, findings);
            let is_all = units(&event.items) == before.left();
            let by_rule = if is_all { due } else { before.share(&event.items).min(due) };
            reduction(step, event.reduction, by_rule, findings);
        }
        Event::PaymentCorrected(_) => refunds_are_covered(step, findings),
        Event::PaymentRefunded(event) => {
            refunds_are_covered(step, findings);
            let paid = before.payments.get(event.payment_id.as_str()).cloned().unwrap_or_default();
            let (amount, credit) = (event.amount.minor_units(), before.net().saturating_sub(due));
            let completes = paid.refunded + amount == paid.amount;
            let by_rule = if completes { 0 } else { amount.saturating_sub(credit).min(due) };
            reduction(step, event.reduction, by_rule, findings);
        }
        Event::OrderPlaced(_) | Event::PaymentReceived(_) | Event::ItemDelivered(_) | Event::OrderCancelled(_) => {}
    }
}

fn units_are_kept(step: &Step<'_>, findings: &mut Findings) {
    for line in &step.after.lines {
        let is_kept = line.returned <= line.shipped && line.shipped + line.cancelled <= line.ordered;
        let what = || format!("version {} leaves the line {line:?}", step.version);
        findings.must(Invariant::UnitsAreKept, step.order, is_kept, what);
    }
}

fn refunds_are_covered(step: &Step<'_>, findings: &mut Findings) {
    let exceeds = step.after.payments.iter().find(|(_, paid)| paid.refunded > paid.amount);
    let what = || format!("at version {} refunds exceed the payment: {exceeds:?}", step.version);
    findings.must(Invariant::RefundsAreCovered, step.order, exceeds.is_none(), what);
}

/// The reduction is the one that the command names, or else the one of the rules.
fn reduction(step: &Step<'_>, stated: Amount, by_rule: u64, findings: &mut Findings) {
    let (stated, expected) = (stated.minor_units(), step.named.unwrap_or(by_rule));
    let what = || format!("version {} reduces by {stated}, and {expected} is correct", step.version);
    findings.must(Invariant::ReductionIsRight, step.order, stated == expected, what);
}
