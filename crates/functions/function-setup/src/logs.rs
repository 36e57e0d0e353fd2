//! Logs: one JSON object a line on stdout. The event's fields are at the top level, where CloudWatch Logs Insights finds
//! them by name.
//!
//! `lambda_runtime`'s own subscriber nests the fields and applies the chosen level to every crate. The SDK would then log
//! requests with their bodies. Here the chosen level applies only to this workspace and to the crates that a function
//! names. All other crates log warnings and errors only, without quoting payloads.

use std::io::Write;
use std::panic::{self, PanicHookInfo};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

use crate::emf::Emf;
use crate::{log_lines, metrics};

/// The crates that log at the chosen level: all crates of this workspace that are part of a function.
const OURS: &[&str] = &[
    "command_handler",
    "event_store",
    "function_setup",
    "http_api",
    "order_aggregate",
    "order_domain",
    "parked_orders",
    "projector",
    "publication",
    "publisher",
    "query_handler",
    "read_models",
    "signed_quotes",
    "stream_consumer",
    "timestamp",
];

/// The variable in which Lambda passes the function's name.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// The variable in which Lambda passes the reason for the start of the process: `on-demand`, or ahead of any invocation.
const INITIALIZATION_TYPE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";

/// Writes the logs of this process to stdout from now on, from this level upwards, with its metrics and panics. If a
/// subscriber is already set, that subscriber stays.
///
/// `further` names the crates that log at this level besides the core's, with underscores: those of a module. Name no crate
/// that logs the content of requests.
pub fn init(level: LevelFilter, further: &[&str]) {
    let process = Process::of(|name| std::env::var(name).ok());
    // This fails only if a subscriber is already set, as in a test.
    if dispatcher::set_global_default(Dispatch::new(Lines::new(level, further, process, std::io::stdout))).is_ok() {
        panic::set_hook(Box::new(panicked));
    }
}

/// Logs the position of a panic. The standard hook also writes the message, which may quote the content of an event or a
/// request.
fn panicked(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    let literal = info.payload().downcast_ref::<&'static str>().copied();
    tracing::error!(panic = true, location, literal, "the code panicked");
}

/// The values that all metrics of a process have in common.
struct Process {
    function_name: Option<String>,
    /// True if an invocation waits for this process to start.
    starts_cold: bool,
}

impl Process {
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let initialization = variable(INITIALIZATION_TYPE);
        Self {
            function_name: variable(FUNCTION_NAME),
            starts_cold: initialization.as_deref() != Some("provisioned-concurrency"),
        }
    }
}

/// The subscriber: it writes each event at once and keeps no spans, because no line names its spans.
struct Lines<F> {
    level: LevelFilter,
    further: Vec<String>,
    emf: Emf,
    writer: F,
}

impl<F> Lines<F> {
    fn new(level: LevelFilter, further: &[&str], process: Process, writer: F) -> Self {
        let further = further.iter().map(|&name| name.to_owned()).collect();
        Self { level, further, emf: Emf::new(process.function_name, process.starts_cold), writer }
    }

    /// Returns the level from which events of a target are written. A target starts with the name of its crate.
    fn level_of(&self, target: &str) -> LevelFilter {
        let mut chosen = OURS.iter().copied().chain(self.further.iter().map(String::as_str));
        if target == metrics::TARGET {
            LevelFilter::TRACE
        } else if chosen.any(|name| target.starts_with(name)) {
            self.level
        } else {
            self.level.min(LevelFilter::WARN)
        }
    }
}

impl<W: Write, F: Fn() -> W + 'static> Subscriber for Lines<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level_of(metadata.target())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Metrics are events of level INFO and are written at every level.
        Some(self.level.max(LevelFilter::INFO))
    }

    fn event(&self, event: &Event<'_>) {
        let is_metrics = event.metadata().target() == metrics::TARGET;
        let writer = (self.writer)();
        // If the log cannot be written, there is no other place to report the error.
        let _ = if is_metrics { self.emf.write(event, writer) } else { log_lines::write(event, writer) };
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::io;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::metrics::Metrics;

    const FUNCTIONS: [&str; 4] = ["command-handler", "projector", "publisher", "query-handler"];

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(level: LevelFilter, log: impl FnOnce()) -> Vec<Value> {
        written_by("provisioned-concurrency", level, log)
    }

    fn written_by(initialization: &str, level: LevelFilter, log: impl FnOnce()) -> Vec<Value> {
        let variables = [(FUNCTION_NAME, "order-ledger-projector"), (INITIALIZATION_TYPE, initialization)];
        let variables: BTreeMap<_, _> = variables.into();
        let process = Process::of(|name| variables.get(name).map(|&value| value.to_owned()));
        let lines = Lines::default();
        let writer = lines.clone();
        let lines_of = Dispatch::new(super::Lines::new(level, &["reports"], process, move || writer.clone()));
        dispatcher::with_default(&lines_of, log);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn an_event_is_one_line_with_its_fields_at_the_top_level() {
        let lines = written(LevelFilter::INFO, || {
            let _span = tracing::info_span!("invocation", secret = "in a span").entered();
            tracing::info!(target: "command_handler", order_id = "o-1", version = 3, "appended\nthe commit");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "appended\nthe commit");
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["order_id"], "o-1");
        assert_eq!(lines[0]["version"], 3);
        // RFC 3339 in UTC, to the microsecond: 2026-11-21T09:30:00.123456Z.
        let timestamp = lines[0]["timestamp"].as_str().unwrap();
        assert!(timestamp.len() == 27 && timestamp.starts_with("20") && timestamp.ends_with('Z'), "{timestamp}");
        assert!(!lines[0].to_string().contains("in a span"));
    }

    #[test]
    fn a_field_keeps_its_type_and_is_left_out_without_a_value() {
        let lines = written(LevelFilter::INFO, || {
            let (reason, bytes): (Option<&str>, _) = (None, [1_u8]);
            tracing::info!(target: "projector", count = -1, parked = true, reason, share = 0.5, ?bytes, "a \"batch\"");
        });
        let expected = json!({
            "timestamp": lines[0]["timestamp"],
            "level": "INFO",
            "message": "a \"batch\"",
            "count": -1,
            "parked": true,
            "share": 0.5,
            "bytes": "[1]",
            "target": "projector",
        });
        assert_eq!(lines[0], expected);
    }

    #[test]
    fn unusual_values_leave_the_line_readable() {
        let lines = written(LevelFilter::INFO, || {
            let error: Box<dyn std::error::Error> = "no\u{1} number".into();
            let error = error.as_ref();
            tracing::info!(target: "projector", error, share = f64::NAN, large = u128::MAX, "a batch");
        });
        assert_eq!(lines[0]["error"], "no\u{1} number");
        assert_eq!((&lines[0]["share"], &lines[0]["large"]), (&json!(null), &json!(u128::MAX.to_string())));
        assert_eq!(lines[0]["message"], "a batch");
    }

    #[test]
    fn only_this_workspace_and_the_named_crates_log_at_the_chosen_level() {
        let lines = written(LevelFilter::TRACE, || {
            tracing::trace!(target: "event_store::dynamo", "ours");
            tracing::trace!(target: "reports::postgres_rows", "named");
            tracing::info!(target: "aws_smithy_runtime::client::http", "a body");
            tracing::warn!(target: "lambda_runtime", "theirs");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["ours", "named", "theirs"]);
    }

    #[test]
    fn payload_values_in_errors_of_lambda_runtime_are_not_logged() {
        let lines = written(LevelFilter::TRACE, || {
            let error = "invalid type: string \"Jane Doe\"";
            tracing::error!(target: "lambda_runtime::layers::api_response", error, "deserialization failed");
            tracing::error!(target: "lambda_runtime::layers::api_client", error = "404", "not answered");
        });
        let said = "cannot read a payload or return a reply";
        assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&json!("ERROR"), &json!(said)));
        assert!(lines[0]["timestamp"].is_string() && !lines[0].to_string().contains("Jane"), "{}", lines[0]);
        assert_eq!(lines[1]["error"], "404");
    }

    #[test]
    fn at_level_error_no_warning_is_logged() {
        let lines = written(LevelFilter::ERROR, || {
            tracing::warn!(target: "event_store", "ours");
            tracing::warn!(target: "lambda_runtime", "theirs");
        });
        assert!(lines.is_empty(), "{lines:?}");
    }

    /// Collects the names of the workspace's crates that a crate depends on, including itself.
    fn parts_of(name: &str, parts: &mut BTreeSet<String>) {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifests = ["core", "functions"].map(|district| crates.join(district).join(name).join("Cargo.toml"));
        let Some(manifest) = manifests.iter().find_map(|manifest| fs::read_to_string(manifest).ok()) else { return };
        parts.insert(name.replace('-', "_"));
        let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
        let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
        for dependency in dependencies.lines().filter_map(|line| line.split_once(".workspace")) {
            parts_of(dependency.0, parts);
        }
    }

    #[test]
    fn every_crate_that_a_function_is_made_of_writes_at_the_chosen_level() {
        let mut parts = BTreeSet::new();
        FUNCTIONS.iter().for_each(|name| parts_of(name, &mut parts));
        assert_eq!(parts.iter().collect::<Vec<_>>(), OURS.iter().collect::<Vec<_>>());
    }

    #[test]
    fn metrics_are_a_line_in_the_embedded_metric_format_whatever_the_level() {
        for level in [LevelFilter::TRACE, LevelFilter::ERROR, LevelFilter::OFF] {
            let mut lines = written(level, || {
                let line = Metrics::new().count("EventsPublished", 3).milliseconds("PublicationLag", Some(0));
                line.by("consumer", "publisher").count("OrdersParked", 2).count("EventsHeld", 0).write();
            });
            assert_eq!(lines.len(), 1);
            let timestamp = lines[0]["_aws"]["Timestamp"].take();
            assert!(timestamp.as_u64().unwrap() > 1_700_000_000_000, "milliseconds since 1970: {timestamp}");
            let directives = json!([{
                "Namespace": "OrderLedger",
                "Dimensions": [["consumer", "function_name"]],
                "Metrics": [{ "Name": "OrdersParked", "Unit": "Count" }],
            }, {
                "Namespace": "OrderLedger",
                "Dimensions": [["function_name"]],
                "Metrics": [
                    { "Name": "EventsPublished", "Unit": "Count" },
                    { "Name": "PublicationLag", "Unit": "Milliseconds" },
                ],
            }]);
            let expected = json!({
                "_aws": { "Timestamp": null, "CloudWatchMetrics": directives },
                "consumer": "publisher",
                "function_name": "order-ledger-projector",
                "EventsPublished": 3,
                "OrdersParked": 2,
                "PublicationLag": 0,
            });
            assert_eq!(lines[0], expected);
        }
    }

    #[test]
    fn without_metrics_there_is_no_line() {
        assert_eq!(written(LevelFilter::TRACE, || Metrics::new().count("OrdersParked", 0).write()), [Value::Null; 0]);
    }

    #[test]
    fn a_process_that_was_waited_for_says_so_with_its_first_invocation_alone() {
        let lines = written_by("on-demand", LevelFilter::INFO, || {
            Metrics::new().by("consumer", "publisher").count("OrdersParked", 1).write();
            Metrics::new().write();
            Metrics::new().by("consumer", "publisher").count("OrdersParked", 1).write();
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert_eq!((&lines[0]["ColdStarts"], &lines[0]["OrdersParked"]), (&json!(1), &json!(1)));
        let directive = json!({
            "Namespace": "OrderLedger",
            "Dimensions": [["function_name"]],
            "Metrics": [{ "Name": "ColdStarts", "Unit": "Count" }],
        });
        assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"][1], directive);
        assert_eq!(lines[1].get("ColdStarts"), None);
    }

    #[test]
    fn a_process_that_was_made_ready_before_anybody_waited_did_not_start_cold() {
        for (initialization, expected) in [("on-demand", 1), ("provisioned-concurrency", 0), ("", 1)] {
            assert_eq!(written_by(initialization, LevelFilter::INFO, || Metrics::new().write()).len(), expected);
        }
    }

    #[test]
    fn a_panic_says_where_and_quotes_nothing() {
        let before = panic::take_hook();
        panic::set_hook(Box::new(panicked));
        let lines = written(LevelFilter::INFO, || {
            let email = "someone@example.com".to_owned();
            let _ = panic::catch_unwind(|| panic!("{email} is no number"));
            let _ = panic::catch_unwind(|| panic!("a literal"));
        });
        panic::set_hook(before);
        assert_eq!(lines.len(), 2);
        assert!(lines[0]["location"].as_str().unwrap().contains("logs.rs:"), "{}", lines[0]);
        assert!(!lines[0].to_string().contains("someone"), "{}", lines[0]);
        assert_eq!(lines[1]["literal"], "a literal");
    }
}
