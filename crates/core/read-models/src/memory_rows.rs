//! The in-memory adapter: the same items in a map, for tests and for trying things out.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_dynamo::Item;

use crate::dynamo_rows::is_over;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_item;
use crate::row_store::{NewRow, Read, RowStore, Standing, Write};

/// Keeps rows in memory, encoded as they would be in DynamoDB. Clones share their content.
pub struct InMemoryRows<P> {
    items: Arc<Mutex<BTreeMap<RowKey, Item>>>,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection> InMemoryRows<P> {
    /// The same rows as another projection, or another number of this one, sees them.
    #[must_use]
    pub fn seen_by<Q: Projection>(&self) -> InMemoryRows<Q> {
        InMemoryRows { items: Arc::clone(&self.items), projection: PhantomData }
    }

    /// Every row there is, by key.
    #[must_use]
    pub fn all(&self) -> BTreeMap<RowKey, Standing<P::Row>> {
        self.items().iter().map(|(key, item)| (key.clone(), row_item::decode::<P>(item.clone()))).collect()
    }

    fn put(&self, row: &NewRow<P::Row>) -> Result<Write, RowError> {
        let item = row_item::encode::<P>(&row.key, row.version, &row.row)?;
        let mut items = self.items();
        let stored = items.get(&row.key);
        if let Some(refusal) = stored.and_then(|stored| row_item::keeps_its_place::<P>(stored, row)) {
            return Ok(refusal);
        }
        items.insert(row.key.clone(), item);
        Ok(Write::Written)
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<RowKey, Item>> {
        // A panic elsewhere cannot have left the map half-changed: every change is one insert.
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
        Ok(Read { rows: found.collect::<HashMap<_, _>>(), unread: Vec::new() })
    }

    async fn write(&self, rows: &[NewRow<P::Row>], until: Option<Instant>) -> Vec<Result<Write, RowError>> {
        rows.iter().map(|row| if is_over(until) { Err(RowError::OutOfTime) } else { self.put(row) }).collect()
    }
}
