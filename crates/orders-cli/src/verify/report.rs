//! What is said about a verification at its end.

use std::time::Duration;

use serde_json::json;

use super::state::{Named, Verification};
use crate::sweep::Tables;
use crate::text::{bold, seconds};

/// What a verification came to.
pub(super) fn summary(tables: &Tables, known: &Verification, elapsed: Duration) -> String {
    let tally = &known.tally;
    let counts = [
        ("commits", tally.commits),
        ("orders", tally.orders),
        ("rows", tally.rows),
        ("missing", tally.missing),
        ("behind", tally.behind),
        ("different", tally.different),
        ("ahead", tally.ahead),
        ("older projection", tally.older_projection),
        ("newer projection", tally.newer_projection),
        ("without order", tally.without_order),
        ("mended", tally.mended),
        ("left out", tally.left_out),
    ];
    let headline = bold(&format!("{} compared with {}", tables.rows, tables.events));
    let mut text = format!("{headline}, in {}\n\n", seconds(elapsed));
    for (name, count) in counts {
        text.push_str(&format!("{name:<18}{count}\n"));
    }
    if !known.differences.is_empty() {
        text.push_str(&format!("\nThe first {} of {}:\n\n", known.differences.len(), tally.found()));
    }
    for Named { order, row, problem, mended } in &known.differences {
        let whose =
            order.as_ref().map_or_else(|| format!("the row {}", row.sort), |order| format!("the row of {order}"));
        text.push_str(&format!(
            "{whose} (customer {}) {problem}{}\n",
            row.partition,
            if *mended { ": mended" } else { "" }
        ));
    }
    text
}

/// The same for machines.
pub(super) fn json(tables: &Tables, known: &Verification) -> serde_json::Result<String> {
    serde_json::to_string(&json!({
        "table": tables.events,
        "rows": tables.rows,
        "verified": known.tally,
        "differences": known.differences,
    }))
}
