//! The log: one line a batch, and one for each problem that needs an operator; for debugging, one for each commit. Saved queries
//! use the fields, so their names stay. No line quotes an event.
//!
//! `correlation_id` is the one that the caller gave with the command (`X-Correlation-Id`), where they gave one.

use std::collections::HashMap;
use std::time::Duration;

use function_setup::metrics::Metrics;
use parked_orders::Consumer;
use publication::PublishCounters;
use stream_consumer::{Batch as Records, FailedRecord, FailureCause, PoisonedOrder};

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

/// The orders that are parked, or whose poison is in the batch again.
pub(crate) fn parked(parked: &[PoisonedOrder], correlation_ids: &HashMap<String, String>) {
    for order in parked {
        let id = order.first().map(|(_, id)| id);
        tracing::error!(
            poison = true,
            parked = true,
            consumer = %Consumer::PUBLISHER,
            order_id = order.request.aggregate_id,
            version = order.request.version,
            correlation_id = id.and_then(|id| correlation_ids.get(id)),
            sequence_number = id,
            reason = order.request.reason,
            "a commit cannot be published: its order is parked"
        );
    }
}

/// The first record among those that were refused, and among those that a retry may publish: in an outage all causes are the same.
pub(crate) fn failures(records: &Records, failed: &[FailedRecord]) {
    let by_id: HashMap<&str, &FailedRecord> = failed.iter().map(|failed| (failed.id.as_str(), failed)).collect();
    let (mut refused, mut transient) = (None, None);
    for id in records.to_retry(|id| by_id.contains_key(id)) {
        let Some(&failed) = by_id.get(id.as_str()) else { continue };
        match failed.cause {
            FailureCause::Refused { .. } | FailureCause::Poison { .. } => refused.get_or_insert(failed),
            FailureCause::Unavailable { .. } => transient.get_or_insert(failed),
        };
    }
    if let Some(failed) = refused {
        tracing::error!(
            refused = true,
            order_id = failed.order_id,
            version = failed.version,
            correlation_id = records.correlation_ids.get(&failed.id),
            sequence_number = failed.id,
            reason = %failed.cause,
            "events cannot be published: see the names of the bus and the table of parked orders, and the function's role"
        );
    }
    if let Some(failed) = transient {
        tracing::warn!(
            order_id = failed.order_id,
            version = failed.version,
            correlation_id = records.correlation_ids.get(&failed.id),
            sequence_number = failed.id,
            reason = %failed.cause,
            "events could not be published for now"
        );
    }
}

/// The result of a batch.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Records in it, of every kind.
    pub(crate) records: usize,
    /// Events that were to be published.
    pub(crate) events: usize,
    /// Events of these that the bus took.
    pub(crate) published: usize,
    /// The effort of publishing them.
    pub(crate) counters: PublishCounters,
    /// Orders that were parked, or whose poison is in the batch again.
    pub(crate) parked: usize,
    /// Records that wait with their orders, which are parked.
    pub(crate) held: usize,
    /// Records that name no order.
    pub(crate) unaddressable: usize,
    /// Records that are not done.
    pub(crate) failed: usize,
    /// The age of its oldest commit when the batch ended; `None` where no commit can be read.
    pub(crate) lag_ms: Option<u64>,
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The result of a batch, as a line.
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

/// The result of a batch, for alarms and the dashboard; `function_setup::metrics` describes each metric.
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
        .by("consumer", Consumer::PUBLISHER.as_str())
        .count("OrdersParked", number(batch.parked))
        // Goes on while events keep coming, when the alarm on parked orders has long ended.
        .count("EventsHeld", number(batch.held))
        .write();
}
