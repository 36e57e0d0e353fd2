//! Logs: one JSON object a line on stdout, the event's fields at the top level, where CloudWatch Logs Insights finds
//! them by name.
//!
//! `lambda_runtime`'s own subscriber nests the fields and lets every crate speak at the chosen level; the SDK then
//! writes requests out, bodies and all. Here only this workspace does, and everyone else warns.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The crates that write at the chosen level.
const OURS: &[&str] = &[
    "command_handler",
    "event_store",
    "function_setup",
    "http_api",
    "order_domain",
    "order_store",
    "order_stream",
    "projector",
    "published_events",
    "publisher",
    "query_handler",
    "read_model",
];

/// Writes this process's logs of that level and above to stdout from now on. Once something else writes them, it stays
/// so.
pub fn init(level: LevelFilter) {
    // It fails only where a subscriber is set already, as in a test.
    let _ = subscriber(level, std::io::stdout).try_init();
}

fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let others = level.min(LevelFilter::WARN);
    let targets = Targets::new().with_default(others).with_targets(OURS.iter().map(|name| (*name, level)));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::registry().with(lines.with_writer(writer)).with(targets)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

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
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), log);
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
        assert!(lines[0]["timestamp"].is_string());
        assert!(!lines[0].to_string().contains("in a span"));
    }

    #[test]
    fn only_this_workspace_speaks_at_the_chosen_level() {
        let lines = written(LevelFilter::TRACE, || {
            tracing::trace!(target: "event_store::dynamo", "ours");
            tracing::info!(target: "aws_smithy_runtime::client::http", "a body");
            tracing::warn!(target: "lambda_runtime", "theirs");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["ours", "theirs"]);
    }

    #[test]
    fn nobody_warns_where_errors_alone_are_wanted() {
        let lines = written(LevelFilter::ERROR, || {
            tracing::warn!(target: "event_store", "ours");
            tracing::warn!(target: "lambda_runtime", "theirs");
        });
        assert!(lines.is_empty(), "{lines:?}");
    }
}
