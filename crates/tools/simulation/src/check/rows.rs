//! Rows of the summaries: at every moment each is the fold of a prefix of its events, and its version and release only rise. At
//! the end it is the fold of all events.

use order_aggregate::OrderCommit;
use read_models::{OrderSummaryByCustomer, OrderSummaryRow, Projection, projection};
use serde_json::{Value, json};

use super::book::Book;
use super::findings::{Findings, Invariant};
use super::ledger::Ledger;
use crate::world::journal::Seen;
use crate::world::models::MODELS;
use crate::world::next_summary::{NextRow, NextSummary};

pub(super) fn check(book: &Book<'_>, findings: &mut Findings) {
    let Book { order, commits, history, .. } = *book;
    let (mut release, mut version) = (0, 0);
    for seen in history.kept.rows().filter(|seen| seen.order == order) {
        let before = (release, version);
        let advances = seen.projection >= release && seen.version >= version;
        (release, version) = (seen.projection, seen.version);
        findings.must(Invariant::RowAdvances, order, advances, || {
            format!("the row went from release {} and version {} to {release} and {version}", before.0, before.1)
        });
        let is_prefix = seen.row == folded(commits, release, version);
        let what = || format!("the row of version {version} is not the fold of its events");
        findings.must(Invariant::RowIsPrefix, order, is_prefix, what);
        check_figures(book, seen, findings);
    }
    let is_poisoned = history.foreign.iter().any(|(foreign, _)| foreign == order);
    if let Some((row, newest)) = history.drained.get(order)
        && !is_poisoned
        && !history.lost.contains(order)
    {
        findings.must(Invariant::RowIsDrained, order, row == newest, || {
            format!("the row was left at version {row} of {newest}")
        });
    }
    if let Some((rows, newest)) = &history.repaired
        && let Some(newest) = newest.get(order)
    {
        for model in &MODELS {
            let row = rows.get(&(model.consumer(), order.to_owned())).copied().unwrap_or(0);
            let newest = model.row_version(commits, *newest);
            let what = || format!("after a repair the row of {} is at version {row} of {newest}", model.name);
            findings.must(Invariant::Repaired, order, row == newest, what);
        }
    }
    let newest = if history.shape.is_deployed { NextSummary::NUMBER } else { OrderSummaryByCustomer::NUMBER };
    let is_complete = version == commits.len() as u64 && (version == 0 || release == u64::from(newest));
    findings.must(Invariant::RowIsComplete, order, is_complete, || {
        format!("the row ends at version {version} of release {release}, the events at {}", commits.len())
    });
}

/// A row shows the figures, units and statuses of the ledger.
fn check_figures(book: &Book<'_>, seen: &Seen, findings: &mut Findings) {
    let Some((row, (_, ledger))) = seen.row.as_ref().zip(book.at(seen.version)) else { return };
    let (shown, expected) = (figures_of_row(&row.summary), figures_of_ledger(ledger));
    let what = || format!("the row of version {} shows {shown}, and the events give {expected}", seen.version);
    findings.must(Invariant::RowTellsTheEvents, book.order, shown == expected, what);
}

fn figures_of_row(row: &OrderSummaryRow) -> Value {
    let lines = row.items.iter().map(|line| json!([line.sku, line.shipped, line.returned, line.cancelled]));
    json!({
        "due": row.due, "paid": row.amount_paid, "refunded": row.amount_refunded, "cancelled": row.cancelled,
        "forgiven": row.payment_figures().forgiven,
        "unitsToShip": row.units_to_ship(), "toShip": row.to_ship, "lines": lines.collect::<Vec<_>>(),
        "statuses": [row.status.as_str(), row.payment_status.as_str(), row.fulfillment_status.as_str()],
    })
}

fn figures_of_ledger(ledger: &Ledger) -> Value {
    let lines = ledger.lines.iter().map(|line| json!([line.sku, line.shipped, line.returned, line.cancelled]));
    json!({
        "due": ledger.due(), "paid": ledger.amount_paid(), "refunded": ledger.amount_refunded(),
        "cancelled": ledger.cancelled, "forgiven": ledger.forgiven(),
        "unitsToShip": ledger.units_to_ship(), "toShip": ledger.to_ship(), "lines": lines.collect::<Vec<_>>(),
        "statuses": [ledger.status(), ledger.payment_status(), ledger.fulfillment_status()],
    })
}

/// The row of a release at a version.
fn folded(commits: &[OrderCommit], release: u64, version: u64) -> Option<NextRow> {
    if release == u64::from(NextSummary::NUMBER) {
        return fold::<NextSummary>(commits, version);
    }
    fold::<OrderSummaryByCustomer>(commits, version).map(|summary| NextRow { summary, commits: None })
}

fn fold<P: Projection<Aggregate = order_aggregate::Orders>>(commits: &[OrderCommit], version: u64) -> Option<P::Row> {
    let mut row = None;
    for (folded, commit) in (0..version).zip(commits) {
        row = projection::fold::<P>(row, folded, commit).ok()?;
    }
    row
}
