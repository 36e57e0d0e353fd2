//! The log: one line for each batch, and one for each problem that needs an operator. Saved queries use the fields,
//! so their names must not change. No line quotes an event.
//!
//! `correlation_id` is the value of the command's `X-Correlation-Id`, if the caller sent one.

use std::collections::HashMap;
use std::time::Duration;

use function_setup::metrics::Metrics;
use parked_orders::Consumer;
use publication::PublishCounters;
use stream_consumer::{Batch as Records, FailedRecord, FailureCause, PoisonedOrder};

/// Logs the orders that are parked, or whose poison is in the batch again.
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

/// Logs the first rejected record, and the first record that a retry may publish. One of each is enough, because in an
/// outage all causes are the same.
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
    /// The number of records, of every kind.
    pub(crate) records: usize,
    /// The number of events to publish.
    pub(crate) events: usize,
    /// The number of these events that the bus accepted.
    pub(crate) published: usize,
    /// The number of calls, entries and retries.
    pub(crate) counters: PublishCounters,
    /// The number of orders that were parked, or whose poison is in the batch again.
    pub(crate) parked: usize,
    /// The number of records that wait with their parked orders.
    pub(crate) held: usize,
    /// The number of records without an order id.
    pub(crate) unaddressable: usize,
    /// The number of records that are not done.
    pub(crate) failed: usize,
    /// The age of its oldest commit when the batch ended; `None` if no commit can be read.
    pub(crate) lag_ms: Option<u64>,
}

/// Converts to whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Logs the result of a batch.
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

/// Writes the metrics of a batch, for alarms and the dashboard; `function_setup::metrics` describes each metric.
pub(crate) fn metrics(batch: &Batch) {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let published = number(batch.published);
    Metrics::new()
        .count("EventsPublished", published)
        // If the bus accepted an event, it accepted the last of the event's entries. All other entries failed.
        .count("PublishFailures", batch.counters.entries.saturating_sub(published))
        .count("UnaddressableRecords", number(batch.unaddressable))
        .milliseconds("PublicationLag", batch.lag_ms)
        .by("consumer", Consumer::PUBLISHER.as_str())
        .count("OrdersParked", number(batch.parked))
        // This metric continues while events arrive, long after the alarm on `OrdersParked` has cleared.
        .count("EventsHeld", number(batch.held))
        .write();
}
