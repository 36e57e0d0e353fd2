//! Metrics for the alarms and the dashboard. A metric is a log line in CloudWatch's [embedded metric format], from which
//! CloudWatch Logs makes the metric. A metric therefore costs no request and needs no permission except the one to write
//! logs.
//!
//! A function writes one line for each invocation. The projector writes one for each of its projections, and one for each
//! consumer when it counts parked orders, because a line can name only one `consumer`. The namespace is `OrderLedger`.
//! Every metric has the dimension `function_name`, which also distinguishes stacks.
//!
//! | metric | unit | further dimension | meaning |
//! |---|---|---|---|
//! | `CommandsAccepted` | Count | | commands that were recorded now, or that needed no change |
//! | `CommandsReplayed` | Count | | repeated requests, answered from the commit of the first request |
//! | `CommandsRefused` | Count | `code` | commands answered with 4xx, by the problem's code. API Gateway counts 5xx; they are failures, except `CommandsContended` |
//! | `Conflicts` | Count | | attempts to commit that another writer won, for commands that were accepted or used up their attempts |
//! | `CommandsContended` | Count | | commands answered with 503 `contention`: other writers won every attempt. Not a failure, so no alarm that rolls back a deployment counts them |
//! | `SnapshotsTooLarge` | Count | | commits that are too large for the snapshot that was due: each load of their order folds more commits than before |
//! | `ProjectionLag` | Milliseconds | `consumer` | age of a batch's oldest commit when the batch ends, even if the commit is not in its row: the lag of a stuck batch keeps growing |
//! | `RowsWritten` | Count | `consumer` | rows written |
//! | `OrdersParked` | Count | `consumer` | orders that were parked, and parked orders that failed another attempt |
//! | `ParkedOrders` | Count | `consumer` | current number of parked orders, including 0: a gauge that the projector writes for every consumer once a minute |
//! | `OldestParkedSeconds` | Seconds | `consumer` | time since the oldest parked order was parked, written together with `ParkedOrders` while orders are parked |
//! | `UnaddressableRecords` | Count | | records without an order id: they are noted and skipped, and retried until they are noted |
//! | `EventsHeld` | Count | `consumer` | records that began to wait with their orders, which the publisher has parked |
//! | `EventsPublished` | Count | | events that the bus accepted |
//! | `PublishFailures` | Count | | entries that the bus rejected or throttled, or whose call failed; each attempt counts |
//! | `PublicationLag` | Milliseconds | | like `ProjectionLag`, for the publisher's batches |
//! | `ColdStarts` | Count | | 1 with the first invocation of a process, unless the process was ready before a caller waited (provisioned concurrency) |
//!
//! A count of 0 is not written: it would cost money, and no alarm needs it where missing data is not breaching. A gauge is
//! always written, because its alarm must see that no order is parked any more. A lag is written for every batch that has a
//! readable commit, even if the lag is 0. Counts may be too high: CloudWatch makes metrics of a line at least once, and a
//! retried batch counts as another batch.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::collections::BTreeMap;
use std::error::Error;

use serde::Serialize;

/// The `tracing` target of events that are lines of metrics. The subscriber of [`logs::init`](crate::logs::init) writes
/// them at every log level. A process with its own subscriber decides which events it writes.
pub const TARGET: &str = "metrics";

/// The unit of a metric, named as in CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    Count,
    Milliseconds,
    Seconds,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) value: u64,
    /// The dimensions in addition to the function's name.
    pub(crate) dimensions: BTreeMap<&'static str, String>,
}

impl Metric {
    /// Creates a metric of unit `Count` without dimensions.
    pub(crate) const fn count(name: &'static str, value: u64) -> Self {
        Self { name, unit: Unit::Count, value, dimensions: BTreeMap::new() }
    }
}

/// The field `metrics` of the event: a JSON array of metrics. It is an error, because `tracing` passes no other type to a
/// subscriber unchanged. The subscriber of this crate therefore parses no JSON.
#[derive(Debug, thiserror::Error)]
#[error("{}", serde_json::to_string(.0).unwrap_or_default())]
pub(crate) struct MetricsField(pub(crate) Vec<Metric>);

/// The metrics of an invocation, in one line.
///
/// Each combination of dimensions is a separate metric with its own price. A dimension therefore has few values, and never
/// an id. CloudWatch drops data beyond its limits: 100 metrics and 29 dimensions in addition to the function's name, names
/// of at most 255 and 250 characters, and dimension values of 1 to 1,024 ASCII characters.
///
/// ```
/// use function_setup::metrics::Metrics;
///
/// Metrics::new().count("EventsPublished", 3).by("consumer", "publisher").count("OrdersParked", 1).write();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "metrics are reported only by `write`"]
pub struct Metrics {
    metrics: Vec<Metric>,
    dimensions: BTreeMap<&'static str, String>,
}

impl Metrics {
    /// Creates a line without metrics.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a dimension to all metrics that are added from now on. A line has room for one value of it.
    pub fn by(mut self, dimension: &'static str, value: &str) -> Self {
        self.dimensions.insert(dimension, value.to_owned());
        self
    }

    /// Adds to a metric of unit `Count`. Does nothing if `value` is 0.
    pub fn count(self, name: &'static str, value: u64) -> Self {
        self.with(name, Unit::Count, Some(value).filter(|value| *value > 0))
    }

    /// Adds a sample to a gauge, a metric of unit `Count`. Writes a `value` of 0 too.
    pub fn gauge(self, name: &'static str, value: u64) -> Self {
        self.with(name, Unit::Count, Some(value))
    }

    /// Adds a sample to a metric of unit `Seconds`, if there is one.
    pub fn seconds(self, name: &'static str, value: Option<u64>) -> Self {
        self.with(name, Unit::Seconds, value)
    }

    /// Adds a sample to a metric of unit `Milliseconds`, if there is one.
    pub fn milliseconds(self, name: &'static str, value: Option<u64>) -> Self {
        self.with(name, Unit::Milliseconds, value)
    }

    fn with(mut self, name: &'static str, unit: Unit, value: Option<u64>) -> Self {
        let dimensions = || self.dimensions.clone();
        self.metrics.extend(value.map(|value| Metric { name, unit, value, dimensions: dimensions() }));
        self
    }

    /// Writes the line. Call it once for each invocation, even without metrics: the first line of a process also reports
    /// its cold start.
    pub fn write(self) {
        let metrics: &(dyn Error + 'static) = &MetricsField(self.metrics);
        tracing::info!(target: TARGET, metrics);
    }
}
