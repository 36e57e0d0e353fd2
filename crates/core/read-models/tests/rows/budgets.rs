//! The cost of a batch, measured at the real SDK.

use embedded_dynamodb::{EmbeddedDynamoDb, Meter};
use event_store::{DynamoEventStore, EventStore, InMemoryEventStore, RecordedEvent, Timestamp, UpTo};
use order_aggregate::{OrderCommit, Orders};
use order_domain::Event;
use order_domain::event::PaymentCorrected;
use order_domain::values::{Amount, CorrectionId, PaymentId, Text};
use read_models::{Counters, DynamoRows, DynamoSummaries, Engine, OrderSummaries};

use crate::story::{SUMMARY_TABLE, SummaryEngine, dynamo, entries, paid_in_parts, pay, record, request, row_of};

type DynamoEngine = SummaryEngine<DynamoEventStore, DynamoRows>;

fn engine(server: &EmbeddedDynamoDb) -> (DynamoEngine, Meter) {
    let (client, meter) = server.metered_client();
    let store = DynamoEventStore::new(client.clone(), "OrderEvents");
    (Engine::new(store, DynamoRows::new(client, SUMMARY_TABLE)), meter)
}

/// A hundred orders of ten commits each, distributed in turns.
async fn a_thousand_commits() -> Vec<Vec<OrderCommit>> {
    let store = InMemoryEventStore::default();
    let mut orders = Vec::new();
    for number in 0..100 {
        orders.push(paid_in_parts(&store, &format!("o-{number}"), 9).await);
    }
    orders
}

fn in_turns(orders: &[Vec<OrderCommit>], versions: std::ops::Range<usize>) -> Vec<&OrderCommit> {
    versions.flat_map(|version| orders.iter().map(move |commits| &commits[version])).collect()
}

#[tokio::test]
async fn a_thousand_commits_of_a_hundred_new_orders_are_a_hundred_writes_and_no_read() {
    let (server, orders) = (dynamo().await, a_thousand_commits().await);
    let (engine, meter) = engine(&server);
    let outcome = engine.project(entries(in_turns(&orders, 0..10)), None).await;
    let spent = meter.take();
    assert_eq!(outcome.failed, []);
    assert_eq!(outcome.counters, Counters { aggregates: 100, rows_written: 100, ..Counters::default() });
    assert_eq!((spent.requests_of("PutItem"), spent.total_requests()), (100, 100));
    // A row of less than 1 KB costs one write unit, and its index entry costs another, once.
    assert_eq!((spent.read_half_units(), spent.write_half_units()), (0, 400));
}

#[tokio::test]
async fn a_thousand_commits_of_a_hundred_known_orders_are_a_hundred_writes_and_a_hundred_rows_read() {
    let (server, orders) = (dynamo().await, a_thousand_commits().await);
    let (engine, meter) = engine(&server);
    engine.project(entries(in_turns(&orders, 0..1)), None).await;
    let _ = meter.take();
    let outcome = engine.project(entries(in_turns(&orders, 1..10)), None).await;
    let spent = meter.take();
    let expected = Counters { aggregates: 100, rows_read: 100, rows_written: 100, ..Counters::default() };
    assert_eq!((outcome.failed, outcome.counters), (vec![], expected));
    assert_eq!(
        (spent.requests_of("BatchGetItem"), spent.requests_of("PutItem"), spent.total_requests()),
        (1, 100, 101)
    );
    // The index has only keys, which never change. So an update costs one write unit, and an eventually consistent read
    // half a read unit.
    assert_eq!((spent.read_half_units(), spent.write_half_units()), (100, 200));
}

#[tokio::test]
async fn repeats_write_nothing() {
    let (server, orders) = (dynamo().await, a_thousand_commits().await);
    let (engine, meter) = engine(&server);
    engine.project(entries(in_turns(&orders, 0..10)), None).await;
    let _ = meter.take();
    engine.project(entries(in_turns(&orders, 1..10)), None).await;
    let spent = meter.take();
    assert_eq!((spent.total_requests(), spent.requests_of("BatchGetItem"), spent.read_half_units()), (1, 1, 100));
}

/// A row that is not one version behind may be as it was a moment ago, so it is read again with strong consistency.
#[tokio::test]
async fn a_gap_costs_a_second_read_of_the_row_and_a_query() {
    let (server, orders) = (dynamo().await, a_thousand_commits().await);
    let (engine, meter) = engine(&server);
    copy(&orders[0], &DynamoEventStore::new(server.client(), "OrderEvents")).await;
    engine.project(entries(&orders[0][..1]), None).await;
    let _ = meter.take();
    let outcome = engine.project(entries(&orders[0][2..3]), None).await;
    let spent = meter.take();
    assert_eq!((outcome.failed, outcome.counters.gaps_repaired), (vec![], 1));
    let requests = ["BatchGetItem", "Query", "PutItem"].map(|operation| spent.requests_of(operation));
    assert_eq!((requests, spent.total_requests(), spent.read_half_units()), ([2, 1, 1], 4, 1 + 2 + 2));
}

#[tokio::test]
async fn an_order_whose_commits_exceed_a_megabyte_projects() {
    let server = dynamo().await;
    let client = server.client();
    let (memory, store) = (InMemoryEventStore::default(), DynamoEventStore::new(client.clone(), "OrderEvents"));
    record(&memory, "o-1", "c-1", &[pay(1, 25)]).await;
    for number in 0..40 {
        let loaded = EventStore::<Orders>::load(&memory, "o-1", UpTo::Head).await.unwrap();
        let new = loaded.next(&request("o-1", 100 + number), corrections(number), Timestamp::now());
        memory.append(&new).await.unwrap();
    }
    let commits = EventStore::<Orders>::commits(&memory, "o-1", 0, None).await.unwrap();
    copy(&commits, &store).await;

    let (engine, meter) = engine(&server);
    let outcome = engine.project(entries(commits.last()), None).await;

    assert_eq!((outcome.failed, outcome.counters.gaps_repaired), (vec![], 1));
    assert!(meter.take().requests_of("Query") > 1, "DynamoDB ends a page at 1 MB");
    let row = DynamoSummaries::new(client, SUMMARY_TABLE).find("o-1").await.unwrap();
    assert_eq!(row, Some(row_of(&commits)));
}

/// Thirty alternating corrections with the longest possible reasons: about 35 KB.
fn corrections(number: usize) -> Vec<Event> {
    let amount = |number: usize| Amount::new(u64::try_from(number % 2).unwrap() + 25).unwrap();
    let reason = Text::parse(&"茶".repeat(256)).unwrap();
    let correction = |step: usize| {
        Event::PaymentCorrected(PaymentCorrected {
            correction_id: CorrectionId::parse(&format!("c{number}-{step}")).unwrap(),
            payment_id: PaymentId::parse("p1").unwrap(),
            corrects_event_id: Default::default(),
            previous_amount: amount(number + step),
            corrected_amount: amount(number + step + 1),
            due: amount(0),
            reason: reason.clone(),
            reason_code: None,
        })
    };
    (0..31).map(correction).collect()
}

/// Appends the same events to another store.
async fn copy(commits: &[OrderCommit], store: &DynamoEventStore) {
    for commit in commits {
        let loaded = EventStore::<Orders>::load(store, &commit.aggregate_id, UpTo::Head).await.unwrap();
        let events = commit.events.iter().map(|RecordedEvent { event, .. }| event.clone()).collect();
        let new = loaded.next(&commit.request, events, commit.recorded_at);
        assert_eq!(&new.commit, commit);
        store.append(&new).await.unwrap();
    }
}
