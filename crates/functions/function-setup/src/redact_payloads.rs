//! The events that `lambda_runtime` logs about an invocation, without the payload that they quote.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The module in which `lambda_runtime` reads payloads. Its error for an unreadable payload quotes the value.
const QUOTING: &str = "lambda_runtime::layers::api_response";
const REPLACEMENT: &str = "cannot read a payload or return a reply";

/// Formats events as `F` does. For an event that quotes a payload, it writes only that the event occurred.
#[derive(Debug)]
pub(crate) struct RedactPayloads<F>(pub(crate) F);

impl<S, N, F> FormatEvent<S, N> for RedactPayloads<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (target, level) = (event.metadata().target(), event.metadata().level());
        if target != QUOTING {
            return self.0.format_event(context, line, event);
        }
        line.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut line)?;
        writeln!(line, r#"","level":"{level}","message":"{REPLACEMENT}","target":"{target}"}}"#)
    }
}
