//! The report of a rebuild, during the run and at the end.

use std::time::Duration;

use operations::rebuild::{Rebuild, RebuildCounts};
use serde_json::json;

use crate::sweep::{Progress, Tables};
use crate::text::{bold, seconds};

impl Progress for Rebuild {
    fn so_far(&self) -> String {
        format!("{} orders, {} rows written", self.counts.orders, self.counts.rows_written.values().sum::<u64>())
    }
}

/// Returns the result of a rebuild as text.
pub(super) fn summary(tables: &Tables, counts: &RebuildCounts, elapsed: Duration) -> String {
    let RebuildCounts { commits, orders, rows_written, newer, left_out } = counts;
    let headline = bold(&format!("Rebuild of {} from {}", tables.read_models(), tables.events));
    let mut text = format!("{headline} is complete, after {}\n\n", seconds(elapsed));
    let mut line = |name: &str, result: String| text.push_str(&format!("{name:<24}{result}\n"));
    line("commits", commits.to_string());
    line("orders", orders.to_string());
    for (read_model, rows) in rows_written {
        line(read_model, format!("{rows} rows written"));
    }
    line("left out", left_out.to_string());
    if *newer > 0 {
        line("newer", format!("{newer}, left to the newer release that wrote them"));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Returns the result of a rebuild as JSON.
pub(super) fn json(tables: &Tables, counts: &RebuildCounts) -> serde_json::Result<String> {
    serde_json::to_string(&json!({
        "format": 2,
        "events": tables.events,
        "readModels": tables.table_names(),
        "rebuilt": counts,
    }))
}
