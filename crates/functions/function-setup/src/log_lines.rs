//! Log events as lines of JSON. The event's fields are members of the line.

use std::fmt;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use serde::ser::{SerializeMap, Serializer as _};
use serde_json::ser::{CompactFormatter, Compound};
use serde_json::{Error, Serializer};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The module in which `lambda_runtime` reads payloads. Its error for an unreadable payload quotes the value, so the lines of
/// its events have no fields.
const QUOTING: &str = "lambda_runtime::layers::api_response";
const REPLACEMENT: &str = "cannot read a payload or return a reply";

/// Writes an event with `timestamp`, `level`, its fields and `target`.
pub(crate) fn write(event: &Event<'_>, mut writer: impl Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(512);
    line_of(event, &mut line)?;
    line.push(b'\n');
    // One call writes the whole line, so lines of several threads do not mix.
    writer.write_all(&line)
}

fn line_of(event: &Event<'_>, line: &mut Vec<u8>) -> Result<(), Error> {
    let (target, level) = (event.metadata().target(), event.metadata().level());
    let mut serializer = Serializer::new(line);
    let mut members = serializer.serialize_map(None)?;
    members.serialize_entry("timestamp", &format_args!("{:.6}Z", now()))?;
    members.serialize_entry("level", name(*level))?;
    let mut members = Members { members, result: Ok(()) };
    if target == QUOTING {
        members.add("message", REPLACEMENT);
    } else {
        event.record(&mut members);
    }
    members.add("target", target);
    members.result?;
    members.members.end()
}

/// Returns the system clock's instant in UTC.
fn now() -> DateTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
    epoch.saturating_add(SignedDuration::try_from(since).unwrap_or(SignedDuration::MAX))
}

const fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// The members of a line, up to the first that cannot be written.
struct Members<'a> {
    members: Compound<'a, &'a mut Vec<u8>, CompactFormatter>,
    result: Result<(), Error>,
}

impl Members<'_> {
    fn add(&mut self, name: &str, value: &(impl serde::Serialize + ?Sized)) {
        if self.result.is_ok() {
            self.result = self.members.serialize_entry(name, value);
        }
    }
}

impl Visit for Members<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format_args!("{value:?}"));
    }
}
