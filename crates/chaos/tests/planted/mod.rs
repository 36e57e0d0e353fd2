//! Event stores with a bug each, for the checker to find.

use chaos::clock;
use event_store::{Appended, Commit, DynamoEventStore, EventStore, Loaded, NewCommit, StoreError, UpTo};
use order_domain::Event;
use order_store::Orders;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A failed condition is taken for a write.
    TakesALostRaceForAWin,
    /// A failed condition is always another's doing.
    DoesNotKnowItsOwnCommit,
    /// A commit is recorded at whatever time the clock shows.
    BelievesTheClock,
    /// The third version is called the fourth.
    LeavesOutAVersion,
    /// A write that failed is taken for one that did not.
    TakesAnOutageForSuccess,
}

/// The real store, with a bug.
#[derive(Clone)]
pub(crate) struct Planted {
    pub(crate) store: DynamoEventStore,
    pub(crate) bug: Bug,
}

impl EventStore<Orders> for Planted {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        let mut new = new.clone();
        match self.bug {
            Bug::BelievesTheClock => new.commit.recorded_at = clock::now(),
            Bug::LeavesOutAVersion if new.commit.version == 3 => new.commit.version = 4,
            Bug::TakesALostRaceForAWin
            | Bug::DoesNotKnowItsOwnCommit
            | Bug::LeavesOutAVersion
            | Bug::TakesAnOutageForSuccess => {}
        }
        let appended = self.store.append(&new).await;
        match (self.bug, appended) {
            (Bug::TakesALostRaceForAWin, Ok(_)) => Ok(Appended::Written),
            (Bug::TakesAnOutageForSuccess, Err(StoreError::Unavailable { .. })) => Ok(Appended::Written),
            (Bug::DoesNotKnowItsOwnCommit, Ok(Appended::Occupied(mut commit))) => {
                commit.request.request_id.push_str("-of-another");
                Ok(Appended::Occupied(commit))
            }
            (_, appended) => appended,
        }
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        self.store.load(aggregate_id, up_to).await
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.store, id, after, limit).await
    }
}
