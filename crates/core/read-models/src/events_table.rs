//! The table of events that a read model was folded from, remembered beside its rows.
//!
//! A read model and its events belong together. Compared with the events of another stack, every row would look like one
//! without an order. So each table of rows has an item with the id of its events table, at a key that no customer's id can
//! make. It is no row: scans of rows skip it, and no query reads it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamo_rows::DynamoRows;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;

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

/// True for the key of the item, which is no row's.
pub(crate) fn is_memory(key: &RowKey) -> bool {
    key.partition == KEY
}

impl DynamoRows {
    /// The events table that these rows were folded from, where they remember one.
    ///
    /// # Errors
    /// [`RowError::Unavailable`] and [`RowError::Refused`].
    pub async fn events_table<P: Projection>(&self) -> Result<Option<EventsTable>, RowError> {
        let key = key();
        let item = self.images::<P>(std::slice::from_ref(&key)).await?.remove(&key);
        let text = |name: &str| match item.as_ref()?.0.inner().get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => Some(text.clone()),
            Some(_) | None => None,
        };
        Ok(text(ID).map(|id| EventsTable { id, name: text(NAME).unwrap_or_default() }))
    }

    /// Remembers the events table that these rows are folded from.
    ///
    /// # Errors
    /// [`RowError::Unavailable`] and [`RowError::Refused`].
    pub async fn remember_events_table<P: Projection>(&self, events: &EventsTable) -> Result<(), RowError> {
        let attributes = [(P::KEY.partition, KEY), (P::KEY.sort, KEY), (ID, &events.id), (NAME, &events.name)];
        let item: HashMap<String, AttributeValue> =
            attributes.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| RowError::of("PutItem", error))
    }
}

fn key() -> RowKey {
    RowKey { partition: KEY.to_owned(), sort: KEY.to_owned() }
}
