//! The entries that PutEvents accepts and rejects. The rules are those of the EventBridge API Reference (PutEvents,
//! PutEventsRequestEntry, PutEventsResultEntry) and of its user guide's "Calculating PutEvents event entry size". Comments
//! mark the rules that are stricter here.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// The maximum number of entries in a call.
pub const MAX_ENTRIES: usize = 10;
/// The maximum number of bytes in a call, over all its entries, as EventBridge counts them.
pub const MAX_BYTES: usize = 256 * 1024;
/// The number of bytes that EventBridge counts for an entry's time.
const TIME_BYTES: usize = 14;
const MAX_SOURCE_CHARACTERS: usize = 256;
const MAX_DETAIL_TYPE_CHARACTERS: usize = 128;
const MAX_RESOURCE_CHARACTERS: usize = 2048;
/// The first number above the 64-bit integers, 2^63. Its negative is the lowest 64-bit integer.
const BEYOND_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsRequest {
    #[serde(default)]
    entries: Vec<PutEventsEntry>,
}

/// An entry as it arrives. It may have a `TraceHeader` too, which is ignored and does not count.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutEventsEntry {
    /// The time in seconds since 1970.
    time: Option<Number>,
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    event_bus_name: Option<String>,
}

/// The reason why a whole call, of any operation, is rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallRefused {
    #[error("the body cannot be read: {0}")]
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

/// The reason why an entry of an accepted call is rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryRefused {
    #[error("{0} is missing or empty")]
    Missing(&'static str),
    #[error("{name} has {limit} characters at most")]
    TooLong { name: &'static str, limit: usize },
    #[error("sources that begin with aws. are reserved for AWS")]
    ReservedSource,
    #[error("Detail is not a JSON object: {0}")]
    Detail(#[source] serde_json::Error),
    #[error("Detail contains a number beyond the 64-bit integers")]
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

/// Reads a request and checks it against the rules for whole calls.
///
/// AWS uses the default bus for an entry without a bus name. Here such an entry is rejected: otherwise a publisher without
/// a bus name would fail only in production.
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
    /// Returns its size as EventBridge counts it, in bytes of UTF-8.
    fn size(&self) -> usize {
        let time = if self.time.is_some() { TIME_BYTES } else { 0 };
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        time + texts + self.resources.iter().map(String::len).sum::<usize>()
    }

    /// Returns its detail on one line, if it follows the rules for entries.
    ///
    /// AWS uses its own time for an entry without one. Here such an entry is rejected, because a repeat would differ from
    /// the original. AWS limits integers; here the limit applies to every number.
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
        // Line ends can occur only between the tokens of JSON, because strings escape them.
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

/// Returns the bus name, from a name or an ARN.
pub(crate) fn bus_of(name_or_arn: &str) -> &str {
    match name_or_arn.split_once(":event-bus/") {
        Some((arn, name)) if arn.starts_with("arn:") => name,
        _ => name_or_arn,
    }
}
