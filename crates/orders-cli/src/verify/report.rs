//! What is said about a verification at its end.

use std::time::Duration;

use serde_json::json;

use super::state::{Counts, Named, SumCounts, Verification};
use crate::sweep::Tables;
use crate::text::{bold, seconds};

/// What a verification came to.
pub(super) fn summary(tables: &Tables, known: &Verification, elapsed: Duration) -> String {
    let tally = &known.tally;
    let headline = bold(&format!("{} and {} compared with {}", tables.rows, tables.totals, tables.events));
    let mut text = format!("{headline}, in {}\n\n", seconds(elapsed));
    let mut list = |counts: &[(&str, u64)]| {
        for (name, count) in counts {
            text.push_str(&format!("{name:<18}{count}\n"));
        }
        text.push('\n');
    };
    list(&[("commits", tally.commits), ("orders", tally.orders), ("left out", tally.left_out)]);
    list(&of_rows("summaries", &tally.summaries));
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
    if !known.differences.is_empty() {
        text.push_str(&format!("The first {} of {}:\n\n", known.differences.len(), tally.found()));
    }
    for Named { read_model, order, row, problem, mended } in &known.differences {
        let whose =
            order.as_ref().map_or_else(|| format!("the row {}", row.sort), |order| format!("the row of {order}"));
        text.push_str(&format!(
            "{read_model}: {whose} (customer {}) {problem}{}\n",
            row.partition,
            if *mended { ": mended" } else { "" }
        ));
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

/// The same for machines.
pub(super) fn json(tables: &Tables, known: &Verification) -> serde_json::Result<String> {
    serde_json::to_string(&json!({
        "table": tables.events,
        "rows": tables.rows,
        "totals": tables.totals,
        "verified": known.tally,
        "differences": known.differences,
    }))
}
