//! Money, units and ids by the recorded events, without the domain's rules.

use super::facts::{Money, Units};
use super::findings::{Findings, Invariant};
use super::step::{Step, units};

/// The most ids of an order.
const MOST_IDS: usize = 1_000;

pub(super) fn check(step: &Step<'_>, findings: &mut Findings) {
    let Step { order, version, before, ref facts, after, .. } = *step;
    if let Some(stated) = facts.due {
        let what = || format!("version {version} states {stated} as due, and {} is due", after.due());
        findings.must(Invariant::DueIsStated, order, stated == after.due(), what);
    }
    if let Some((kind, id)) = &facts.id {
        let is_new = !before.ids.contains(&(*kind, id.clone()));
        let what = || format!("version {version} records the {kind} '{id}' again");
        findings.must(Invariant::IdIsRecordedOnce, order, is_new, what);
        let what = || format!("version {version} records id number {}", after.ids.len());
        findings.must(Invariant::IdsAreLimited, order, after.ids.len() <= MOST_IDS, what);
    }
    let due = before.due();
    if let Some((kind, items)) = facts.units {
        units_are_kept(step, findings);
        match kind {
            Units::Shipped => {
                let (net, is_cancelled) = (before.net(), before.cancelled);
                let what =
                    || format!("version {version} ships while {net} of {due} is paid, cancelled: {is_cancelled}");
                findings.must(Invariant::ShipsWhenPaid, order, before.may_ship(), what);
            }
            Units::Returned => {}
            Units::Cancelled => {
                let is_all = units(items) == before.left();
                let by_rule = if is_all { due } else { before.share(items).min(due) };
                reduction(step, by_rule, findings);
            }
        }
    }
    match facts.money {
        Some((_, Money::Corrected(_))) => refunds_are_covered(step, findings),
        Some((payment, Money::Refunded(amount))) => {
            refunds_are_covered(step, findings);
            let paid = before.payments.get(payment).cloned().unwrap_or_default();
            let credit = before.net().saturating_sub(due);
            let completes = paid.refunded + amount == paid.amount;
            let by_rule = if completes { 0 } else { amount.saturating_sub(credit).min(due) };
            reduction(step, by_rule, findings);
        }
        Some((_, Money::Received(_))) | None => {}
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
fn reduction(step: &Step<'_>, by_rule: u64, findings: &mut Findings) {
    let (stated, expected) = (step.facts.reduction, step.named.unwrap_or(by_rule));
    let what = || format!("version {} reduces by {stated:?}, and {expected} is correct", step.version);
    findings.must(Invariant::ReductionIsRight, step.order, stated == Some(expected), what);
}
