//! The report of a rebuild, on the way and at the end.

use std::time::Duration;

use serde_json::json;

use super::Tally;
use crate::sweep::Tables;
use crate::text::{bold, seconds};

/// `12 orders, 11 summaries and 12 contributions written`
pub(super) fn so_far(tables: &Tables, tally: &Tally) -> String {
    let Tally { orders, rows_written, totals_written, .. } = tally;
    match &tables.totals {
        Some(_) => format!("{orders} orders, {rows_written} summaries and {totals_written} contributions written"),
        None => format!("{orders} orders, {rows_written} summaries written"),
    }
}

/// The result of a rebuild, for people.
pub(super) fn summary(tables: &Tables, tally: &Tally, elapsed: Duration) -> String {
    let Tally { commits, orders, rows_written, totals_written, newer, left_out } = tally;
    let mut text = format!(
        "{} is complete, after {}\n\ncommits        {commits}\norders         {orders}\nsummaries      {rows_written} written\n",
        bold(&format!("Rebuild of {} from {}", tables.read_models(), tables.events)),
        seconds(elapsed),
    );
    if tables.totals.is_some() {
        text.push_str(&format!("contributions  {totals_written} written\n"));
    }
    text.push_str(&format!("left out       {left_out}"));
    if *newer > 0 {
        text.push_str(&format!("\nnewer          {newer}, left to the newer release that wrote them"));
    }
    text
}

/// The same for machines.
pub(super) fn json(tables: &Tables, tally: &Tally) -> serde_json::Result<String> {
    serde_json::to_string(&json!({
        "table": tables.events,
        "rows": tables.rows,
        "totals": tables.totals,
        "rebuilt": tally,
    }))
}
