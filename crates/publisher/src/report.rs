//! What the log says: one line a batch, and one for each thing that needs somebody. Saved queries and metric filters
//! can go by the fields, so their names stay. What an event holds is never written.

use std::time::Duration;

use function_setup::metrics;
use parked_orders::Consumer;

use crate::outbox::{Failed, Halt};
use crate::publication::{Counters, Reason};

/// Each order that is parked, or whose poison came again, for alarms to go by: in the log, and as the metric `OrdersParked`.
pub(crate) fn parked(parked: &[Halt]) {
    for Halt { id, parking } in parked {
        tracing::error!(
            poison = true,
            parked = true,
            consumer = %Consumer::Publisher,
            order_id = parking.aggregate_id,
            version = parking.version,
            sequence_number = id,
            reason = parking.reason,
            "a commit cannot be published: its order is parked"
        );
    }
    let orders = u64::try_from(parked.len()).unwrap_or(u64::MAX);
    metrics::count("OrdersParked", orders, &[("consumer", Consumer::Publisher.as_str())]);
}

/// How many records wait with their orders, as the metric `EventsHeld`: it goes on while events keep coming, and the alarm on
/// parked orders has long ended.
pub(crate) fn held(records: usize) {
    let records = u64::try_from(records).unwrap_or(u64::MAX);
    metrics::count("EventsHeld", records, &[("consumer", Consumer::Publisher.as_str())]);
}

/// Every record that is poison and names no order to be parked, and the first among those that were refused, and among
/// those that may pass by themselves: in an outage all causes are the same.
pub(crate) fn failures(failed: &[Failed]) {
    let (mut refused, mut transient) = (None, None);
    for failed in failed {
        match failed.reason {
            Reason::Unpublishable { .. } => stray(failed),
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
            "events cannot be published: see the names of the bus and the table of parked orders, and the function's role"
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

fn stray(failed: &Failed) {
    tracing::error!(
        poison = true,
        sequence_number = failed.id,
        reason = %failed.reason,
        "a record cannot be published, and names no order to be parked"
    );
}

/// What a batch came to.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Records in it, of every kind.
    pub(crate) records: usize,
    /// Events that were to be published.
    pub(crate) events: usize,
    /// What publishing them took.
    pub(crate) counters: Counters,
    /// Orders that were parked, or whose poison came again.
    pub(crate) parked: usize,
    /// Records that wait with their orders, which are parked.
    pub(crate) held: usize,
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
        parked = batch.parked,
        held = batch.held,
        failed = batch.failed,
        lag_ms = batch.lag_ms,
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "published a batch"
    );
}
