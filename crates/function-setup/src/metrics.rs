//! Metrics: what alarms go by, as lines of the log in CloudWatch's [embedded metric format], which CloudWatch Logs makes
//! metrics of. So a metric costs no request, and needs no permission beyond that to write a log.
//!
//! A metric is an event of `tracing` with the target [`TARGET`]; [`logs::init`](crate::logs::init) has it written,
//! whatever the level of the log. A process with a subscriber of its own decides for itself what it shows.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

/// The target of every event that is a metric.
pub const TARGET: &str = "metrics";

/// The namespace of every metric.
const NAMESPACE: &str = "OrderLedger";
/// The dimension that tells functions, and with them stacks, apart.
const FUNCTION_NAME: &str = "function_name";

/// Adds `value` to a metric of unit `Count`; nothing where it is 0.
///
/// Each combination of dimensions is a metric of its own, with a price: a dimension has few values, none of them an id. Its
/// name has 250 characters at most and its value 1 to 1,024, all of them ASCII; there are 29 at most beside the function's
/// name. Metrics beyond these limits are dropped by CloudWatch.
///
/// ```
/// function_setup::metrics::count("OrdersParked", 1, &[("consumer", "publisher")]);
/// ```
pub fn count(name: &'static str, value: u64, dimensions: &[(&'static str, &str)]) {
    if value > 0 {
        let dimensions = json!(dimensions.iter().copied().collect::<BTreeMap<_, _>>());
        tracing::info!(target: TARGET, metric = name, unit = "Count", value, %dimensions);
    }
}

/// Writes metrics, one JSON object a line.
pub(crate) struct Emf<W> {
    function_name: Option<String>,
    writer: W,
}

impl<W> Emf<W> {
    pub(crate) const fn new(function_name: Option<String>, writer: W) -> Self {
        Self { function_name, writer }
    }
}

impl<S: Subscriber, W: for<'a> MakeWriter<'a> + 'static> Layer<S> for Emf<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut metric = Metric::default();
        event.record(&mut metric);
        let line = format!("{}\n", metric.document(self.function_name.as_deref()));
        // Nobody is left to tell where the log cannot be written.
        let _ = self.writer.make_writer().write_all(line.as_bytes());
    }
}

/// The fields of an event that is a metric.
#[derive(Default)]
struct Metric {
    name: String,
    unit: String,
    value: u64,
    dimensions: Map<String, Value>,
}

impl Visit for Metric {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "metric" => self.name = value.to_owned(),
            "unit" => self.unit = value.to_owned(),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "value" {
            self.value = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "dimensions" {
            self.dimensions = serde_json::from_str(&format!("{value:?}")).unwrap_or_default();
        }
    }
}

impl Metric {
    fn document(self, function_name: Option<&str>) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut members = self.dimensions;
        members.extend(function_name.map(|name| (FUNCTION_NAME.to_owned(), name.into())));
        let dimensions: Vec<&String> = members.keys().collect();
        let directive = json!({
            "Namespace": NAMESPACE,
            "Dimensions": [dimensions],
            "Metrics": [{ "Name": self.name, "Unit": self.unit }],
        });
        let timestamp = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        members.insert("_aws".to_owned(), json!({ "Timestamp": timestamp, "CloudWatchMetrics": [directive] }));
        members.insert(self.name, self.value.into());
        Value::Object(members)
    }
}
