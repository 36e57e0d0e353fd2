//! The in-memory adapter: the same items in a map, for tests and experiments.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use event_store::dynamo::Consistency;
use serde_dynamo::Item;

use crate::events_table::{self, EventsTable};
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_images::{ImagePage, RowImages, Segment};
use crate::row_item::{self, StoredItem};
use crate::row_store::{ExistingRow, NewRow, Read, RowStore, Write, is_over};

/// A store that keeps rows in memory, encoded as in DynamoDB. Clones share their content.
pub struct InMemoryRows<P> {
    items: Arc<Mutex<BTreeMap<RowKey, Item>>>,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection> InMemoryRows<P> {
    /// Returns the same rows as seen by another projection, or by another number of this one.
    #[must_use]
    pub fn seen_by<Q: Projection>(&self) -> InMemoryRows<Q> {
        InMemoryRows { items: Arc::clone(&self.items), projection: PhantomData }
    }

    /// Returns all stored rows, by key.
    #[must_use]
    pub fn all(&self) -> BTreeMap<RowKey, ExistingRow<P::Row>> {
        let items = self.items();
        let rows = items.iter().filter(|(key, _)| !events_table::is_memory(key));
        rows.map(|(key, item)| (key.clone(), row_item::decode::<P>(item.clone()))).collect()
    }

    fn put(&self, row: &NewRow<P::Row>) -> Result<Write, RowError> {
        let item = row_item::encode::<P>(&row.key, row.version, &row.row)?;
        let mut items = self.items();
        let stored = items.get(&row.key);
        if let Some(refusal) = stored.and_then(|stored| row_item::stamp(stored).rejects::<P>(row)) {
            return Ok(refusal);
        }
        items.insert(row.key.clone(), item);
        Ok(Write::Written)
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<RowKey, Item>> {
        // A panic in another thread cannot have left the map half-changed, because every change is one insert.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Default for InMemoryRows<P> {
    fn default() -> Self {
        Self { items: Arc::default(), projection: PhantomData }
    }
}

impl<P> Clone for InMemoryRows<P> {
    fn clone(&self) -> Self {
        Self { items: Arc::clone(&self.items), projection: PhantomData }
    }
}

impl<P: Projection> RowStore<P> for InMemoryRows<P> {
    async fn read(&self, keys: &[RowKey]) -> Result<Read<P::Row>, RowError> {
        let items = self.items();
        let found = keys.iter().filter_map(|key| Some((key.clone(), row_item::decode::<P>(items.get(key)?.clone()))));
        let rows = found.collect::<HashMap<_, _>>();
        Ok(Read { rows, unread: Vec::new(), consistency: Consistency::Strong })
    }

    async fn write(&self, rows: &[NewRow<P::Row>], until: Option<Instant>) -> Vec<Result<Write, RowError>> {
        rows.iter().map(|row| if is_over(until) { Err(RowError::OutOfTime) } else { self.put(row) }).collect()
    }
}

impl<P: Projection> RowImages<P> for InMemoryRows<P> {
    type Image = StoredItem;

    async fn images(&self, keys: &[RowKey]) -> Result<HashMap<RowKey, StoredItem>, RowError> {
        let items = self.items();
        let stored = keys.iter().filter_map(|key| Some((key.clone(), StoredItem(items.get(key)?.clone()))));
        Ok(stored.collect())
    }

    /// Returns all rows for one segment, and none for the others.
    async fn scan(
        &self,
        segment: Segment,
        after: Option<&RowKey>,
        limit: Option<u32>,
    ) -> Result<ImagePage<StoredItem>, RowError> {
        if segment.number > 0 {
            return Ok(ImagePage { rows: Vec::new(), next: None });
        }
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let items = self.items();
        let mut left = items.iter().filter(|(key, _)| after.is_none_or(|after| *key > after));
        let page: Vec<_> =
            left.by_ref().take(limit).map(|(key, item)| (key.clone(), StoredItem(item.clone()))).collect();
        let next = left.next().and(page.last()).map(|(key, _)| key.clone());
        let rows = page.into_iter().filter(|(key, _)| !events_table::is_memory(key)).collect();
        Ok(ImagePage { rows, next })
    }

    async fn replace(
        &self,
        key: &RowKey,
        was: Option<&StoredItem>,
        version: u64,
        row: &P::Row,
    ) -> Result<bool, RowError> {
        let item = row_item::encode::<P>(key, version, row)?;
        let mut items = self.items();
        let is_unchanged = items.get(key) == was.map(|was| &was.0);
        if is_unchanged {
            items.insert(key.clone(), item);
        }
        Ok(is_unchanged)
    }

    async fn delete(&self, key: &RowKey, was: &StoredItem) -> Result<bool, RowError> {
        let mut items = self.items();
        let is_unchanged = items.get(key) == Some(&was.0);
        if is_unchanged {
            items.remove(key);
        }
        Ok(is_unchanged)
    }

    async fn events_table(&self) -> Result<Option<EventsTable>, RowError> {
        let item = self.items().get(&events_table::key()).cloned();
        Ok(item.and_then(|item| EventsTable::from_item(&StoredItem(item))))
    }

    async fn remember_events_table(&self, events: &EventsTable) -> Result<(), RowError> {
        self.items().insert(events_table::key(), events.to_item::<P>().0);
        Ok(())
    }
}
