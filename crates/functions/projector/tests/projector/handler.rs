//! Batches from the embedded DynamoDB's own stream, valid and invalid.

use projector::Projector;
use read_models::{DynamoSummaries, OrderSummaries};
use serde_json::{Value, json};
use test_support::ledger::Ledger;

use crate::given::{SUMMARY_TABLE, batch, config_without_table_of, event, pay, place, projector, retried};

/// Creates two orders with interleaved commits: o-1 has versions 1 to 3, o-2 has versions 1 and 2.
async fn two_orders() -> (Ledger, Vec<Value>) {
    let ledger = Ledger::new().await;
    for (order, command) in [
        ("o-1", place("c-1")),
        ("o-2", place("c-1")),
        ("o-1", pay("p-1", 400)),
        ("o-2", pay("p-1", 1000)),
        ("o-1", pay("p-2", 600)),
    ] {
        ledger.record(order, command, "2026-11-21T09:30:00.123Z").await;
    }
    let stream = ledger.stream();
    assert_eq!(stream.len(), 5);
    (ledger, stream)
}

/// Returns the reply to a batch, as Lambda receives it.
async fn answer(ledger: &Ledger, records: &[Value]) -> Value {
    let response = projector(&ledger.server).handle(event(records)).await.unwrap();
    serde_json::to_value(response).unwrap()
}

/// Returns an order's version and status, as queries read them.
async fn row(ledger: &Ledger, order: &str) -> Option<(u64, &'static str)> {
    let summaries = DynamoSummaries::new(ledger.server.client(), SUMMARY_TABLE);
    summaries.find(order).await.unwrap().map(|row| (row.version, row.status.as_str()))
}

#[tokio::test]
async fn a_batch_becomes_rows_and_nothing_is_retried() {
    let (ledger, stream) = two_orders().await;
    assert_eq!(answer(&ledger, &stream).await, json!({ "batchItemFailures": [] }));
    assert_eq!(row(&ledger, "o-1").await, Some((3, "paid")));
    assert_eq!(row(&ledger, "o-2").await, Some((2, "paid")));
}

#[tokio::test]
async fn a_repeated_batch_changes_nothing() {
    let (ledger, stream) = two_orders().await;
    for records in [&stream[..], &stream[..], &stream[1..3]] {
        assert_eq!(answer(&ledger, records).await, retried([]));
        assert_eq!(row(&ledger, "o-1").await, Some((3, "paid")));
    }
}

#[tokio::test]
async fn a_lost_record_is_repaired_from_the_events() {
    let (ledger, stream) = two_orders().await;
    assert_eq!(answer(&ledger, &stream[4..]).await, retried([]));
    assert_eq!(row(&ledger, "o-1").await, Some((3, "paid")));
    assert_eq!(row(&ledger, "o-2").await, None);
}

#[tokio::test]
async fn a_change_of_a_stored_commit_is_reported_and_folds_nothing() {
    let (ledger, mut stream) = two_orders().await;
    stream[2]["eventName"] = json!("MODIFY");
    stream[3]["eventName"] = json!("REMOVE");
    stream[3]["dynamodb"].as_object_mut().unwrap().remove("NewImage");

    let violations = stream_consumer::read(batch(&stream)).violations;
    let found: Vec<_> = violations.iter().map(|it| (it.event_name.as_str(), it.position.clone())).collect();
    let position = |order: &str| Some((order.to_owned(), 2));
    assert_eq!(found, [("MODIFY", position("o-1")), ("REMOVE", position("o-2"))]);

    assert_eq!(answer(&ledger, &stream[..4]).await, retried([]));
    assert_eq!(row(&ledger, "o-1").await, Some((1, "placed")));
    assert_eq!(row(&ledger, "o-2").await, Some((1, "placed")));
}

#[tokio::test]
async fn a_record_without_a_sequence_number_is_projected_like_any_other() {
    for sequence_number in [json!(""), json!(null)] {
        let (ledger, mut stream) = two_orders().await;
        stream[1]["dynamodb"]["SequenceNumber"] = sequence_number;
        assert_eq!(answer(&ledger, &stream).await, retried([]));
        assert_eq!(row(&ledger, "o-2").await, Some((2, "paid")));
    }
}

/// Lambda documents that an empty sequence number fails the whole batch.
#[tokio::test]
async fn a_record_without_a_sequence_number_is_retried_with_its_whole_batch() {
    let (ledger, mut stream) = two_orders().await;
    stream[1]["dynamodb"]["SequenceNumber"] = json!(null);
    let without = config_without_table_of(SUMMARY_TABLE);
    let response = Projector::on_dynamo(ledger.server.client(), &without).handle(event(&stream)).await.unwrap();
    let names: Vec<_> = response.batch_item_failures.into_iter().map(|it| it.item_identifier.unwrap()).collect();
    let sequence_numbers =
        stream.iter().map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default());
    assert_eq!(names, sequence_numbers.collect::<Vec<_>>());
}

#[tokio::test]
async fn when_rows_cannot_be_written_all_records_are_retried_in_order() {
    let (ledger, stream) = two_orders().await;
    let without = config_without_table_of(SUMMARY_TABLE);
    let response = Projector::on_dynamo(ledger.server.client(), &without).handle(event(&stream)).await.unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), retried(&stream));
}

#[tokio::test]
async fn an_empty_batch_is_answered() {
    let ledger = Ledger::new().await;
    assert_eq!(answer(&ledger, &[]).await, retried([]));
}
