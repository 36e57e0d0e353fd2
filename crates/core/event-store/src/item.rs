//! Commits as DynamoDB items. The attribute names are stored: never change them.
//!
//! Commits are written as values of `serde_dynamo`, and read from those of stream records and of the SDK.

use std::collections::HashMap;

use serde_dynamo::{AttributeValue, Item};
use serde_json::Value;

use crate::aggregate::{CodecError, EncodedEvent};
use crate::dynamo::SdkItem;
use crate::snapshot::{self, Snapshot};
use crate::stored_value::{Plain, StoredValue};
use crate::{
    Aggregate, Commit, Fingerprint, NewCommit, RecordedEvent, Request, StoreError, StoredSnapshot, Timestamp,
    catch_panic,
};

/// The partition key.
pub const AGGREGATE_ID: &str = "aggregateId";
/// The sort key.
pub const VERSION: &str = "version";
pub(crate) const RECORDED_AT: &str = "recordedAt";
const EVENTS: &str = "events";
const ACTOR: &str = "actor";
const REQUEST_ID: &str = "requestId";
const REQUEST_HASH: &str = "requestHash";
const CORRELATION_ID: &str = "correlationId";
const CAUSATION_ID: &str = "causationId";
const SNAPSHOT: &str = "snapshot";
const EVENT_ID: &str = "eventId";
const EVENT_TYPE: &str = "eventType";
const SCHEMA_VERSION: &str = "schemaVersion";
const DATA: &str = "data";
/// The number of attributes of a commit without tags that has every optional one.
const MOST_ATTRIBUTES: usize = 10;

/// The valid versions. The last is 2^53 - 1, the largest integer that every JSON reader represents exactly. Adding 1 to
/// a version never overflows.
pub const VERSIONS: std::ops::RangeInclusive<u64> = 1..=(1 << 53) - 1;

/// DynamoDB's limit for one item, in bytes.
const MAX_ITEM_BYTES: usize = 400 * 1024;

/// A stored item that this release cannot read as a commit.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct ItemError {
    problem: String,
    source: Option<CodecError>,
}

impl ItemError {
    fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), source: None }
    }
}

/// Returns the aggregate and version that an item claims to have, as far as they can be read.
#[must_use]
pub fn key_of(item: &Item) -> Option<(String, u64)> {
    let Some(AttributeValue::S(aggregate_id)) = item.inner().get(AGGREGATE_ID) else { return None };
    let Some(AttributeValue::N(version)) = item.inner().get(VERSION) else { return None };
    Some((aggregate_id.clone(), version.parse().ok()?))
}

/// Returns the version of an item and the time when it was recorded. The rest of the item may be unreadable.
///
/// # Errors
/// Returns [`StoreError::Unreadable`] if one of the two cannot be read.
pub(crate) fn time_of(aggregate_id: &str, item: &Item) -> Result<(u64, Timestamp), StoreError> {
    let version = key_of(item).map(|(_, version)| version);
    let at = match item.inner().get(RECORDED_AT) {
        Some(AttributeValue::S(text)) => text.parse().ok(),
        Some(_) | None => None,
    };
    let problem = format!("{RECORDED_AT} is not a timestamp");
    version.zip(at).ok_or_else(|| StoreError::unreadable(aggregate_id, version.unwrap_or(0), problem))
}

/// Returns the correlation id of an item. The rest of the item may be unreadable.
#[must_use]
pub fn correlation_of(item: &Item) -> Option<&str> {
    let Some(AttributeValue::S(correlation_id)) = item.inner().get(CORRELATION_ID) else { return None };
    Some(correlation_id)
}

/// Reads a commit from an item, or from the image of one in a stream record.
///
/// # Errors
/// Returns an error if an attribute is missing or has another type, if an event has an unknown type or version, or if
/// reading it panics.
pub fn decode<A: Aggregate>(item: Item) -> Result<Commit<A::Event>, ItemError> {
    decode_values::<A>(item.into_inner())
}

/// Reads a commit from an item of the SDK.
///
/// # Errors
/// Returns the same errors as [`decode`].
pub fn decode_sdk<A: Aggregate>(item: SdkItem) -> Result<Commit<A::Event>, ItemError> {
    decode_values::<A>(item)
}

fn decode_values<A: Aggregate>(item: HashMap<String, impl StoredValue>) -> Result<Commit<A::Event>, ItemError> {
    catch_panic(|| decode_item::<A>(Attributes(item)))
        .unwrap_or_else(|panicked| Err(ItemError::new(panicked.to_string())))
}

fn decode_item<A: Aggregate>(mut attributes: Attributes<impl StoredValue>) -> Result<Commit<A::Event>, ItemError> {
    attributes.0.remove(SNAPSHOT);
    let aggregate_id = attributes.string(AGGREGATE_ID)?;
    let version = attributes.number(VERSION)?;
    if !VERSIONS.contains(&version) {
        return Err(ItemError::new(format!("{VERSION} is out of range")));
    }
    let recorded_at = attributes.string(RECORDED_AT)?;
    let recorded_at = recorded_at.parse::<Timestamp>().map_err(|e| ItemError::new(format!("{RECORDED_AT} {e}")))?;
    let request = Request {
        request_id: attributes.string(REQUEST_ID)?,
        fingerprint: attributes.fingerprint()?,
        actor: attributes.string(ACTOR)?,
        correlation_id: attributes.optional_string(CORRELATION_ID)?,
        causation_id: attributes.optional_string(CAUSATION_ID)?,
    };
    let Some(Plain::List(events)) = attributes.remove(EVENTS) else {
        return Err(ItemError::new(format!("{EVENTS} is not a list")));
    };
    let events = events.into_iter().map(decode_event::<A, _>).collect::<Result<Vec<_>, _>>()?;
    if events.is_empty() {
        return Err(ItemError::new(format!("{EVENTS} is empty")));
    }
    let tags = A::TAGS.iter().filter_map(|name| match attributes.remove(name) {
        Some(Plain::Text(text)) => Some(((*name).to_owned(), text)),
        Some(_) | None => None,
    });
    let tags = tags.collect();
    Ok(Commit { aggregate_id, version, recorded_at, request, tags, events })
}

fn decode_event<A: Aggregate, V: StoredValue>(value: V) -> Result<RecordedEvent<A::Event>, ItemError> {
    let Plain::Map(map) = value.plain() else { return Err(ItemError::new("an event is not a map")) };
    let mut attributes = Attributes(map);
    let event_id = attributes.string(EVENT_ID)?;
    let event_id = event_id.parse().map_err(|_| ItemError::new(format!("{EVENT_ID} is not a UUID")))?;
    let event_type = attributes.string(EVENT_TYPE)?;
    let schema_version = attributes.number(SCHEMA_VERSION)?;
    let what = format!("event {event_type} of schema version {schema_version}");
    let data = attributes.0.remove(DATA).ok_or_else(|| ItemError::new(format!("{what} has no {DATA}")))?;
    let unreadable = |source: CodecError| ItemError { problem: format!("{what} cannot be read"), source: Some(source) };
    // serde_dynamo's error would quote the value, and this error is logged.
    let data = json(data).map_err(|_| unreadable(format!("{DATA} is not JSON").into()))?;
    let event = A::decode(EncodedEvent { event_type, schema_version, data }).map_err(unreadable)?;
    Ok(RecordedEvent { event_id, event })
}

/// Returns a value as JSON, with the same result as serde_dynamo, which parses each number as three types.
fn json(value: impl StoredValue) -> Result<Value, serde_dynamo::Error> {
    Ok(match value.plain() {
        Plain::Text(text) => Value::String(text),
        Plain::Number(digits) => match digits.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => serde_dynamo::from_attribute_value(AttributeValue::N(digits))?,
        },
        Plain::Flag(flag) => Value::Bool(flag),
        Plain::Null => Value::Null,
        Plain::List(values) => Value::Array(values.into_iter().map(json).collect::<Result<_, _>>()?),
        Plain::Map(map) => {
            let members = map.into_iter().map(|(name, value)| Ok((name, json(value)?)));
            Value::Object(members.collect::<Result<_, serde_dynamo::Error>>()?)
        }
        Plain::Bytes(bytes) => serde_dynamo::from_attribute_value(AttributeValue::B(bytes))?,
        Plain::Other(value) => serde_dynamo::from_attribute_value(value)?,
    })
}

/// Returns the snapshot in an item, if this release can use it.
pub(crate) fn usable_snapshot<A: Aggregate>(item: &Item, version: u64) -> Option<Snapshot<A>> {
    let Some(AttributeValue::B(bytes)) = item.inner().get(SNAPSHOT) else { return None };
    catch_panic(|| snapshot::decode::<A>(bytes, version)).ok().flatten()
}

/// Removes the snapshot from an item, even if this release cannot use it.
pub(crate) fn take_snapshot(item: &mut SdkItem) -> Option<StoredSnapshot> {
    let Some(Plain::Bytes(bytes)) = item.remove(SNAPSHOT).map(StoredValue::plain) else { return None };
    Some(StoredSnapshot(bytes))
}

/// A commit, encoded for writing.
pub(crate) struct EncodedCommit {
    pub(crate) item: Item,
    /// The size in bytes that the item would have with the due snapshot, if that is too large.
    pub(crate) oversized_snapshot: Option<usize>,
}

/// Encodes a commit as an item. Adds its snapshot if that is free or due, and fits.
///
/// # Errors
/// Returns [`StoreError::Unwritable`] if something cannot be encoded, or if the item would exceed 400 KB.
pub(crate) fn encode<A: Aggregate>(new: &NewCommit<A>, policy: snapshot::Policy) -> Result<EncodedCommit, StoreError> {
    let commit = &new.commit;
    let unwritable = |source: CodecError| StoreError::Unwritable {
        aggregate_id: commit.aggregate_id.clone(),
        version: commit.version,
        source,
    };
    let string = |text: &str| AttributeValue::S(text.to_owned());
    let events = commit.events.iter().map(encode_event::<A>).collect::<Result<Vec<_>, _>>().map_err(unwritable)?;
    let mut item: HashMap<String, AttributeValue> = HashMap::with_capacity(MOST_ATTRIBUTES + commit.tags.len());
    item.extend([
        (AGGREGATE_ID.to_owned(), string(&commit.aggregate_id)),
        (VERSION.to_owned(), AttributeValue::N(commit.version.to_string())),
        (RECORDED_AT.to_owned(), AttributeValue::S(commit.recorded_at.to_string())),
        (ACTOR.to_owned(), string(&commit.request.actor)),
        (REQUEST_ID.to_owned(), string(&commit.request.request_id)),
        (REQUEST_HASH.to_owned(), AttributeValue::B(commit.request.fingerprint.0.to_vec())),
        (EVENTS.to_owned(), AttributeValue::L(events)),
    ]);
    let optional = [(CORRELATION_ID, &commit.request.correlation_id), (CAUSATION_ID, &commit.request.causation_id)];
    for (name, value) in optional {
        if let Some(value) = value {
            item.insert(name.to_owned(), string(value));
        }
    }
    for (name, value) in &commit.tags {
        if !A::TAGS.contains(&name.as_str()) {
            return Err(unwritable(format!("the aggregate does not name the tag {name}").into()));
        }
        if item.insert(name.clone(), string(value)).is_some() || name == SNAPSHOT {
            return Err(unwritable(format!("the tag {name} has the name of an attribute of every commit").into()));
        }
    }
    let bytes = map_bytes(&item);
    if bytes > MAX_ITEM_BYTES {
        return Err(unwritable(format!("it has {bytes} bytes; an item has {MAX_ITEM_BYTES} at most").into()));
    }
    let snapshot = AttributeValue::B(snapshot::encode::<A>(&new.state, &new.requests).map_err(unwritable)?);
    let bytes_with = bytes + SNAPSHOT.len() + value_bytes(&snapshot);
    let fits = bytes_with <= MAX_ITEM_BYTES;
    if fits && policy.attaches(new.since_snapshot, bytes, bytes_with) {
        item.insert(SNAPSHOT.to_owned(), snapshot);
    }
    let oversized_snapshot = (!fits && policy.is_due(new.since_snapshot)).then_some(bytes_with);
    Ok(EncodedCommit { item: Item::from(item), oversized_snapshot })
}

fn encode_event<A: Aggregate>(recorded: &RecordedEvent<A::Event>) -> Result<AttributeValue, CodecError> {
    let EncodedEvent { event_type, schema_version, data } = A::encode(&recorded.event)?;
    Ok(AttributeValue::M(HashMap::from([
        (EVENT_ID.to_owned(), AttributeValue::S(recorded.event_id.to_string())),
        (EVENT_TYPE.to_owned(), AttributeValue::S(event_type)),
        (SCHEMA_VERSION.to_owned(), AttributeValue::N(schema_version.to_string())),
        (DATA.to_owned(), serde_dynamo::to_attribute_value(data)?),
    ])))
}

/// Returns the size of an item as DynamoDB bills it, in bytes.
#[must_use]
pub fn billed_bytes(item: &Item) -> usize {
    map_bytes(item.inner())
}

/// Returns the size of a map's entries as DynamoDB bills them, in bytes: names and values, without the map's own
/// overhead.
fn map_bytes(map: &HashMap<String, AttributeValue>) -> usize {
    map.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// Returns the size of a value as DynamoDB bills it, in bytes ("DynamoDB item sizes and formats" in its Developer
/// Guide). It counts a number's trailing zeros, so the result is never too small.
fn value_bytes(value: &AttributeValue) -> usize {
    let number = |digits: &String| digits.len().div_ceil(2) + 2;
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => number(digits),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.len() + map_bytes(map),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(number).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(Vec::len).sum(),
    }
}

/// Attributes that a reader removes one by one.
struct Attributes<V>(HashMap<String, V>);

impl<V: StoredValue> Attributes<V> {
    fn remove(&mut self, name: &str) -> Option<Plain<V>> {
        self.0.remove(name).map(StoredValue::plain)
    }

    fn optional_string(&mut self, name: &str) -> Result<Option<String>, ItemError> {
        match self.remove(name) {
            None => Ok(None),
            Some(Plain::Text(text)) => Ok(Some(text)),
            Some(_) => Err(ItemError::new(format!("{name} is not a string"))),
        }
    }

    fn string(&mut self, name: &str) -> Result<String, ItemError> {
        self.optional_string(name)?.ok_or_else(|| ItemError::new(format!("{name} is missing")))
    }

    fn number<N: std::str::FromStr>(&mut self, name: &str) -> Result<N, ItemError> {
        let Some(Plain::Number(digits)) = self.remove(name) else {
            return Err(ItemError::new(format!("{name} is not a number")));
        };
        digits.parse().map_err(|_| ItemError::new(format!("{name} is out of range")))
    }

    fn fingerprint(&mut self) -> Result<Fingerprint, ItemError> {
        let Some(Plain::Bytes(bytes)) = self.remove(REQUEST_HASH) else {
            return Err(ItemError::new(format!("{REQUEST_HASH} is not binary")));
        };
        bytes.try_into().map(Fingerprint).map_err(|_| ItemError::new(format!("{REQUEST_HASH} has not 16 bytes")))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

    use super::*;

    #[test]
    fn a_value_is_the_json_that_serde_dynamo_makes_of_it() {
        let numbers =
            ["0", "-1", "5.25", "1.0", "1E3", "9223372036854775807", "-9223372036854775808", "9223372036854775808"];
        let texts = vec!["a".to_owned(), String::new()];
        let mut values: Vec<_> = numbers.map(|digits| SdkValue::N(digits.to_owned())).into();
        values.extend([SdkValue::N("18446744073709551616".to_owned()), SdkValue::N("no number".to_owned())]);
        values.extend([SdkValue::S("a \"text\"".to_owned()), SdkValue::Bool(true), SdkValue::Null(true)]);
        values.extend([SdkValue::B(Blob::new([1, 2])), SdkValue::Ss(texts), SdkValue::Ns(vec!["7".to_owned()])]);
        let readable: Vec<_> = values[..8].iter().chain(&values[10..13]).cloned().collect();
        values.push(SdkValue::M([("list".to_owned(), SdkValue::L(readable))].into()));
        for value in values {
            let converted = AttributeValue::from(value.clone());
            let expected = serde_dynamo::from_attribute_value::<_, Value>(converted.clone()).ok();
            assert_eq!(json(value.clone()).ok(), expected, "{value:?}");
            assert_eq!(json(converted).ok(), expected, "{value:?}");
        }
    }
}
