//! In the end a customer's totals are what the orders come to.

use std::collections::BTreeMap;

use order_store::OrderCommit;
use read_model::{Contribution, CurrencyTotals, CustomerTotals, FoldError, projection};

use super::findings::{Findings, Invariant};
use crate::history::History;

pub(super) fn check(history: &History, findings: &mut Findings) {
    let mut expected: BTreeMap<String, CurrencyTotals> = BTreeMap::new();
    for (order, commits) in &history.recorded {
        let contribution = contribution(commits);
        let what = || format!("it does not fold: {:?}", contribution.as_ref().err());
        findings.must(Invariant::Totals, order, contribution.is_ok(), what);
        let Ok(Some(Contribution { currency, order, amount_paid, amount_refunded })) = contribution else { continue };
        let totals = expected.entry(currency.clone()).or_insert_with(|| CurrencyTotals {
            currency,
            orders: 0,
            gross: 0,
            refunded: 0,
            first_order: order.clone(),
            last_order: order.clone(),
        });
        totals.orders += 1;
        totals.gross += amount_paid;
        totals.refunded += amount_refunded;
        totals.first_order = totals.first_order.clone().min(order.clone());
        totals.last_order = totals.last_order.clone().max(order);
    }
    let expected: Vec<CurrencyTotals> = expected.into_values().collect();
    let mut found = history.totals.clone();
    found.sort_by(|one, other| one.currency.cmp(&other.currency));
    let what = || format!("the totals are {found:?}, and the orders come to {expected:?}");
    findings.must(Invariant::Totals, "of every kind", found == expected, what);
    for totals in &found {
        let is_left = Some(totals.net()) == totals.gross.checked_sub(totals.refunded);
        let what = || format!("net is {} of {totals:?}", totals.net());
        findings.must(Invariant::Totals, "of every kind", is_left, what);
    }
}

fn contribution(commits: &[OrderCommit]) -> Result<Option<Contribution>, FoldError> {
    let mut row = None;
    for (version, commit) in (0..).zip(commits) {
        row = projection::fold::<CustomerTotals>(row, version, commit)?;
    }
    Ok(row)
}
