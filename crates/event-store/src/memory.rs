//! The in-memory adapter: the same items in a map, for tests and for trying things out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_dynamo::Item;

use crate::walk::Walk;
use crate::{Aggregate, Appended, Commit, EventStore, Loaded, NewCommit, StoreError, UpTo, item, snapshot};

/// Keeps commits in memory, encoded as they would be in DynamoDB. Clones share their content.
#[derive(Clone, Default)]
pub struct InMemoryEventStore {
    items: Arc<Mutex<BTreeMap<(String, u64), Item>>>,
    policy: snapshot::Policy,
}

impl InMemoryEventStore {
    /// The same store with another snapshot policy.
    #[must_use]
    pub fn with_snapshots(self, policy: snapshot::Policy) -> Self {
        Self { policy, ..self }
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<(String, u64), Item>> {
        // A panic elsewhere cannot have left the map half-changed: every change is one insert.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decode<A: Aggregate>(
        (aggregate_id, version): &(String, u64),
        item: &Item,
    ) -> Result<Commit<A::Event>, StoreError> {
        item::decode::<A>(item.clone()).map_err(|error| StoreError::Unreadable {
            aggregate_id: aggregate_id.clone(),
            version: *version,
            source: error.into(),
        })
    }
}

impl<A: Aggregate> EventStore<A> for InMemoryEventStore {
    async fn append(&self, new: &NewCommit<A>) -> Result<Appended<A::Event>, StoreError> {
        let item = item::encode(new, self.policy)?;
        let key = (new.commit.aggregate_id.clone(), new.commit.version);
        let mut items = self.items();
        match items.get(&key) {
            Some(existing) => Ok(Appended::Occupied(Self::decode::<A>(&key, existing)?)),
            None => {
                items.insert(key, item);
                Ok(Appended::Written)
            }
        }
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<A>, StoreError> {
        let last = if let UpTo::Version(version) = up_to { version } else { u64::MAX };
        let items = self.items();
        let mut walk = Walk::<A>::new(aggregate_id);
        for (key, item) in items.range((aggregate_id.to_owned(), 0)..=(aggregate_id.to_owned(), last)).rev() {
            if let UpTo::Time(time) = up_to
                && Self::decode::<A>(key, item)?.recorded_at > time
            {
                continue;
            }
            if walk.push(item.clone())? {
                break;
            }
        }
        walk.finish()
    }

    async fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> Result<Vec<Commit<A::Event>>, StoreError> {
        let items = self.items();
        let range = (aggregate_id.to_owned(), after.saturating_add(1))..=(aggregate_id.to_owned(), u64::MAX);
        let found = items.range(range).take(limit.unwrap_or(usize::MAX));
        found.map(|(key, item)| Self::decode::<A>(key, item)).collect()
    }
}
