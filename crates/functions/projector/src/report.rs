//! The log: one line for each batch and read model, and one for each problem that needs an operator. Saved
//! queries use the fields, so their names must not change.
//!
//! `correlation_id` is the value of the command's `X-Correlation-Id`, if the caller sent one.

use std::time::Duration;

use event_store::Timestamp;
use event_store::store::chain;
use function_setup::metrics::Metrics;
use parked_orders::{Consumer, ParkedCount, ParkedError};
use read_models::{Counters, Failure, Reason};
use stream_consumer::{Batch, BatchReport, NoteError};

/// Logs the orders of a batch that poison holds back: the version that each cannot pass, the first waiting record, and
/// whether the order is parked.
pub(crate) fn poisoned(consumer: &Consumer, batch: &Batch, settled: &BatchReport) {
    let parked = settled.parked.iter().map(|order| (order, None));
    let not_parked = settled.not_parked.iter().map(|(order, error)| (order, Some(chain(error))));
    for (order, not_parked) in parked.chain(not_parked).filter(|(order, _)| !order.is_deferred) {
        let id = order.first().map(|(_, id)| id);
        tracing::error!(
            poison = true,
            parked = not_parked.is_none(),
            consumer = %consumer,
            order_id = order.request.aggregate_id,
            version = order.request.version,
            correlation_id = id.and_then(|id| batch.correlation_ids.get(id)),
            sequence_number = id,
            reason = order.request.reason,
            not_parked,
            "an order is held back by a commit that cannot be projected"
        );
    }
}

/// Logs the first of the failures that may pass without action. One is enough, because in an outage all causes are the
/// same.
pub(crate) fn transient(consumer: &Consumer, batch: &Batch, failures: &[Failure]) {
    let is_transient = |failure: &&Failure| match &failure.reason {
        Reason::Unavailable { .. } | Reason::NewerProjection => true,
        Reason::Poison { .. } => failure.aggregate_id.is_none() || failure.version.is_none(),
    };
    if let Some(failure) = failures.iter().find(is_transient) {
        tracing::warn!(
            consumer = %consumer,
            order_id = failure.aggregate_id,
            version = failure.version,
            correlation_id = batch.correlation_ids.get(&failure.id),
            sequence_number = failure.id,
            reason = %failure.reason,
            "commits could not be projected for now"
        );
    }
}

/// Logs that the notes on parked orders could not be read.
pub(crate) fn unread_notes(consumer: &Consumer, error: &ParkedError) {
    tracing::warn!(consumer = %consumer, error = chain(error), "cannot read which orders are parked");
}

/// Logs the parked orders that have caught up. An order whose note could not be deleted in time gets no line: its next
/// commit deletes the note.
pub(crate) fn unparked(consumer: &Consumer, settled: &BatchReport) {
    for (parked, unparked) in &settled.unparked {
        let (order_id, version) = (&parked.aggregate_id, parked.version);
        match unparked {
            Ok(true) => tracing::info!(consumer = %consumer, order_id, version, "a parked order has caught up"),
            Ok(false) | Err(NoteError::OutOfTime) => {}
            Err(error @ NoteError::Table(_)) => {
                let error = chain(error);
                tracing::warn!(consumer = %consumer, order_id, version, error, "an order has caught up, but its note could not be deleted");
            }
        }
    }
}

/// Logs the result of a batch: its rows, its parked orders and the number of records to retry.
pub(crate) fn batch(
    projection: &str,
    batch: &Batch,
    counters: Counters,
    settled: &BatchReport,
    to_retry: usize,
    duration: Duration,
) {
    tracing::info!(
        projection,
        records = batch.records(),
        orders = counters.aggregates,
        rows_read = counters.rows_read,
        rows_written = counters.rows_written,
        superseded = counters.superseded,
        repeats = counters.repeats,
        gaps_repaired = counters.gaps_repaired,
        parked = settled.parked_orders(),
        deferred = settled.deferred_orders(),
        unparked = settled.unparked_orders(),
        failed = to_retry,
        lag_ms = stream_consumer::lag_ms(&batch.delivered),
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "projected a batch"
    );
}

/// Logs the result of a retry of deferred orders.
pub(crate) fn retried(projection: &str, counters: Counters, settled: &BatchReport, duration: Duration) {
    tracing::info!(
        projection,
        orders = counters.aggregates,
        unparked = settled.unparked_orders(),
        parked = settled.parked_orders(),
        deferred = settled.deferred_orders(),
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "retried orders that an outage had deferred"
    );
}

/// Writes the metrics of a batch, for alarms and the dashboard; `function_setup::metrics` describes each metric.
pub(crate) fn metrics(projection: &str, batch: &Batch, counters: Counters, settled: &BatchReport) {
    Metrics::new()
        .by("consumer", projection)
        .count("RowsWritten", counters.rows_written)
        .count("OrdersParked", u64::try_from(settled.parked_orders()).unwrap_or(u64::MAX))
        .milliseconds("ProjectionLag", stream_consumer::lag_ms(&batch.delivered))
        .write();
}

/// Writes the number of a batch's records without an order id. It is a separate line, because it concerns no projection.
pub(crate) fn unaddressable(records: usize) {
    if records > 0 {
        Metrics::new().count("UnaddressableRecords", u64::try_from(records).unwrap_or(u64::MAX)).write();
    }
}

/// Writes the gauges of a consumer's parked orders, and a log line if there are any.
pub(crate) fn parked_count(consumer: &Consumer, count: &ParkedCount, now: Timestamp) {
    let seconds = |oldest: Timestamp| u64::try_from((now.epoch_ms() - oldest.epoch_ms()) / 1000).unwrap_or(0);
    let oldest_parked_seconds = count.oldest.map(seconds);
    if count.orders > 0 {
        tracing::warn!(
            consumer = %consumer,
            parked_orders = count.orders,
            oldest_parked_seconds,
            counted_all = count.is_complete,
            "orders are parked: remove the cause, then redrive them"
        );
    }
    Metrics::new()
        .by("consumer", consumer.as_str())
        .gauge("ParkedOrders", count.orders)
        .seconds("OldestParkedSeconds", oldest_parked_seconds)
        .write();
}

/// Logs that a consumer's parked orders could not be counted, because of an error or a lack of time.
pub(crate) fn uncounted(consumer: &Consumer, error: Option<&ParkedError>) {
    let error = error.map_or_else(|| "out of time".to_owned(), |error| chain(error));
    tracing::warn!(consumer = %consumer, error, "parked orders could not be counted");
}

/// Logs the end of a tick.
pub(crate) fn tick(parked_orders: u64, consumers: usize, duration: Duration) {
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(parked_orders, consumers, duration_ms, "counted parked orders");
}
