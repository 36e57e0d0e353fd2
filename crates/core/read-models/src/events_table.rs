//! The table of events that a read model was folded from, recorded beside its rows.
//!
//! A read model and its events belong together. Compared with the events of another stack, every row would look like
//! one without an order. So each table of rows has an item with the id of its events table, at a key that no customer's
//! id can produce. The item is not a row: scans of rows skip it, and no query reads it.

use std::collections::HashMap;

use serde_dynamo::AttributeValue;

use crate::projection::{Projection, RowKey};
use crate::row_item::StoredItem;

/// The partition key and the sort key of the item. Ids begin with a letter or a digit, so no row has this key.
const KEY: &str = "#events";
const ID: &str = "eventsTableId";
const NAME: &str = "eventsTable";

/// A table of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsTable {
    /// The table's id in DynamoDB. Another table with the same name has another id.
    pub id: String,
    /// The table's name.
    pub name: String,
}

/// Returns the key of the item.
pub(crate) fn key() -> RowKey {
    RowKey { partition: KEY.to_owned(), sort: KEY.to_owned() }
}

/// Returns true for the key of the item, which is not a row.
pub(crate) fn is_memory(key: &RowKey) -> bool {
    key.partition == KEY
}

impl EventsTable {
    /// Returns the item that records the table.
    pub(crate) fn to_item<P: Projection>(&self) -> StoredItem {
        let attributes = [(P::KEY.partition, KEY), (P::KEY.sort, KEY), (ID, &self.id), (NAME, &self.name)];
        let item: HashMap<String, AttributeValue> =
            attributes.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
        StoredItem(item.into())
    }

    /// Returns the table that an item records; `None` if the item has no id.
    pub(crate) fn from_item(item: &StoredItem) -> Option<Self> {
        let text = |name: &str| match item.0.inner().get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            Some(_) | None => None,
        };
        Some(Self { id: text(ID)?, name: text(NAME).unwrap_or_default() })
    }
}
