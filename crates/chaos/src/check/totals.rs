//! In the end a customer's totals are what the orders come to.

use std::collections::BTreeMap;

use order_store::OrderCommit;
use read_model::{Contribution, CustomerTotals, projection};

use super::findings::{Findings, Invariant};
use crate::history::History;

/// Orders, money received and money given back.
type Figures = (u64, u64, u64);

pub(super) fn check(history: &History, findings: &mut Findings) {
    let mut expected: BTreeMap<String, Figures> = BTreeMap::new();
    for contribution in history.recorded.iter().filter_map(|(_, commits)| contribution(commits)) {
        let (orders, gross, refunded) = expected.entry(contribution.currency).or_default();
        *orders += 1;
        *gross += contribution.amount_paid;
        *refunded += contribution.amount_refunded;
    }
    let figures = |it: &read_model::CurrencyTotals| (it.currency.clone(), (it.orders, it.gross, it.refunded));
    let found: BTreeMap<String, Figures> = history.totals.iter().map(figures).collect();
    let what = || format!("the totals are {found:?}, and the orders come to {expected:?}");
    findings.must(Invariant::Totals, "of every kind", found == expected, what);
}

fn contribution(commits: &[OrderCommit]) -> Option<Contribution> {
    let mut row = None;
    for (version, commit) in (0..).zip(commits) {
        row = projection::fold::<CustomerTotals>(row, version, commit).ok()?;
    }
    row
}
