//! What the log says: one line a batch, and one for each thing that needs somebody; for debugging, one for each commit. Saved
//! queries can go by the fields, so their names stay. What an event holds is never written.
//!
//! `correlation_id` is the one that the caller gave with the command (`X-Correlation-Id`), where they gave one.

use std::collections::HashMap;
use std::time::Duration;

use function_setup::metrics::Metrics;
use parked_orders::Consumer;
use stream_consumer::Batch as Records;

use crate::outbox::{Failed, Halt};
use publication::{PublishCounters, UnpublishedReason};

/// The commits of a batch.
pub(crate) fn received(records: &Records) {
    for delivered in &records.delivered {
        if let Ok(commit) = &delivered.record {
            tracing::debug!(
                order_id = commit.aggregate_id,
                version = commit.version,
                correlation_id = commit.request.correlation_id,
                sequence_number = delivered.id,
                "received a commit"
            );
        }
    }
}

/// Each order that is parked, or whose poison came again.
pub(crate) fn parked(parked: &[Halt], correlation_ids: &HashMap<String, String>) {
    for Halt { id, parking } in parked {
        tracing::error!(
            poison = true,
            parked = true,
            consumer = %Consumer::Publisher,
            order_id = parking.aggregate_id,
            version = parking.version,
            correlation_id = correlation_ids.get(id),
            sequence_number = id,
            reason = parking.reason,
            "a commit cannot be published: its order is parked"
        );
    }
}

/// The first record among those that were refused, and among those that may pass by themselves: in an outage all causes are
/// the same.
pub(crate) fn failures(failed: &[Failed], correlation_ids: &HashMap<String, String>) {
    let (mut refused, mut transient) = (None, None);
    for failed in failed {
        match failed.reason {
            UnpublishedReason::Refused { .. } | UnpublishedReason::Unpublishable { .. } => {
                refused.get_or_insert(failed);
            }
            UnpublishedReason::Unavailable { .. } => {
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
            correlation_id = correlation_ids.get(&failed.id),
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
            correlation_id = correlation_ids.get(&failed.id),
            sequence_number = failed.id,
            reason = %failed.reason,
            "events could not be published for now"
        );
    }
}

/// What a batch came to.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Records in it, of every kind.
    pub(crate) records: usize,
    /// Events that were to be published.
    pub(crate) events: usize,
    /// Events of these that the bus took.
    pub(crate) published: usize,
    /// What publishing them took.
    pub(crate) counters: PublishCounters,
    /// Orders that were parked, or whose poison came again.
    pub(crate) parked: usize,
    /// Records that wait with their orders, which are parked.
    pub(crate) held: usize,
    /// Records that name no order.
    pub(crate) unaddressable: usize,
    /// Records that are not done.
    pub(crate) failed: usize,
    /// How long ago its oldest commit was recorded when the batch ended; `None` where no commit can be read.
    pub(crate) lag_ms: Option<u64>,
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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
        unaddressable = batch.unaddressable,
        failed = batch.failed,
        lag_ms = batch.lag_ms,
        duration_ms = millis(duration),
        "published a batch"
    );
}

/// What a batch came to, for alarms and the dashboard; `function_setup::metrics` says what each stands for.
pub(crate) fn metrics(batch: &Batch) {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let published = number(batch.published);
    let metrics = Metrics::new()
        .count("EventsPublished", published)
        // Of an event's entries the last is the one that was taken, if any was.
        .count("PublishFailures", batch.counters.entries.saturating_sub(published))
        .count("UnaddressableRecords", number(batch.unaddressable));
    let metrics = match batch.lag_ms {
        Some(lag_ms) => metrics.milliseconds("PublicationLag", lag_ms),
        None => metrics,
    };
    metrics
        .by("consumer", Consumer::Publisher.as_str())
        .count("OrdersParked", number(batch.parked))
        // Goes on while events keep coming, when the alarm on parked orders has long ended.
        .count("EventsHeld", number(batch.held))
        .write();
}
