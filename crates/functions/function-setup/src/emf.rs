//! Metrics as documents in CloudWatch's embedded metric format, one JSON object a line.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::metrics::{Metric, MetricsField, Unit};

/// The namespace of every metric.
const NAMESPACE: &str = "OrderLedger";
/// The dimension that distinguishes functions, and therefore also stacks.
const FUNCTION_NAME: &str = "function_name";
const COLD_STARTS: &str = "ColdStarts";

/// The writer of the metrics of a process.
pub(crate) struct Emf {
    function_name: Option<String>,
    /// True if an invocation waited for this process to start and no line has reported this yet.
    cold: AtomicBool,
}

impl Emf {
    pub(crate) const fn new(function_name: Option<String>, cold: bool) -> Self {
        Self { function_name, cold: AtomicBool::new(cold) }
    }

    /// Writes the metrics of an event. Writes nothing if it has none.
    pub(crate) fn write(&self, event: &Event<'_>, mut writer: impl Write) -> io::Result<()> {
        let mut line = Line { emf: self, written: Vec::new() };
        event.record(&mut line);
        if line.written.is_empty() { Ok(()) } else { writer.write_all(&line.written) }
    }

    /// Returns the line of these metrics. It is empty if there are none.
    fn line(&self, metrics: &[Metric]) -> Vec<u8> {
        let is_first = self.cold.swap(false, Ordering::Relaxed);
        let cold = is_first.then(|| Metric::count(COLD_STARTS, 1));
        if metrics.is_empty() && cold.is_none() {
            return Vec::new();
        }
        let document = document(metrics.iter().chain(&cold), self.function_name.as_deref());
        let mut line = serde_json::to_vec(&document).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// The line of an event, made while its field is visited.
struct Line<'a> {
    emf: &'a Emf,
    written: Vec<u8>,
}

impl Visit for Line<'_> {
    fn record_error(&mut self, _: &Field, value: &(dyn Error + 'static)) {
        if let Some(MetricsField(metrics)) = value.downcast_ref() {
            self.written = self.emf.line(metrics);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A document: names and values of metrics and dimensions are members at the top level, as the format requires.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "_aws")]
    aws: Directives<'a>,
    #[serde(flatten)]
    members: BTreeMap<&'a str, Member<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    Metric(u64),
    Dimension(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directives<'a> {
    timestamp: u64,
    cloud_watch_metrics: Vec<Directive<'a>>,
}

/// The metrics that have the same dimensions.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: [Vec<&'a str>; 1],
    metrics: Vec<Definition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    name: &'a str,
    unit: Unit,
}

/// Builds the document, with one directive for each set of dimensions.
fn document<'a>(metrics: impl Iterator<Item = &'a Metric>, function_name: Option<&'a str>) -> Document<'a> {
    let mut members = BTreeMap::new();
    let mut by_dimensions: BTreeMap<Vec<&str>, Vec<Definition<'_>>> = BTreeMap::new();
    let function = function_name.map(|function| (FUNCTION_NAME, function));
    for Metric { name, unit, value, dimensions } in metrics {
        let dimensions = dimensions.iter().map(|(name, value)| (*name, value.as_str()));
        let dimensions: BTreeMap<_, _> = dimensions.chain(function).collect();
        by_dimensions.entry(dimensions.keys().copied().collect()).or_default().push(Definition { name, unit: *unit });
        members.extend(dimensions.into_iter().map(|(name, value)| (name, Member::Dimension(value))));
        members.insert(name, Member::Metric(*value));
    }
    let directive = |(dimensions, metrics)| Directive { namespace: NAMESPACE, dimensions: [dimensions], metrics };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let timestamp = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let cloud_watch_metrics = by_dimensions.into_iter().map(directive).collect();
    Document { aws: Directives { timestamp, cloud_watch_metrics }, members }
}
