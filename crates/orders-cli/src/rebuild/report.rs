//! What is said about a rebuild, on the way and at the end.

use std::time::Duration;

use serde_json::json;

use super::Tally;
use crate::sweep::Tables;
use crate::text::{bold, seconds};

/// `12 orders, 11 summaries and 12 contributions written`
pub(super) fn so_far(tally: &Tally) -> String {
    let Tally { orders, rows_written, totals_written, .. } = tally;
    format!("{orders} orders, {rows_written} summaries and {totals_written} contributions written")
}

/// What a rebuild came to.
pub(super) fn summary(tables: &Tables, tally: &Tally, elapsed: Duration) -> String {
    let Tally { commits, orders, rows_written, totals_written, newer, left_out } = tally;
    let mut text = format!(
        "{} is complete, after {}\n\ncommits        {commits}\norders         {orders}\nsummaries      {rows_written} written\n\
         contributions  {totals_written} written\nleft out       {left_out}",
        bold(&format!("Rebuild of {} and {} from {}", tables.rows, tables.totals, tables.events)),
        seconds(elapsed),
    );
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
