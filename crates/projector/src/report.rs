//! What the log says: one line a batch, and one for each thing that needs somebody. Saved queries and metric filters
//! can go by the fields, so their names stay.

use std::collections::BTreeMap;
use std::time::Duration;

use read_model::{Failure, OrderSummaryByCustomer, Outcome, Projection, Reason};

/// Every order that poison holds back, and the first cause among what may pass by itself: in an outage all causes
/// are the same.
pub(crate) fn failures(outcome: &Outcome) {
    let mut poisoned: BTreeMap<Option<&str>, &Failure> = BTreeMap::new();
    let mut transient = None;
    for failure in &outcome.failed {
        match failure.reason {
            Reason::Poison { .. } => {
                poisoned.entry(failure.aggregate_id.as_deref()).or_insert(failure);
            }
            Reason::Unavailable { .. } | Reason::NewerProjection => {
                transient.get_or_insert(failure);
            }
        }
    }
    for failure in poisoned.into_values() {
        tracing::error!(
            poison = true,
            order_id = failure.aggregate_id,
            version = failure.version,
            sequence_number = failure.id,
            reason = %failure.reason,
            "an order is held back by a commit that cannot be projected"
        );
    }
    if let Some(failure) = transient {
        tracing::warn!(
            order_id = failure.aggregate_id,
            version = failure.version,
            sequence_number = failure.id,
            reason = %failure.reason,
            "commits could not be projected for now"
        );
    }
}

/// What a batch came to.
pub(crate) fn batch(outcome: &Outcome, records: usize, lag_ms: u64, duration: Duration) {
    let counters = outcome.counters;
    tracing::info!(
        projection = OrderSummaryByCustomer::NAME,
        records,
        orders = counters.aggregates,
        rows_read = counters.rows_read,
        rows_written = counters.rows_written,
        superseded = counters.superseded,
        repeats = counters.repeats,
        gaps_repaired = counters.gaps_repaired,
        failed = outcome.failed.len(),
        lag_ms,
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "projected a batch"
    );
}
