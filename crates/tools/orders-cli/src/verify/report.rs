//! The report of a verification.

use std::time::Duration;

use event_store::Timestamp;
use serde_json::json;

use super::named::{Named, NamedSnapshot, lines};
use super::state::Verification;
use super::tally::{Counts, SumCounts};
use crate::sweep::Tables;
use crate::text::{bold, seconds};

/// The result of a verification, for people.
pub(super) fn summary(tables: &Tables, known: &Verification, elapsed: Duration, now: Timestamp) -> String {
    let tally = &known.tally;
    let headline = bold(&format!("{} compared with {}", tables.read_models(), tables.events));
    let mut text = format!("{headline}, in {}\n\n", seconds(elapsed));
    let mut list = |counts: &[(&str, u64)]| {
        for (name, count) in counts {
            text.push_str(&format!("{name:<18}{count}\n"));
        }
        text.push('\n');
    };
    list(&[("commits", tally.commits), ("orders", tally.orders), ("left out", tally.left_out)]);
    list(&[("snapshots", tally.snapshots.compared), ("wrong", tally.snapshots.wrong)]);
    list(&of_rows("summaries", &tally.summaries));
    if tables.totals.is_some() {
        list(&of_rows("contributions", &tally.contributions));
        let SumCounts { sums, customers, missing, different, without_orders, mended, unsettled } = tally.sums;
        list(&[
            ("sums", sums),
            ("customers", customers),
            ("missing", missing),
            ("different", different),
            ("without orders", without_orders),
            ("mended", mended),
            ("unsettled", unsettled),
        ]);
    }
    if let Some((orders, age)) = not_projected(known, now) {
        text.push_str(&format!("{:<18}{orders}, the oldest commit is {} old\n\n", "not projected yet", seconds(age)));
    }
    if !known.snapshots.is_empty() {
        let (named, wrong) = (known.snapshots.len(), tally.snapshots.wrong);
        text.push_str(&format!("The first {named} of {wrong} wrong snapshots:\n\n"));
    }
    for NamedSnapshot { order, version, changes } in &known.snapshots {
        text.push_str(&format!("the snapshot of {order} at version {version} is not the fold of the events\n"));
        text.push_str(&lines(changes, "snapshot"));
    }
    if !known.snapshots.is_empty() {
        text.push('\n');
    }
    if !known.differences.is_empty() {
        text.push_str(&format!("The first {} of {}:\n\n", known.differences.len(), tally.repairable()));
    }
    for Named { read_model, order, row, problem, changes, mended } in &known.differences {
        let whose =
            order.as_ref().map_or_else(|| format!("the row {}", row.sort), |order| format!("the row of {order}"));
        text.push_str(&format!(
            "{read_model}: {whose} (customer {}) {problem}{}\n",
            row.partition,
            if *mended { ": mended" } else { "" }
        ));
        text.push_str(&lines(changes, "row"));
    }
    text.truncate(text.trim_end().len());
    text
}

fn of_rows<'a>(what: &'a str, counts: &Counts) -> [(&'a str, u64); 9] {
    [
        (what, counts.rows),
        ("missing", counts.missing),
        ("behind", counts.behind),
        ("different", counts.different),
        ("ahead", counts.ahead),
        ("older projection", counts.older_projection),
        ("newer projection", counts.newer_projection),
        ("without order", counts.without_order),
        ("mended", counts.mended),
    ]
}

/// The orders that are not projected yet, and the age of the oldest of their newest commits.
pub(super) fn not_projected(known: &Verification, now: Timestamp) -> Option<(u64, Duration)> {
    let (orders, oldest) = known.lags.not_projected()?;
    let age = now.epoch_ms().saturating_sub(oldest.epoch_ms());
    Some((orders, Duration::from_millis(u64::try_from(age).unwrap_or(0))))
}

/// The same for machines.
pub(super) fn json(tables: &Tables, known: &Verification, now: Timestamp) -> serde_json::Result<String> {
    let (orders, age) = not_projected(known, now).unzip();
    serde_json::to_string(&json!({
        "table": tables.events,
        "rows": tables.rows,
        "totals": tables.totals,
        "verified": known.tally,
        "notProjectedYet": {
            "orders": orders.unwrap_or(0),
            "oldestSeconds": age.map(|age| age.as_secs()),
            "notLookedAtAgain": known.lags.not_looked_at_again(),
        },
        "differences": known.differences,
        "snapshotDifferences": known.snapshots,
    }))
}
