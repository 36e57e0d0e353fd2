//! The in-memory adapter: the same items in a map, for tests and experiments.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_dynamo::Item;

use crate::as_of::Search;
use crate::item::EncodedCommit;
use crate::load_path::LoadPath;
use crate::page::Commits;
use crate::{
    Aggregate, Appended, Commit, CommitPage, EventStore, Loaded, NewCommit, StoreError, Timestamp, UpTo, item, snapshot,
};

/// A store that keeps commits in memory, encoded as in DynamoDB. Clones share their content.
#[derive(Clone, Default)]
pub struct InMemoryEventStore {
    items: Arc<Mutex<BTreeMap<(String, u64), Item>>>,
    policy: snapshot::Policy,
}

impl InMemoryEventStore {
    /// Returns the same store with another snapshot policy.
    #[must_use]
    pub fn with_snapshots(self, policy: snapshot::Policy) -> Self {
        Self { policy, ..self }
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<(String, u64), Item>> {
        // A panic in another thread cannot have left the map half-changed, because every change is one insert.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns copies of an aggregate's items after a version, in order.
    fn after(&self, aggregate_id: &str, after: u64, limit: usize) -> Vec<Item> {
        let range = (aggregate_id.to_owned(), after.saturating_add(1))..=(aggregate_id.to_owned(), u64::MAX);
        self.items().range(range).take(limit).map(|(_, item)| item.clone()).collect()
    }

    /// Returns the version that an aggregate had at an instant; 0 if it had none.
    fn version_at(&self, aggregate_id: &str, instant: Timestamp) -> Result<u64, StoreError> {
        let items = self.items();
        let key = |version| (aggregate_id.to_owned(), version);
        let Some((_, head)) = items.range(key(0)..=key(u64::MAX)).next_back() else { return Ok(0) };
        let head = item::time_of(aggregate_id, head)?;
        if head.1 <= instant {
            return Ok(head.0);
        }
        let mut search = Search::new(instant, head);
        while let Some(version) = search.next() {
            let found = items.get(&key(version));
            let found = found.ok_or_else(|| StoreError::unreadable(aggregate_id, version, "it is missing"))?;
            search.learn(version, item::time_of(aggregate_id, found)?.1);
        }
        Ok(search.answer())
    }
}

impl<A: Aggregate> EventStore<A> for InMemoryEventStore {
    async fn append(&self, new: &NewCommit<A>) -> Result<Appended<A::Event>, StoreError> {
        let EncodedCommit { item, oversized_snapshot } = item::encode(new, self.policy)?;
        let key = (new.commit.aggregate_id.clone(), new.commit.version);
        let mut items = self.items();
        match items.get(&key) {
            Some(existing) => item::decode::<A>(existing.clone())
                .map(Appended::Occupied)
                .map_err(|error| StoreError::unreadable(&key.0, key.1, error)),
            None => {
                items.insert(key, item);
                Ok(Appended::Written { oversized_snapshot })
            }
        }
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<A>, StoreError> {
        let last = match up_to {
            UpTo::Head => u64::MAX,
            UpTo::Version(version) => version,
            UpTo::Time(instant) => self.version_at(aggregate_id, instant)?,
        };
        let items = self.items();
        let mut path = LoadPath::<A>::new(aggregate_id);
        for (_, item) in items.range((aggregate_id.to_owned(), 0)..=(aggregate_id.to_owned(), last)).rev() {
            if path.push(item.clone())? {
                break;
            }
        }
        path.finish()
    }

    async fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> Result<Vec<Commit<A::Event>>, StoreError> {
        let mut commits = Commits::<A>::after(aggregate_id, after);
        let items = self.after(aggregate_id, after, limit.unwrap_or(usize::MAX));
        items.into_iter().try_for_each(|item| commits.push(item))?;
        Ok(commits.into_inner())
    }

    async fn page(&self, aggregate_id: &str, after: u64, limit: usize) -> Result<CommitPage<A::Event>, StoreError> {
        let items = self.after(aggregate_id, after, limit.saturating_add(1));
        Ok(Commits::<A>::after(aggregate_id, after).into_page(items, limit))
    }
}
