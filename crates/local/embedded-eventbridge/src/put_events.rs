//! What PutEvents takes and refuses. The rules are those of the EventBridge API Reference (PutEvents,
//! PutEventsRequestEntry, PutEventsResultEntry) and of its user guide's "Calculating PutEvents event entry size"; where
//! this is stricter, it says so.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::describe_event_bus::bus_of;

/// The most entries in a call.
pub const MAX_ENTRIES: usize = 10;
/// The most bytes in a call, over all its entries, as EventBridge counts them.
pub const MAX_BYTES: usize = 256 * 1024;
/// What an entry's time counts for, in bytes.
const TIME_BYTES: usize = 14;
const MAX_SOURCE_CHARACTERS: usize = 256;
const MAX_DETAIL_TYPE_CHARACTERS: usize = 128;
const MAX_RESOURCE_CHARACTERS: usize = 2048;
/// The first number beyond the integers of 64 bits, 2^63; minus it is the last one on the other side.
const BEYOND_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsRequest {
    #[serde(default)]
    entries: Vec<PutEventsEntry>,
}

/// An entry as it arrives. It may carry a `TraceHeader` too, which counts for nothing and is dropped.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutEventsEntry {
    /// Seconds since 1970.
    time: Option<Number>,
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    event_bus_name: Option<String>,
}

/// Why a call is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallRefused {
    #[error("the body is not a PutEvents request: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("a call takes 1 to {MAX_ENTRIES} entries, not {0}")]
    EntryCount(usize),
    #[error("the entries of a call have {MAX_BYTES} bytes at most, not {0}")]
    TooLarge(usize),
    #[error("an entry names no event bus")]
    NoBus,
    #[error("event bus {0} does not exist")]
    UnknownBus(String),
}

impl CallRefused {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "SerializationException",
            Self::EntryCount(_) | Self::TooLarge(_) => "ValidationException",
            Self::NoBus | Self::UnknownBus(_) => "ResourceNotFoundException",
        }
    }
}

/// Why an entry is refused in a call that is not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryRefused {
    #[error("{0} is missing or empty")]
    Missing(&'static str),
    #[error("{name} has {limit} characters at most")]
    TooLong { name: &'static str, limit: usize },
    #[error("sources that begin with aws. are AWS's own")]
    ReservedSource,
    #[error("Detail is not a JSON object: {0}")]
    Detail(#[source] serde_json::Error),
    #[error("Detail holds a number beyond the integers of 64 bits")]
    NumberTooLarge,
}

impl EntryRefused {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::TooLong { .. } => "InvalidArgument",
            Self::ReservedSource => "NotAuthorizedForSourceException",
            Self::Detail(_) | Self::NumberTooLarge => "MalformedDetail",
        }
    }
}

/// Reads a request and holds it to the rules for whole calls.
///
/// AWS takes an entry that names no bus for the default bus; here that is refused, for a publisher that forgets its bus
/// would be found out in production only.
pub(crate) fn entries(body: &[u8], buses: &BTreeSet<String>) -> Result<Vec<PutEventsEntry>, CallRefused> {
    let PutEventsRequest { entries } = serde_json::from_slice(body)?;
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(CallRefused::EntryCount(entries.len()));
    }
    let size = entries.iter().map(PutEventsEntry::size).sum();
    if size > MAX_BYTES {
        return Err(CallRefused::TooLarge(size));
    }
    for entry in &entries {
        let name = entry.event_bus_name.as_ref().ok_or(CallRefused::NoBus)?;
        if !buses.contains(bus_of(name)) {
            return Err(CallRefused::UnknownBus(name.clone()));
        }
    }
    Ok(entries)
}

impl PutEventsEntry {
    /// Its size as EventBridge counts it, in bytes of UTF-8.
    fn size(&self) -> usize {
        let time = if self.time.is_some() { TIME_BYTES } else { 0 };
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        time + texts + self.resources.iter().map(String::len).sum::<usize>()
    }

    /// Its detail on one line, if it keeps to the rules for entries.
    ///
    /// AWS puts its own time where none is given; here that is refused, for then a repeat would differ from what it repeats.
    /// AWS sets bounds to integers; here they hold for every number.
    pub(crate) fn detail(self) -> Result<String, EntryRefused> {
        let source = required("Source", self.source)?;
        let detail_type = required("DetailType", self.detail_type)?;
        let detail = required("Detail", self.detail)?;
        at_most("Source", &source, MAX_SOURCE_CHARACTERS)?;
        at_most("DetailType", &detail_type, MAX_DETAIL_TYPE_CHARACTERS)?;
        for resource in &self.resources {
            at_most("a member of Resources", resource, MAX_RESOURCE_CHARACTERS)?;
        }
        if self.time.is_none() {
            return Err(EntryRefused::Missing("Time"));
        }
        if source.starts_with("aws.") {
            return Err(EntryRefused::ReservedSource);
        }
        let fields: Map<String, Value> = serde_json::from_str(&detail).map_err(EntryRefused::Detail)?;
        if fields.values().any(has_a_number_too_large) {
            return Err(EntryRefused::NumberTooLarge);
        }
        // Line ends can stand between the tokens of JSON only: within a string they are escaped.
        Ok(detail.replace(['\n', '\r'], " ").trim().to_owned())
    }
}

fn has_a_number_too_large(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_i64() && number.as_f64().is_none_or(|n| n.abs() >= BEYOND_INTEGERS),
        Value::Array(items) => items.iter().any(has_a_number_too_large),
        Value::Object(fields) => fields.values().any(has_a_number_too_large),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn required(name: &'static str, value: Option<String>) -> Result<String, EntryRefused> {
    value.filter(|value| !value.is_empty()).ok_or(EntryRefused::Missing(name))
}

fn at_most(name: &'static str, value: &str, limit: usize) -> Result<(), EntryRefused> {
    if value.chars().count() > limit { Err(EntryRefused::TooLong { name, limit }) } else { Ok(()) }
}
