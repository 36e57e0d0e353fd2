//! An event store that fails.

use event_store::{Appended, Commit, CommitPage, EventStore, Loaded, NewCommit, StoreError, UpTo};
use order_aggregate::Orders;
use order_domain::Event;

/// A store that fails every call with this error.
#[derive(Debug, Clone)]
pub struct FailingStore(pub fn() -> StoreError);

impl EventStore<Orders> for FailingStore {
    async fn append(&self, _: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        Err((self.0)())
    }

    async fn load(&self, _: &str, _: UpTo) -> Result<Loaded<Orders>, StoreError> {
        Err((self.0)())
    }

    async fn commits(&self, _: &str, _: u64, _: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        Err((self.0)())
    }

    async fn page(&self, _: &str, _: u64, _: usize) -> Result<CommitPage<Event>, StoreError> {
        Err((self.0)())
    }
}
