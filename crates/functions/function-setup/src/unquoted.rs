//! What `lambda_runtime` says of an invocation, without what it quotes of it.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Where `lambda_runtime` reads payloads. Its error on one that it cannot read quotes the value at fault.
const QUOTING: &str = "lambda_runtime::layers::api_response";
const SAID_INSTEAD: &str = "a payload cannot be read, or an answer not be given";

/// Writes events as `F` does, and of those that quote payloads only that there was one.
#[derive(Debug)]
pub(crate) struct Unquoted<F>(pub(crate) F);

impl<S, N, F> FormatEvent<S, N> for Unquoted<F>
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
        writeln!(line, r#"","level":"{level}","message":"{SAID_INSTEAD}","target":"{target}"}}"#)
    }
}
