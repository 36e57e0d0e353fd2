//! Metrics as documents in CloudWatch's embedded metric format, one JSON object a line.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

use crate::metrics::{Metric, Unit};

/// The namespace of every metric.
const NAMESPACE: &str = "OrderLedger";
/// The dimension that distinguishes functions, and therefore also stacks.
const FUNCTION_NAME: &str = "function_name";
const COLD_STARTS: &str = "ColdStarts";

/// The layer that writes the metrics in the events that it receives.
pub(crate) struct Emf<W> {
    function_name: Option<String>,
    /// True if an invocation waited for this process to start and no line has reported this yet.
    cold: AtomicBool,
    writer: W,
}

impl<W> Emf<W> {
    pub(crate) const fn new(function_name: Option<String>, cold: bool, writer: W) -> Self {
        Self { function_name, cold: AtomicBool::new(cold), writer }
    }
}

impl<S: Subscriber, W: for<'a> MakeWriter<'a> + 'static> Layer<S> for Emf<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut field = MetricsField::default();
        event.record(&mut field);
        let mut metrics = field.0;
        if self.cold.swap(false, Ordering::Relaxed) {
            let (name, dimensions) = (COLD_STARTS.to_owned(), BTreeMap::new());
            metrics.push(Metric { name, unit: Unit::Count, value: 1, dimensions });
        }
        if !metrics.is_empty() {
            let line = format!("{}\n", document(metrics, self.function_name.as_deref()));
            // If the log cannot be written, there is no other place to report the error.
            let _ = self.writer.make_writer().write_all(line.as_bytes());
        }
    }
}

/// The metrics of an event.
#[derive(Default)]
struct MetricsField(Vec<Metric>);

impl Visit for MetricsField {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "metrics" {
            self.0 = serde_json::from_str(&format!("{value:?}")).unwrap_or_default();
        }
    }
}

/// Builds the document. It has one directive for each set of dimensions. Names and values of metrics and dimensions are
/// members at the top level, as the format requires.
fn document(metrics: Vec<Metric>, function_name: Option<&str>) -> Value {
    let mut members = Map::new();
    let mut by_dimensions: BTreeMap<Vec<String>, Vec<Value>> = BTreeMap::new();
    for Metric { name, unit, value, mut dimensions } in metrics {
        dimensions.extend(function_name.map(|function| (FUNCTION_NAME.to_owned(), function.to_owned())));
        let names = dimensions.keys().cloned().collect();
        by_dimensions.entry(names).or_default().push(json!({ "Name": name, "Unit": unit }));
        members.extend(dimensions.into_iter().map(|(name, value)| (name, value.into())));
        members.insert(name, value.into());
    }
    let directive = |(dimensions, metrics): (Vec<String>, Vec<Value>)| json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics });
    let directives: Vec<Value> = by_dimensions.into_iter().map(directive).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let timestamp = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    members.insert("_aws".to_owned(), json!({ "Timestamp": timestamp, "CloudWatchMetrics": directives }));
    Value::Object(members)
}
