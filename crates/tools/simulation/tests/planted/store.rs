//! Bugs of the event store.

use event_store::{
    Appended, Commit, CommitPage, DynamoEventStore, EventStore, Loaded, NewCommit, StoreError, TableError, UpTo,
};
use order_aggregate::Orders;
use order_domain::Event;
use simulation::clock;

use super::Bug;
use super::rules::{forgetful, misstated};

/// The real store, with a bug.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) store: DynamoEventStore,
    pub(crate) bug: Bug,
}

impl EventStore<Orders> for Store {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        let mut new = new.clone();
        if self.bug == Bug::BelievesTheClock {
            new.commit.recorded_at = clock::now();
        }
        if self.bug == Bug::LeavesOutAVersion && new.commit.version == 3 {
            new.commit.version = 4;
        }
        let events = misstated(new.commit.events.iter().map(|recorded| recorded.event.clone()), self.bug);
        for (recorded, event) in new.commit.events.iter_mut().zip(events) {
            recorded.event = event;
        }
        let appended = self.store.append(&new).await;
        match (self.bug, appended) {
            (Bug::TakesALostRaceForAWin, Ok(_)) => Ok(Appended::Written { oversized_snapshot: None }),
            (Bug::TakesAnOutageForSuccess, Err(StoreError::Table(TableError::Unavailable { .. }))) => {
                Ok(Appended::Written { oversized_snapshot: None })
            }
            (Bug::DoesNotKnowItsOwnCommit, Ok(Appended::Occupied(mut commit))) => {
                commit.request.request_id.push_str("-of-another");
                Ok(Appended::Occupied(commit))
            }
            (Bug::IgnoresTheFingerprint, Ok(Appended::Occupied(mut commit))) => {
                commit.request.fingerprint = new.commit.request.fingerprint;
                Ok(Appended::Occupied(commit))
            }
            (_, appended) => appended,
        }
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        if self.bug == Bug::BelievesALateLoad && up_to == UpTo::Head {
            return self.load_eventually(aggregate_id).await;
        }
        Ok(forgetful(self.store.load(aggregate_id, up_to).await?, self.bug))
    }

    async fn load_eventually(&self, aggregate_id: &str) -> Result<Loaded<Orders>, StoreError> {
        Ok(forgetful(self.store.load_eventually(aggregate_id).await?, self.bug))
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.store, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        EventStore::<Orders>::page(&self.store, id, after, limit).await
    }
}

/// A store in which missing commits have no events.
#[derive(Clone)]
pub(crate) struct Hollow(pub(crate) DynamoEventStore);

impl EventStore<Orders> for Hollow {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        self.0.append(new).await
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        self.0.load(aggregate_id, up_to).await
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        let mut commits = EventStore::<Orders>::commits(&self.0, id, after, limit).await?;
        commits.iter_mut().filter(|commit| commit.version > 1).for_each(|commit| commit.events.clear());
        Ok(commits)
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        EventStore::<Orders>::page(&self.0, id, after, limit).await
    }
}
