//! Poison and outages delay their own order, and no other.

use std::time::Instant;

use event_store::{Delivered, InMemoryEventStore, Poison, TableError};
use order_aggregate::{CUSTOMER_ID, OrderCommit, PLACED_AT};
use order_domain::Event;
use read_models::{
    DynamoRows, DynamoSummaries, Engine, ExistingRow, InMemoryRows, NewRow, OrderSummaries, OrderSummaryByCustomer,
    OrderSummaryRow, Outcome, Read, Reason, RowError, RowKey, RowStore, Write,
};

use crate::story::{SUMMARY_TABLE, SummaryEngine, dynamo, entries, entry, paid_in_parts};

type Rows = InMemoryRows<OrderSummaryByCustomer>;

fn poison(commit: &OrderCommit) -> Delivered<Event> {
    let position = Some((commit.aggregate_id.clone(), commit.version));
    Delivered { record: Err(Poison { position, cause: "an event from the future".to_owned() }), ..entry(commit) }
}

/// Returns the failed record ids, in order. Asserts that all of them failed by poison at `version`.
fn held_back_by(outcome: &Outcome, version: u64) -> Vec<&str> {
    let mut ids = Vec::new();
    for failure in &outcome.failed {
        assert!(matches!(failure.reason, Reason::Poison { version: Some(at), .. } if at == version), "{failure:?}");
        ids.push(failure.id.as_str());
    }
    ids
}

fn versions(rows: &Rows) -> Vec<(String, u64)> {
    let version = |standing| match standing {
        ExistingRow::Row { version, .. } => version,
        ExistingRow::Outdated | ExistingRow::Newer => 0,
    };
    let order = |key: RowKey| key.sort.split_once('#').unwrap().1.to_owned();
    rows.all().into_iter().map(|(key, standing)| (order(key), version(standing))).collect()
}

#[tokio::test]
async fn poison_holds_back_its_order_from_there_on_and_no_other() {
    let (store, rows) = (InMemoryEventStore::default(), Rows::default());
    let (bad, good) = (paid_in_parts(&store, "o-1", 4).await, paid_in_parts(&store, "o-2", 2).await);
    let mut batch = entries(bad[..2].iter().chain(&bad[3..]).chain(&good));
    batch.insert(0, poison(&bad[2]));
    let outcome = Engine::new(store, rows.clone()).project(batch, None).await;
    assert_eq!(held_back_by(&outcome, 3), ["o-1@3", "o-1@4", "o-1@5"]);
    assert_eq!(versions(&rows), [("o-1".to_owned(), 2), ("o-2".to_owned(), 3)]);
}

#[tokio::test]
async fn poison_that_the_row_is_past_holds_nothing_back() {
    let (store, rows) = (InMemoryEventStore::default(), Rows::default());
    let commits = paid_in_parts(&store, "o-1", 3).await;
    let engine = Engine::new(store, rows.clone());
    engine.project(entries(&commits[..3]), None).await;
    let outcome = engine.project(vec![poison(&commits[1]), entry(&commits[3])], None).await;
    assert_eq!((outcome.failed.len(), outcome.counters.repeats), (0, 1));
    assert_eq!(versions(&rows), [("o-1".to_owned(), 4)]);
}

#[tokio::test]
async fn an_order_that_begins_with_poison_is_held_back_whole() {
    let (store, rows) = (InMemoryEventStore::default(), Rows::default());
    let commits = paid_in_parts(&store, "o-1", 1).await;
    let outcome = Engine::new(store, rows.clone()).project(vec![poison(&commits[0]), entry(&commits[1])], None).await;
    assert_eq!(held_back_by(&outcome, 1), ["o-1@1", "o-1@2"]);
    assert_eq!(versions(&rows), []);
}

#[tokio::test]
async fn a_commit_that_makes_no_sense_is_poison_and_not_a_panic() {
    let (store, rows) = (InMemoryEventStore::default(), Rows::default());
    let commits = paid_in_parts(&store, "o-1", 1).await;
    let placed_twice = OrderCommit { version: 2, ..commits[0].clone() };
    let outcome = Engine::new(store, rows.clone()).project(entries([&commits[0], &placed_twice]), None).await;
    assert_eq!(held_back_by(&outcome, 2), ["o-1@2"]);
    assert_eq!(versions(&rows), [("o-1".to_owned(), 1)]);
}

#[tokio::test]
async fn a_gap_that_the_event_store_cannot_fill_is_poison() {
    let (elsewhere, rows) = (InMemoryEventStore::default(), Rows::default());
    let commits = paid_in_parts(&elsewhere, "o-1", 3).await;
    let engine = Engine::new(InMemoryEventStore::default(), rows.clone());
    let outcome = engine.project(entries([&commits[0], &commits[3]]), None).await;
    assert_eq!(held_back_by(&outcome, 2), ["o-1@4"]);
    assert_eq!(versions(&rows), [("o-1".to_owned(), 1)]);
}

#[tokio::test]
async fn a_key_that_no_table_takes_holds_back_its_order_and_no_other() {
    let server = dynamo().await;
    let engine: SummaryEngine<_, _> =
        Engine::new(InMemoryEventStore::default(), DynamoRows::new(server.client(), SUMMARY_TABLE));
    let store = InMemoryEventStore::default();
    let good = paid_in_parts(&store, "o-1", 1).await;
    let outcome = engine.project(entries(&good[..1]), None).await;
    assert_eq!(outcome.failed, []);

    // The batch has version 2 only, so the row at each key must be read, all of them in one request.
    let tagged = |order: &str, tag: &str, value: &str| {
        let mut commit = OrderCommit { aggregate_id: order.to_owned(), ..good[1].clone() };
        commit.tags.insert(tag.to_owned(), value.to_owned());
        commit
    };
    let endless = "o".repeat(1001);
    let bad = [
        tagged("o-2", CUSTOMER_ID, ""),
        tagged("o-3", CUSTOMER_ID, &"c".repeat(2049)),
        tagged("o-4", PLACED_AT, "yesterday"),
        tagged(&endless, CUSTOMER_ID, "c-1"),
    ];
    let outcome = engine.project(entries(bad.iter().chain([&good[1]])), None).await;
    let mut held_back = held_back_by(&outcome, 2);
    held_back.sort_unstable();
    assert_eq!(held_back, ["o-2@2", "o-3@2", "o-4@2", format!("{endless}@2").as_str()]);
    let summaries = DynamoSummaries::new(server.client(), SUMMARY_TABLE);
    assert_eq!(summaries.find("o-1").await.unwrap().map(|row| row.version), Some(2));
}

#[tokio::test]
async fn a_record_that_names_no_order_fails_alone() {
    let (store, rows) = (InMemoryEventStore::default(), Rows::default());
    let mut batch = entries(&paid_in_parts(&store, "o-1", 1).await);
    batch
        .push(Delivered { id: "stray".to_owned(), record: Err(Poison { position: None, cause: "no key".to_owned() }) });
    let outcome = Engine::new(store, rows.clone()).project(batch, None).await;
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!((outcome.failed[0].id.as_str(), outcome.failed[0].aggregate_id.as_deref()), ("stray", None));
    assert_eq!(versions(&rows), [("o-1".to_owned(), 2)]);
}

/// Rows with outages. The fields are endings of keys: those that cannot be read, that the table is too busy for, and that
/// cannot be written.
struct Outage {
    rows: Rows,
    unreadable: &'static str,
    busy: &'static str,
    unwritable: &'static str,
}

impl Default for Outage {
    fn default() -> Self {
        Self { rows: Rows::default(), unreadable: "#none", busy: "#none", unwritable: "#none" }
    }
}

fn down(operation: &'static str) -> RowError {
    TableError::unavailable(operation, "the line is cut").into()
}

impl RowStore<OrderSummaryByCustomer> for Outage {
    async fn read(&self, keys: &[RowKey]) -> Result<Read<OrderSummaryRow>, RowError> {
        if keys.iter().any(|key| key.sort.ends_with(self.unreadable)) {
            return Err(down("BatchGetItem"));
        }
        let (busy, free): (Vec<_>, Vec<_>) = keys.iter().cloned().partition(|key| key.sort.ends_with(self.busy));
        let read = self.rows.read(&free).await?;
        Ok(Read { unread: busy, ..read })
    }

    async fn write(&self, rows: &[NewRow<OrderSummaryRow>], until: Option<Instant>) -> Vec<Result<Write, RowError>> {
        let mut written = Vec::new();
        for row in rows {
            if row.key.sort.ends_with(self.unwritable) {
                written.push(Err(down("PutItem")));
            } else {
                written.extend(self.rows.write(std::slice::from_ref(row), until).await);
            }
        }
        written
    }
}

fn unavailable(outcome: &Outcome) -> Vec<&str> {
    let failed = outcome.failed.iter();
    let mut ids: Vec<_> = failed
        .map(|failure| {
            assert!(matches!(failure.reason, Reason::Unavailable { .. }), "{failure:?}");
            failure.id.as_str()
        })
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_row_that_cannot_be_written_fails_its_records_and_no_other() {
    let store = InMemoryEventStore::default();
    let (bad, good) = (paid_in_parts(&store, "o-1", 1).await, paid_in_parts(&store, "o-2", 1).await);
    let outage = Outage { unwritable: "#o-1", ..Outage::default() };
    let rows = outage.rows.clone();
    let outcome = Engine::new(store, outage).project(entries(bad.iter().chain(&good)), None).await;
    assert_eq!(unavailable(&outcome), ["o-1@1", "o-1@2"]);
    assert_eq!(versions(&rows), [("o-2".to_owned(), 2)]);
}

#[tokio::test]
async fn a_row_that_the_table_is_too_busy_for_fails_its_records_and_no_other() {
    let store = InMemoryEventStore::default();
    let (bad, good) = (paid_in_parts(&store, "o-1", 1).await, paid_in_parts(&store, "o-2", 1).await);
    let outage = Outage { busy: "#o-1", ..Outage::default() };
    let rows = outage.rows.clone();
    let outcome = Engine::new(store, outage).project(entries([&bad[1], &good[1]]), None).await;
    assert_eq!(unavailable(&outcome), ["o-1@2"]);
    assert_eq!(versions(&rows), [("o-2".to_owned(), 2)]);
}

#[tokio::test]
async fn rows_that_cannot_be_read_do_not_hold_back_orders_that_need_no_read() {
    let store = InMemoryEventStore::default();
    let (bad, good) = (paid_in_parts(&store, "o-1", 1).await, paid_in_parts(&store, "o-2", 1).await);
    let outage = Outage { unreadable: "#o-1", ..Outage::default() };
    let rows = outage.rows.clone();
    let outcome = Engine::new(store, outage).project(entries([&bad[1], &good[0], &good[1]]), None).await;
    assert_eq!(unavailable(&outcome), ["o-1@2"]);
    assert_eq!(versions(&rows), [("o-2".to_owned(), 2)]);
}

#[tokio::test]
async fn poison_after_an_outage_is_distinguished_from_it() {
    let store = InMemoryEventStore::default();
    let commits = paid_in_parts(&store, "o-1", 1).await;
    let outage = Outage { unwritable: "#o-1", ..Outage::default() };
    let outcome = Engine::new(store, outage).project(vec![entry(&commits[0]), poison(&commits[1])], None).await;
    let poisoned = outcome.failed.iter().map(|failure| matches!(failure.reason, Reason::Poison { .. }));
    assert_eq!(poisoned.collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn after_the_deadline_no_row_is_begun_and_all_records_are_retried() {
    let (store, rows) = (InMemoryEventStore::default(), Rows::default());
    let commits = paid_in_parts(&store, "o-1", 1).await;
    let outcome = Engine::new(store, rows.clone()).project(entries(&commits), Some(Instant::now())).await;
    assert_eq!(unavailable(&outcome), ["o-1@1", "o-1@2"]);
    assert_eq!(versions(&rows), []);
}
