//! Rows as DynamoDB items: the row's own attributes, its key, its version and the projection's number.

use serde_dynamo::{AttributeValue, Item};
use serde_json::{Map, Value};

use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_stamp::RowStamp;
use crate::row_store::ExistingRow;

/// The version up to which a row is folded.
pub(crate) const VERSION: &str = "version";
/// The number of the projection that folded it.
pub(crate) const PROJECTION: &str = "projection";

// It replaces serde_dynamo's errors, which may quote a value.
pub(crate) const NOT_AN_ITEM: &str = "it cannot be made an item";
pub(crate) const NOT_ITS_SHAPE: &str = "its attributes are not those that this release reads";

/// A row as a stored item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredItem(pub(crate) Item);

impl RowImage for StoredItem {
    fn version(&self) -> u64 {
        stamp(&self.0).version
    }

    fn projection(&self) -> u64 {
        stamp(&self.0).projection
    }

    fn attributes(&self) -> Map<String, Value> {
        self.0.inner().iter().map(|(name, value)| (name.clone(), json(value))).collect()
    }
}

/// Returns a value as JSON. Our rows have no sets or bytes. These are described in words, so that none of them equals a
/// list or a text.
fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(digits) => digits.parse().map_or_else(|_| Value::String(format!("{value:?}")), Value::Number),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(list) => list.iter().map(json).collect(),
        AttributeValue::M(map) => Value::Object(map.iter().map(|(name, value)| (name.clone(), json(value))).collect()),
        AttributeValue::B(_) | AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_) => {
            Value::String(format!("{value:?}"))
        }
    }
}

pub(crate) fn encode<P: Projection>(key: &RowKey, version: u64, row: &P::Row) -> Result<Item, RowError> {
    let item: Item = serde_dynamo::to_item(row).map_err(|_| RowError::unwritable(key, NOT_AN_ITEM))?;
    let mut attributes = item.into_inner();
    attributes.extend([
        (P::KEY.partition.to_owned(), AttributeValue::S(key.partition.clone())),
        (P::KEY.sort.to_owned(), AttributeValue::S(key.sort.clone())),
        (VERSION.to_owned(), AttributeValue::N(version.to_string())),
        (PROJECTION.to_owned(), AttributeValue::N(P::NUMBER.to_string())),
    ]);
    Ok(attributes.into())
}

/// Returns the attributes of a stored row: the row's own, as its JSON has them, its two keys, `version` and `projection`.
///
/// An audit compares them with the [attributes](RowImage::attributes) that are stored, so every adapter must store each of
/// them, and no other.
///
/// # Errors
/// Returns an error if the row has no such form.
pub fn row_attributes<P: Projection>(key: &RowKey, version: u64, row: &P::Row) -> Result<Map<String, Value>, RowError> {
    Ok(StoredItem(encode::<P>(key, version, row)?).attributes())
}

/// Decodes a row.
pub(crate) fn decode<P: Projection>(item: Item) -> ExistingRow<P::Row> {
    stamp(&item).existing::<P>(|| serde_dynamo::from_item(item).ok())
}

/// Returns a row's version and projection number.
pub(crate) fn stamp(item: &Item) -> RowStamp {
    let number = |name| match item.inner().get(name) {
        Some(AttributeValue::N(digits)) => digits.parse().unwrap_or(0),
        _ => 0,
    };
    RowStamp { version: number(VERSION), projection: number(PROJECTION) }
}

pub(crate) fn key_of<P: Projection>(item: &Item) -> Option<RowKey> {
    let text = |name| match item.inner().get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    Some(RowKey { partition: text(P::KEY.partition)?, sort: text(P::KEY.sort)? })
}
