//! The table of events that a read model was folded from, remembered beside its rows.
//!
//! A read model and its events belong together. Compared with the events of another stack, every row would look like one
//! without an order. So each table of rows has an item with the id of its events table, at a key that no customer's id can
//! make. It is no row: scans of rows skip it, and no query reads it.

use std::collections::HashMap;

use serde_dynamo::AttributeValue;

use crate::projection::{Projection, RowKey};
use crate::row_item::StoredItem;

/// The partition and the sort key of the item. Ids begin with a letter or a digit, so neither is a row's.
const KEY: &str = "#events";
const ID: &str = "eventsTableId";
const NAME: &str = "eventsTable";

/// A table of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsTable {
    /// DynamoDB's id: another table of the same name has another one.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The key of the item.
pub(crate) fn key() -> RowKey {
    RowKey { partition: KEY.to_owned(), sort: KEY.to_owned() }
}

/// True for the key of the item, which is no row's.
pub(crate) fn is_memory(key: &RowKey) -> bool {
    key.partition == KEY
}

impl EventsTable {
    /// The item that remembers the table.
    pub(crate) fn to_item<P: Projection>(&self) -> StoredItem {
        let attributes = [(P::KEY.partition, KEY), (P::KEY.sort, KEY), (ID, &self.id), (NAME, &self.name)];
        let item: HashMap<String, AttributeValue> =
            attributes.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
        StoredItem(item.into())
    }

    /// The table that an item remembers; `None` where the item has no id.
    pub(crate) fn from_item(item: &StoredItem) -> Option<Self> {
        let text = |name: &str| match item.0.inner().get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            Some(_) | None => None,
        };
        Some(Self { id: text(ID)?, name: text(NAME).unwrap_or_default() })
    }
}
