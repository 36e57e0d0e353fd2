//! Lines of metrics as documents in CloudWatch's embedded metric format, one JSON object a line.

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
/// The dimension that tells functions, and with them stacks, apart.
const FUNCTION_NAME: &str = "function_name";
const COLD_STARTS: &str = "ColdStarts";

/// Writes the metrics of the events that it sees.
pub(crate) struct Emf<W> {
    function_name: Option<String>,
    /// Whether somebody waited for this process to start, and no line has said so yet.
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
        let mut told = Told::default();
        event.record(&mut told);
        let mut metrics = told.0;
        if self.cold.swap(false, Ordering::Relaxed) {
            let (name, dimensions) = (COLD_STARTS.to_owned(), BTreeMap::new());
            metrics.push(Metric { name, unit: Unit::Count, value: 1, dimensions });
        }
        if !metrics.is_empty() {
            let line = format!("{}\n", document(metrics, self.function_name.as_deref()));
            // Nobody is left to tell where the log cannot be written.
            let _ = self.writer.make_writer().write_all(line.as_bytes());
        }
    }
}

/// The metrics of an event.
#[derive(Default)]
struct Told(Vec<Metric>);

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "metrics" {
            self.0 = serde_json::from_str(&format!("{value:?}")).unwrap_or_default();
        }
    }
}

/// One directive for each set of dimensions; names and values of both are members at the top, as the format has it.
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
