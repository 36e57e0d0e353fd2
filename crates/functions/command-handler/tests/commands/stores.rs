//! Stores that count, that fail, or in which another writer is always faster.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_store::{
    Appended, Commit, CommitPage, EventStore, Fingerprint, InMemoryEventStore, Loaded, NewCommit, Request, StoreError,
    Timestamp, UpTo,
};
use order_aggregate::Orders;
use order_domain::Event;
use order_domain::event::PaymentReceived;
use order_domain::values::{Amount, PaymentId};

/// A store in memory that counts its writes.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    pub(crate) inner: InMemoryEventStore,
    appended: Arc<AtomicUsize>,
}

impl Counted {
    pub(crate) fn appended(&self) -> usize {
        self.appended.load(Ordering::Relaxed)
    }
}

impl EventStore<Orders> for Counted {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        let appended = self.inner.append(new).await?;
        if matches!(appended, Appended::Written { .. }) {
            self.appended.fetch_add(1, Ordering::Relaxed);
        }
        // Lets the other requests of a race run in between.
        tokio::task::yield_now().await;
        Ok(appended)
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        let loaded = self.inner.load(aggregate_id, up_to).await;
        tokio::task::yield_now().await;
        loaded
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.inner, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        EventStore::<Orders>::page(&self.inner, id, after, limit).await
    }
}

/// A store that never answers.
#[derive(Clone)]
pub(crate) struct Silent;

impl EventStore<Orders> for Silent {
    async fn append(&self, _: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        pending().await
    }

    async fn load(&self, _: &str, _: UpTo) -> Result<Loaded<Orders>, StoreError> {
        pending().await
    }

    async fn commits(&self, _: &str, _: u64, _: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        pending().await
    }

    async fn page(&self, _: &str, _: u64, _: usize) -> Result<CommitPage<Event>, StoreError> {
        pending().await
    }
}

/// A store where, just before every append, another writer records a payment of 1.
#[derive(Clone, Default)]
pub(crate) struct Crowded {
    pub(crate) inner: InMemoryEventStore,
}

impl EventStore<Orders> for Crowded {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        let id = &new.commit.aggregate_id;
        let head: Loaded<Orders> = self.inner.load(id, UpTo::Head).await?;
        let request = Request {
            request_id: format!("other-{}", head.version),
            fingerprint: Fingerprint::of(b"other"),
            actor: "other".to_owned(),
            correlation_id: None,
            causation_id: None,
        };
        let payment = PaymentReceived {
            payment_id: PaymentId::parse(&request.request_id).unwrap(),
            amount: Amount::new(1).unwrap(),
            method: None,
        };
        let other = head.next(&request, vec![Event::PaymentReceived(payment)], Timestamp::now());
        assert!(matches!(self.inner.append(&other).await?, Appended::Written { .. }));
        self.inner.append(new).await
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        self.inner.load(aggregate_id, up_to).await
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.inner, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        EventStore::<Orders>::page(&self.inner, id, after, limit).await
    }
}

/// A store where a snapshot is always due and never fits.
#[derive(Clone, Default)]
pub(crate) struct Outgrown {
    pub(crate) inner: InMemoryEventStore,
}

impl EventStore<Orders> for Outgrown {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        match self.inner.append(new).await? {
            Appended::Written { .. } => Ok(Appended::Written { oversized_snapshot: Some(410_000) }),
            occupied @ Appended::Occupied(_) => Ok(occupied),
        }
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        self.inner.load(aggregate_id, up_to).await
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.inner, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        EventStore::<Orders>::page(&self.inner, id, after, limit).await
    }
}
