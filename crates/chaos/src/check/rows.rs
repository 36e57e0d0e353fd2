//! At every moment a row is the fold of a prefix, and never a shorter one than before nor one of an older release; at the end
//! it is the fold of all.

use order_store::OrderCommit;
use parked_orders::Consumer;
use read_model::{OrderSummaryByCustomer, Projection, projection};

use super::findings::{Findings, Invariant};
use crate::history::History;
use crate::journal::SeenRow;
use crate::rolling::NextSummary;

pub(super) fn check(order: &str, commits: &[OrderCommit], history: &History, findings: &mut Findings) {
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
        for consumer in [Consumer::OrderSummaryByCustomer, Consumer::CustomerTotals] {
            let row = rows.get(&(consumer, order.to_owned())).copied().unwrap_or(0);
            let what = || format!("after a repair the row of {consumer} is at version {row} of {newest}");
            findings.must(Invariant::Repaired, order, row == *newest, what);
        }
    }
    let newest = if history.shape.is_deployed { NextSummary::NUMBER } else { OrderSummaryByCustomer::NUMBER };
    let is_complete = version == commits.len() as u64 && (version == 0 || release == u64::from(newest));
    findings.must(Invariant::RowIsComplete, order, is_complete, || {
        format!("the row ends at version {version} of release {release}, the events at {}", commits.len())
    });
}

/// The row of a release after so many commits.
fn folded(commits: &[OrderCommit], release: u64, version: u64) -> Option<SeenRow> {
    if release == u64::from(NextSummary::NUMBER) {
        fold::<NextSummary>(commits, version).map(SeenRow::Newer)
    } else {
        fold::<OrderSummaryByCustomer>(commits, version).map(SeenRow::Older)
    }
}

fn fold<P: Projection<Aggregate = order_store::Orders>>(commits: &[OrderCommit], version: u64) -> Option<P::Row> {
    let mut row = None;
    for (folded, commit) in (0..version).zip(commits) {
        row = projection::fold::<P>(row, folded, commit).ok()?;
    }
    row
}
