//! Metrics: what alarms and the dashboard go by, as lines of the log in CloudWatch's [embedded metric format], which
//! CloudWatch Logs makes metrics of. So a metric costs no request, and needs no permission beyond that to write a log.
//!
//! A function writes one line an invocation; the projector one for each of its projections, and one for each consumer when it
//! counts parked orders, for a line can name one `consumer` only. Namespace `OrderLedger`; every metric has the dimension `function_name`, which tells stacks apart too.
//!
//! | metric | unit | further dimension | what it says |
//! |---|---|---|---|
//! | `CommandsAccepted` | Count | | commands that are recorded now, or found that nothing need change |
//! | `CommandsReplayed` | Count | | repeats, answered from the commit of the first request |
//! | `CommandsRefused` | Count | `code` | commands answered with 4xx, by the problem's code. 5xx are counted by API Gateway, and are failures, except those of `CommandsContended` |
//! | `Conflicts` | Count | | attempts to commit that another writer won, of commands that were accepted or ran out of attempts |
//! | `CommandsContended` | Count | | commands answered with 503 `contention`: other writers won every attempt. No failure, so no alarm that a deployment goes by counts them |
//! | `SnapshotsTooLarge` | Count | | commits for which a snapshot was due that does not fit into them: each load of their order folds more commits than before |
//! | `ProjectionLag` | Milliseconds | `consumer` | age of a batch's oldest commit when the batch ends, be it in its row by then or not: a batch that is stuck lags ever more |
//! | `RowsWritten` | Count | `consumer` | rows written |
//! | `OrdersParked` | Count | `consumer` | orders that are parked, and parked ones that were tried again in vain |
//! | `ParkedOrders` | Count | `consumer` | orders that are parked, 0 too: a gauge, written by the projector for every consumer once a minute |
//! | `OldestParkedSeconds` | Seconds | `consumer` | time since the oldest of them was parked, written with them while orders are parked |
//! | `UnaddressableRecords` | Count | | records that name no order: they are noted and passed by, and retried until they are noted |
//! | `EventsHeld` | Count | `consumer` | records that came to wait with their orders, which the publisher has parked |
//! | `EventsPublished` | Count | | events that the bus took |
//! | `PublishFailures` | Count | | entries that the bus refused or throttled, or whose call failed; each attempt counts |
//! | `PublicationLag` | Milliseconds | | as `ProjectionLag`, of the publisher's batches |
//! | `ColdStarts` | Count | | 1 with the first invocation of a process, unless it was made ready before anybody waited (provisioned concurrency) |
//!
//! A count of 0 is left out: it would be paid for, and no alarm needs it where missing data is not breaching. A gauge is
//! written in any case, for its alarm must see that nothing is parked any more. A lag is
//! written for every batch that has a commit that can be read, 0 or not. What is counted may be counted twice: CloudWatch
//! makes metrics of a line at least once, and a batch that comes again is another batch.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The target of the event of `tracing` that a line of metrics is. [`logs::init`](crate::logs::init) has it written,
/// whatever the level of the log; a process with a subscriber of its own decides for itself what it shows.
pub const TARGET: &str = "metrics";

/// A metric's unit, by CloudWatch's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unit {
    Count,
    Milliseconds,
    Seconds,
}

/// One metric: the field `metrics` of the event is a JSON array of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) value: u64,
    /// Beside the function's name.
    pub(crate) dimensions: BTreeMap<String, String>,
}

/// What there is to tell of an invocation, in one line.
///
/// Each combination of dimensions is a metric of its own, with a price: a dimension has few values, none of them an id.
/// CloudWatch drops what is beyond its limits: 100 metrics and 29 dimensions beside the function's name, names of 255 and
/// 250 characters at most, and dimensions of 1 to 1,024 ASCII characters.
///
/// ```
/// use function_setup::metrics::Metrics;
///
/// Metrics::new().count("EventsPublished", 3).by("consumer", "publisher").count("OrdersParked", 1).write();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is told before it is written"]
pub struct Metrics {
    metrics: Vec<Metric>,
    dimensions: BTreeMap<String, String>,
}

impl Metrics {
    /// A line that tells nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives all metrics that are added from now on a dimension. A line has room for one value of it.
    pub fn by(mut self, dimension: &'static str, value: &str) -> Self {
        self.dimensions.insert(dimension.to_owned(), value.to_owned());
        self
    }

    /// Adds to a metric of unit `Count`; nothing where `value` is 0.
    pub fn count(self, name: &'static str, value: u64) -> Self {
        if value == 0 { self } else { self.with(name, Unit::Count, value) }
    }

    /// Adds a sample to a gauge, a metric of unit `Count`: also where `value` is 0.
    pub fn gauge(self, name: &'static str, value: u64) -> Self {
        self.with(name, Unit::Count, value)
    }

    /// Adds a sample to a metric of unit `Seconds`.
    pub fn seconds(self, name: &'static str, value: u64) -> Self {
        self.with(name, Unit::Seconds, value)
    }

    /// Adds a sample to a metric of unit `Milliseconds`.
    pub fn milliseconds(self, name: &'static str, value: u64) -> Self {
        self.with(name, Unit::Milliseconds, value)
    }

    fn with(mut self, name: &'static str, unit: Unit, value: u64) -> Self {
        self.metrics.push(Metric { name: name.to_owned(), unit, value, dimensions: self.dimensions.clone() });
        self
    }

    /// Writes the line. To be called once an invocation, also where there is nothing to tell: that the process started cold
    /// is told with its first line.
    pub fn write(self) {
        // Strings and integers alone are in it, so that it is always written.
        let metrics = serde_json::to_string(&self.metrics).unwrap_or_default();
        tracing::info!(target: TARGET, %metrics);
    }
}
