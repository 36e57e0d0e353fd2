//! What the log says: one line a batch, and one for each thing that needs somebody. Saved queries and metric filters
//! can go by the fields, so their names stay. What an event holds is never written.

use std::time::Duration;

use crate::outbox::Failed;
use crate::publication::{Counters, Reason};

/// Every record that is poison, and the first among those that were refused, and among those that may pass by
/// themselves: in an outage all causes are the same.
pub(crate) fn failures(failed: &[Failed]) {
    let (mut refused, mut transient) = (None, None);
    for failed in failed {
        match failed.reason {
            Reason::Unpublishable { .. } => poison(failed),
            Reason::Refused { .. } => {
                refused.get_or_insert(failed);
            }
            Reason::Unavailable { .. } => {
                transient.get_or_insert(failed);
            }
        }
    }
    if let Some(failed) = refused {
        let (order_id, version) = failed.position.clone().unzip();
        tracing::error!(
            refused = true,
            order_id,
            version,
            sequence_number = failed.id,
            reason = %failed.reason,
            "the event bus refuses events: see the name of the bus and the role of the function"
        );
    }
    if let Some(failed) = transient {
        let (order_id, version) = failed.position.clone().unzip();
        tracing::warn!(
            order_id,
            version,
            sequence_number = failed.id,
            reason = %failed.reason,
            "events could not be published for now"
        );
    }
}

fn poison(failed: &Failed) {
    let (order_id, version) = failed.position.clone().unzip();
    tracing::error!(
        poison = true,
        order_id,
        version,
        sequence_number = failed.id,
        reason = %failed.reason,
        "a commit cannot be published"
    );
}

/// What a batch came to.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Records in it, of every kind.
    pub(crate) records: usize,
    /// Events in its commits.
    pub(crate) events: usize,
    /// What publishing them took.
    pub(crate) counters: Counters,
    /// Records that are not done.
    pub(crate) failed: usize,
    /// How long ago its oldest commit was recorded.
    pub(crate) lag_ms: u64,
}

/// Writes what a batch came to.
pub(crate) fn batch(batch: &Batch, duration: Duration) {
    tracing::info!(
        records = batch.records,
        events = batch.events,
        calls = batch.counters.calls,
        retried = batch.counters.retried,
        failed = batch.failed,
        lag_ms = batch.lag_ms,
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "published a batch"
    );
}
