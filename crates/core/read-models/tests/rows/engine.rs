//! The engine over several batches: the result does not depend on how commits arrive.

use std::collections::BTreeMap;

use event_store::InMemoryEventStore;
use order_aggregate::OrderCommit;
use read_models::{
    Counters, Engine, ExistingRow, InMemoryRows, OrderSummaryByCustomer, OrderSummaryRow, Outcome, Projection, Reason,
    RowKey,
};

use crate::story::{Numbered, SummaryEngine, entries, paid_in_parts, row_of};

/// An engine, its events and its rows, all in memory.
struct Bench {
    store: InMemoryEventStore,
    rows: InMemoryRows<OrderSummaryByCustomer>,
    engine: SummaryEngine<InMemoryEventStore, InMemoryRows<OrderSummaryByCustomer>>,
}

impl Bench {
    fn new() -> Self {
        let (store, rows) = (InMemoryEventStore::default(), InMemoryRows::default());
        Self { engine: Engine::new(store.clone(), rows.clone()), store, rows }
    }

    async fn project<'a>(&self, commits: impl IntoIterator<Item = &'a OrderCommit>) -> Outcome {
        self.engine.project(entries(commits), None).await
    }

    fn rows(&self) -> BTreeMap<RowKey, ExistingRow<OrderSummaryRow>> {
        self.rows.all()
    }

    #[track_caller]
    fn expect_rows(&self, histories: &[&[OrderCommit]]) {
        let expected = histories.iter().map(|commits| {
            let row = row_of(commits);
            (OrderSummaryByCustomer::key(&commits[0]).unwrap(), ExistingRow::Row { version: row.version, row })
        });
        assert_eq!(self.rows(), expected.collect());
    }
}

#[track_caller]
fn all_went_well(outcome: &Outcome, expected: Counters) {
    assert_eq!((&outcome.failed[..], outcome.counters), (&[][..], expected));
}

#[tokio::test]
async fn a_first_commit_makes_a_row_and_reads_nothing() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 0).await;
    let outcome = bench.project(&commits).await;
    all_went_well(&outcome, Counters { aggregates: 1, rows_written: 1, ..Counters::default() });
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn a_later_commit_costs_one_read_and_one_write() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 1).await;
    bench.project(&commits[..1]).await;
    let outcome = bench.project(&commits[1..]).await;
    all_went_well(&outcome, Counters { aggregates: 1, rows_read: 1, rows_written: 1, ..Counters::default() });
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn an_empty_batch_comes_to_nothing() {
    all_went_well(&Bench::new().project(&[]).await, Counters::default());
}

#[tokio::test]
async fn orders_of_one_batch_get_a_row_each() {
    let bench = Bench::new();
    let (first, second) = (paid_in_parts(&bench.store, "o-1", 3).await, paid_in_parts(&bench.store, "o-2", 5).await);
    let interleaved = first.iter().zip(&second).flat_map(|(a, b)| [a, b]).chain(&second[4..]);
    let outcome = bench.project(interleaved).await;
    all_went_well(&outcome, Counters { aggregates: 2, rows_written: 2, ..Counters::default() });
    bench.expect_rows(&[&first, &second]);
}

#[tokio::test]
async fn repeats_within_a_batch_are_dropped() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 2).await;
    let outcome = bench.project(commits.iter().chain(&commits)).await;
    all_went_well(&outcome, Counters { aggregates: 1, rows_written: 1, repeats: 3, ..Counters::default() });
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn commits_out_of_order_are_put_in_order() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 4).await;
    let outcome = bench.project(commits.iter().rev()).await;
    all_went_well(&outcome, Counters { aggregates: 1, rows_written: 1, ..Counters::default() });
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn what_the_row_has_is_not_written_again() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 4).await;
    bench.project(&commits).await;
    let outcome = bench.project(&commits[1..3]).await;
    all_went_well(&outcome, Counters { aggregates: 1, rows_read: 1, repeats: 2, ..Counters::default() });
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn a_replay_of_the_whole_stream_changes_nothing() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 4).await;
    bench.project(&commits).await;
    for commit in &commits {
        let outcome = bench.project([commit]).await;
        assert_eq!((outcome.failed.len(), outcome.counters.rows_written), (0, 0));
        bench.expect_rows(&[&commits]);
    }
}

#[tokio::test]
async fn a_lost_record_is_healed_by_the_orders_next_event() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 5).await;
    bench.project(&commits[..2]).await;
    let outcome = bench.project(&commits[5..]).await;
    let expected = Counters { aggregates: 1, rows_read: 1, rows_written: 1, gaps_repaired: 1, ..Counters::default() };
    all_went_well(&outcome, expected);
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn a_lost_beginning_is_healed_too() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 2).await;
    let outcome = bench.project(&commits[2..]).await;
    assert_eq!((outcome.failed.len(), outcome.counters.gaps_repaired), (0, 1));
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn gaps_within_a_batch_are_repaired_one_by_one() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 8).await;
    let outcome = bench.project([&commits[0], &commits[3], &commits[4], &commits[8]]).await;
    all_went_well(&outcome, Counters { aggregates: 1, rows_written: 1, gaps_repaired: 2, ..Counters::default() });
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn a_gap_longer_than_a_page_is_repaired() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 520).await;
    let outcome = bench.project(&commits[520..]).await;
    assert_eq!((outcome.failed.len(), outcome.counters.gaps_repaired), (0, 1));
    bench.expect_rows(&[&commits]);
}

#[tokio::test]
async fn a_row_of_an_older_number_is_rebuilt_from_the_first_event() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 5).await;
    bench.project(&commits[..4]).await;
    let newer = bench.rows.seen_by::<Numbered<3>>();
    let outcome = Engine::new(bench.store.clone(), newer.clone()).project(entries(&commits[4..]), None).await;
    assert_eq!((outcome.failed.len(), outcome.counters.gaps_repaired), (0, 1));
    let rebuilt = ExistingRow::Row { version: 6, row: row_of(&commits) };
    assert_eq!(newer.all().into_values().collect::<Vec<_>>(), [rebuilt]);
}

#[tokio::test]
async fn a_replay_under_a_newer_number_takes_no_row_backwards() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 5).await;
    bench.project(&commits).await;
    let newer = bench.rows.seen_by::<Numbered<3>>();
    let outcome = Engine::new(bench.store.clone(), newer.clone()).project(entries(&commits[..2]), None).await;
    assert_eq!((outcome.failed.len(), outcome.counters.rows_written), (0, 1));
    let whole = ExistingRow::Row { version: 6, row: row_of(&commits) };
    assert_eq!(newer.all().into_values().collect::<Vec<_>>(), [whole]);
}

#[tokio::test]
async fn a_row_of_a_newer_number_stays_and_its_records_are_retried() {
    let bench = Bench::new();
    let commits = paid_in_parts(&bench.store, "o-1", 2).await;
    let newer = Engine::new(bench.store.clone(), bench.rows.seen_by::<Numbered<3>>());
    newer.project(entries(&commits[..1]), None).await;
    // The batch comes with and without version 1: in one case the row is read first, in the other the write finds it.
    for batch in [&commits[1..], &commits[..]] {
        let outcome = bench.project(batch).await;
        let reasons: Vec<_> = outcome.failed.iter().map(|failure| (failure.version, &failure.reason)).collect();
        let expected: Vec<_> = batch.iter().map(|commit| (Some(commit.version), &Reason::NewerProjection)).collect();
        assert_eq!(reasons, expected);
        assert_eq!(bench.rows().into_values().collect::<Vec<_>>(), [ExistingRow::Newer]);
    }
}
