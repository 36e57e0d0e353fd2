//! Rows that a first read shows as they were a moment ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use event_store::dynamo::Consistency;
use event_store::{Delivered, InMemoryEventStore, Poison};
use order_aggregate::OrderCommit;
use order_domain::Event;
use read_models::{
    Engine, ExistingRow, InMemoryRows, NewRow, OrderSummaryByCustomer, OrderSummaryRow, Outcome, Read, RowError,
    RowKey, RowStore, Write,
};

use crate::story::{entries, entry, paid_in_parts};

type Rows = InMemoryRows<OrderSummaryByCustomer>;

/// Rows whose eventually consistent reads show others.
#[derive(Clone, Default)]
struct Late {
    rows: Rows,
    shown: Rows,
    /// The number of strongly consistent reads.
    read_again: Arc<AtomicUsize>,
    /// True if strongly consistent reads fail.
    fails: bool,
}

impl RowStore<OrderSummaryByCustomer> for Late {
    async fn read(&self, keys: &[RowKey]) -> Result<Read<OrderSummaryRow>, RowError> {
        self.read_again.fetch_add(1, Ordering::Relaxed);
        if self.fails {
            return Err(RowError::OutOfTime);
        }
        self.rows.read(keys).await
    }

    async fn read_eventually(&self, keys: &[RowKey]) -> Result<Read<OrderSummaryRow>, RowError> {
        Ok(Read { consistency: Consistency::Eventual, ..self.shown.read(keys).await? })
    }

    async fn write(&self, rows: &[NewRow<OrderSummaryRow>], until: Option<Instant>) -> Vec<Result<Write, RowError>> {
        self.rows.write(rows, until).await
    }
}

/// An order of five commits, whose row has the first `stored` of them and is shown with the first `shown`.
struct Order {
    store: InMemoryEventStore,
    commits: Vec<OrderCommit>,
    late: Late,
}

impl Order {
    async fn with(stored: usize, shown: usize) -> Self {
        let (store, late) = (InMemoryEventStore::default(), Late::default());
        let commits = paid_in_parts(&store, "o-1", 4).await;
        for (rows, up_to) in [(&late.rows, stored), (&late.shown, shown)] {
            Engine::new(store.clone(), rows.clone()).project(entries(&commits[..up_to]), None).await;
        }
        Self { store, commits, late }
    }

    async fn project(&self, batch: Vec<Delivered<Event>>) -> Outcome {
        Engine::new(self.store.clone(), self.late.clone()).project(batch, None).await
    }

    /// Returns the version of the stored row.
    fn version(&self) -> u64 {
        match self.late.rows.all().into_iter().next() {
            Some((_, ExistingRow::Row { version, .. })) => version,
            Some((_, ExistingRow::Outdated | ExistingRow::Newer)) | None => 0,
        }
    }

    fn read_again(&self) -> usize {
        self.late.read_again.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_row_one_version_behind_is_read_once_even_if_a_later_one_is_stored() {
    // The row as stored, whether its write is rejected, and its version afterwards.
    for (stored, superseded, version) in [(2, 0, 3), (3, 1, 3), (5, 1, 5)] {
        let order = Order::with(stored, 2).await;
        let outcome = order.project(entries(&order.commits[2..3])).await;
        assert_eq!((outcome.failed, outcome.counters.superseded), (vec![], superseded), "stored at {stored}");
        assert_eq!((order.version(), order.read_again()), (version, 0), "stored at {stored}");
        // A note may wait for a row that another writer has changed.
        assert_eq!(outcome.out_of_sequence.len() as u64, superseded, "stored at {stored}");
    }
}

#[tokio::test]
async fn a_row_that_seems_to_lack_commits_is_read_again_and_no_gap_is_seen() {
    for shown in [0, 1, 2] {
        let order = Order::with(3, shown).await;
        let outcome = order.project(entries(&order.commits[3..4])).await;
        assert_eq!((outcome.failed, outcome.counters.gaps_repaired), (vec![], 0), "shown at {shown}");
        assert_eq!((order.version(), order.read_again()), (4, 1), "shown at {shown}");
        assert!(outcome.out_of_sequence.is_empty(), "shown at {shown}");
    }
}

#[tokio::test]
async fn a_row_that_has_every_commit_of_the_batch_is_not_read_again() {
    let order = Order::with(5, 3).await;
    let outcome = order.project(entries(&order.commits[1..3])).await;
    assert_eq!((outcome.failed, outcome.counters.repeats), (vec![], 2));
    assert_eq!((order.version(), order.read_again()), (5, 0));
}

#[tokio::test]
async fn a_failed_second_read_stops_only_the_rows_that_need_it() {
    let mut order = Order::with(2, 2).await;
    let other = paid_in_parts(&order.store, "o-2", 1).await;
    order.late.fails = true;
    let outcome = order.project(entries(&[order.commits[2].clone(), other[1].clone()])).await;
    assert_eq!((outcome.failed.len(), order.read_again(), order.version()), (1, 1, 3));
}

/// A newer release has folded the commit that this one cannot read.
#[tokio::test]
async fn poison_that_the_stored_row_is_past_holds_nothing_back() {
    for (stored, failed) in [(2, 2), (3, 0), (5, 0)] {
        let order = Order::with(stored, 2).await;
        let position = Some(("o-1".to_owned(), 3));
        let record = Err(Poison { position, cause: "an event from the future".to_owned() });
        let poison = Delivered { record, ..entry(&order.commits[2]) };
        let outcome = order.project(vec![poison, entry(&order.commits[3])]).await;
        assert_eq!((outcome.failed.len(), order.read_again()), (failed, 1), "stored at {stored}");
        assert_eq!(order.version(), if stored == 3 { 4 } else { stored as u64 });
    }
}
