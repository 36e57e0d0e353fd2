//! The report of a verification, and its verdict.

use std::time::Duration;

use event_store::{ChangedValue, Timestamp};
use operations::verify::{NamedDifference, NamedSnapshot, RowCounts, SumCounts, Verification, VerifyCounts};
use serde_json::{Value, json};

use crate::sweep::{Progress, Tables};
use crate::text::{bold, complain, seconds};

/// The maximum number of characters of a value in a line.
const VALUE: usize = 48;
/// The maximum number of values of one difference in the text. JSON contains all.
const SHOWN: usize = 8;

/// The result of a completed verification, as the exit code of the command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Rows and events agree.
    Clean = 0,
    /// No row differs, but some orders cannot be folded, or some sums cannot be checked.
    Incomplete = 1,
    /// Some rows differ.
    Differences = 3,
    /// Nothing differs, but the projector has not processed some orders yet.
    NotProjectedYet = 4,
}

impl Progress for Verification {
    fn so_far(&self) -> String {
        let VerifyCounts { orders, .. } = self.counts;
        format!("{orders} orders, {} differences, {} repaired", self.counts.found(), self.counts.repaired())
    }
}

/// Returns the result of a verification as text.
pub(super) fn summary(tables: &Tables, known: &Verification, elapsed: Duration, now: Timestamp) -> String {
    let counts = &known.counts;
    let headline = bold(&format!("{} compared with {}", tables.read_models(), tables.events));
    let mut text = format!("{headline}, in {}\n\n", seconds(elapsed));
    let orders = [("commits", counts.commits), ("orders", counts.orders), ("left out", counts.left_out)];
    text.push_str(&list(None, &orders));
    let snapshots = [("compared", counts.snapshots.compared), ("wrong", counts.snapshots.wrong)];
    text.push_str(&list(Some("snapshots"), &snapshots));
    for (read_model, rows) in &counts.read_models {
        text.push_str(&list(Some(read_model), &of_rows(rows)));
        if let Some(sums) = &rows.sums {
            text.push_str(&list(Some(&format!("sums of {read_model}")), &of_sums(sums)));
        }
    }
    if let Some((orders, age)) = not_projected(known, now) {
        text.push_str(&format!("{:<20}{orders}, the oldest commit is {} old\n\n", "not projected yet", seconds(age)));
    }
    text.push_str(&named(known));
    text.truncate(text.trim_end().len());
    text
}

fn list(headline: Option<&str>, counts: &[(&str, u64)]) -> String {
    let line = |(name, count): &(&str, u64)| match headline {
        Some(_) => format!("  {name:<18}{count}\n"),
        None => format!("{name:<20}{count}\n"),
    };
    let headline = headline.map(|headline| format!("{headline}\n")).unwrap_or_default();
    format!("{headline}{}\n", counts.iter().map(line).collect::<String>())
}

fn of_rows(counts: &RowCounts) -> [(&'static str, u64); 9] {
    [
        ("rows", counts.rows),
        ("missing", counts.missing),
        ("behind", counts.behind),
        ("different", counts.different),
        ("ahead", counts.ahead),
        ("older projection", counts.older_projection),
        ("newer projection", counts.newer_projection),
        ("without order", counts.without_order),
        ("repaired", counts.repaired),
    ]
}

fn of_sums(counts: &SumCounts) -> [(&'static str, u64); 7] {
    [
        ("sums", counts.sums),
        ("partitions", counts.partitions),
        ("missing", counts.missing),
        ("different", counts.different),
        ("without rows", counts.without_rows),
        ("repaired", counts.repaired),
        ("unsettled", counts.unsettled),
    ]
}

/// Lists the first differences by name.
fn named(known: &Verification) -> String {
    let mut text = String::new();
    if !known.snapshots.is_empty() {
        let (named, wrong) = (known.snapshots.len(), known.counts.snapshots.wrong);
        text.push_str(&format!("The first {named} of {wrong} wrong snapshots:\n\n"));
        for NamedSnapshot { order, version, changes } in &known.snapshots {
            text.push_str(&format!(
                "the snapshot of {order} at version {version} differs from the fold of the events\n"
            ));
            text.push_str(&lines(changes, "snapshot"));
        }
        text.push('\n');
    }
    if !known.differences.is_empty() {
        text.push_str(&format!("The first {} of {}:\n\n", known.differences.len(), known.counts.repairable()));
    }
    for NamedDifference { read_model, order, row, problem, changes, repaired } in &known.differences {
        let row_name =
            order.as_ref().map_or_else(|| format!("the row {}", row.sort), |order| format!("the row of {order}"));
        let partition = &row.partition;
        let repaired = if *repaired { ": repaired" } else { "" };
        text.push_str(&format!("{read_model}: {row_name} (partition {partition}) {problem}{repaired}\n"));
        text.push_str(&lines(changes, "row"));
    }
    text
}

/// Lists the values that differ, one a line: `    amountPaid: 1 in the row, 2997 from the events`.
fn lines(changes: &[ChangedValue], place: &str) -> String {
    let shown = |changed: &ChangedValue| {
        let (found, expected) = (shortened(changed.found.as_ref()), shortened(changed.expected.as_ref()));
        format!("    {}: {found} in the {place}, {expected} from the events\n", changed.attribute)
    };
    let mut lines: String = changes.iter().take(SHOWN).map(shown).collect();
    if let Some(more) = changes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push_str(&format!("    and {more} more values: --json prints all\n"));
    }
    lines
}

fn shortened(value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let text = value.to_string();
    if text.chars().count() <= VALUE {
        return text;
    }
    text.chars().take(VALUE - 1).chain(['…']).collect()
}

/// Returns the number of orders that are not projected yet, and the age of the oldest of their newest commits.
pub(super) fn not_projected(known: &Verification, now: Timestamp) -> Option<(u64, Duration)> {
    let (orders, oldest) = known.lags.not_projected()?;
    let age = now.epoch_ms().saturating_sub(oldest.epoch_ms());
    Some((orders, Duration::from_millis(u64::try_from(age).unwrap_or(0))))
}

/// Returns the result as JSON.
pub(super) fn json(tables: &Tables, known: &Verification, now: Timestamp) -> serde_json::Result<String> {
    let (orders, age) = not_projected(known, now).unzip();
    serde_json::to_string(&json!({
        "format": 2,
        "events": tables.events,
        "readModels": tables.table_names(),
        "verified": known.counts,
        "notProjectedYet": {
            "orders": orders.unwrap_or(0),
            "oldestSeconds": age.map(|age| age.as_secs()),
            "notLookedAtAgain": known.lags.not_looked_at_again(),
        },
        "differences": known.differences,
        "snapshotDifferences": known.snapshots,
    }))
}

/// Returns the verdict, and prints an error for every remaining problem.
pub(super) fn verdict(known: &Verification, now: Timestamp) -> Verdict {
    let counts = &known.counts;
    if counts.left_out > 0 {
        complain(&format!("{} orders could not be folded completely, listed above", counts.left_out));
    }
    let unsettled = counts.unsettled();
    if unsettled > 0 {
        complain(&format!("the sums of {unsettled} partitions could not be checked, listed above"));
    }
    if counts.snapshots.wrong > 0 {
        complain(&format!(
            "{} snapshots differ from the fold of their events, listed above; a repair changes neither them nor the rows of \
             their orders",
            counts.snapshots.wrong
        ));
    }
    let not_projected = not_projected(known, now);
    if let Some((orders, age)) = not_projected {
        complain(&format!(
            "{orders} orders are not projected yet; the oldest commit is {} old: check the projector, or set the age \
             from which a row counts as lost with --lag-bound",
            seconds(age)
        ));
    }
    let not_looked_at_again = known.lags.not_looked_at_again();
    if not_looked_at_again > 0 {
        complain(&format!(
            "{not_looked_at_again} of them were not checked again, and may be lost or have arrived since: run verify again when \
             the projector has caught up"
        ));
    }
    match (counts.left(), counts.left_out + unsettled) {
        (0, 0) if not_projected.is_some() => Verdict::NotProjectedYet,
        (0, 0) => Verdict::Clean,
        (0, _) => Verdict::Incomplete,
        _ => Verdict::Differences,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_differs_is_a_line_with_both_values() {
        let changed = |found: Option<Value>, expected: Option<Value>| {
            lines(&[ChangedValue { attribute: "items.0.shipped".to_owned(), found, expected }], "row")
        };
        let expected = "    items.0.shipped: 1 in the row, nothing from the events\n";
        assert_eq!(changed(Some(json!(1)), None), expected);
        let long = changed(Some(json!("x".repeat(900))), Some(json!([1])));
        assert_eq!(long, format!("    items.0.shipped: \"{}… in the row, [1] from the events\n", "x".repeat(46)));
    }

    #[test]
    fn many_values_are_cut_in_the_text() {
        let changed = ChangedValue { attribute: "a".to_owned(), found: None, expected: None };
        let text = lines(&vec![changed; 11], "row");
        assert_eq!(text.lines().count(), 9);
        assert!(text.ends_with("    and 3 more values: --json prints all\n"), "{text}");
    }
}
