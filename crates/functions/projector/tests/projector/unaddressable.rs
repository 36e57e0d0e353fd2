//! Records without an order id: they are noted and skipped.

use std::collections::BTreeSet;

use function_setup::ProjectorConfig;
use parked_orders::{ParkedOrderTable, UnaddressableNote};
use projector::Projector;
use read_models::{DynamoSummaries, OrderSummaries};
use serde_json::{Value, json};
use test_support::ledger::Ledger;

use crate::given::{SUMMARY_CONSUMER, SUMMARY_TABLE, TOTALS_CONSUMER, config, event, pay, place, retried};

/// Creates an order with two versions, one with one version, and returns the stream's records.
async fn three_commits() -> (Ledger, Vec<Value>) {
    let ledger = Ledger::new().await;
    for (order, command) in [("o-1", place("c-1")), ("o-2", place("c-2")), ("o-1", pay("p-1", 1000))] {
        ledger.record(order, command, "2026-11-21T09:30:00.123Z").await;
    }
    let stream = ledger.stream();
    (ledger, stream)
}

/// Returns the record of an item whose version is not valid.
fn stray(like: &Value, sequence_number: Value) -> Value {
    let mut record = like.clone();
    record["eventID"] = json!("event-of-a-stray");
    record["dynamodb"]["SequenceNumber"] = sequence_number;
    for part in ["Keys", "NewImage"] {
        record["dynamodb"][part]["version"] = json!({ "N": "1.5" });
    }
    record
}

async fn answer(ledger: &Ledger, config: &ProjectorConfig, records: &[Value]) -> Value {
    let projector = Projector::on_dynamo(ledger.server.client(), config);
    serde_json::to_value(projector.handle(event(records)).await.unwrap()).unwrap()
}

async fn versions(ledger: &Ledger) -> [Option<u64>; 2] {
    let summaries = DynamoSummaries::new(ledger.server.client(), SUMMARY_TABLE);
    let version = async |order: &str| summaries.find(order).await.unwrap().map(|row| row.version);
    [version("o-1").await, version("o-2").await]
}

async fn notes(ledger: &Ledger) -> Vec<UnaddressableNote> {
    let page = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders").page(None).await.unwrap();
    assert_eq!(page.parked.len(), 0, "no order is parked");
    page.unaddressable.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_record_that_names_no_order_is_noted_and_passed_by() {
    let (ledger, mut stream) = three_commits().await;
    stream.insert(1, stray(&stream[0], json!("77")));
    for attempts in 1..=2 {
        assert_eq!(answer(&ledger, &config(), &stream).await, retried([]));
        assert_eq!(versions(&ledger).await, [Some(2), Some(1)]);
        let [note] = &notes(&ledger).await[..] else { panic!("one note") };
        assert_eq!((note.id.as_str(), note.event_id.as_deref()), ("77", Some("event-of-a-stray")));
        assert_eq!(note.key, "aggregateId: S o-1, version: N 1.5");
        assert_eq!(note.reason, "version is not a whole number from 1 to 2^53 - 1");
        assert_eq!((note.attempts, &note.noted_by), (attempts, &BTreeSet::from(["projector".to_owned()])));
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_noted_is_retried_and_the_rest_is_done() {
    let (ledger, mut stream) = three_commits().await;
    stream.insert(1, stray(&stream[0], json!("77")));
    let without = ProjectorConfig { parked_table: "NoSuchTable".to_owned(), ..config() };
    assert_eq!(answer(&ledger, &without, &stream).await, retried([&stream[1]]));
    assert_eq!(versions(&ledger).await, [Some(2), Some(1)]);
    stream[1]["dynamodb"]["SequenceNumber"] = json!(null);
    let whole = json!({ "batchItemFailures": [{ "itemIdentifier": "" }] });
    assert_eq!(answer(&ledger, &without, &stream).await, whole, "it has no name");
    assert_eq!(answer(&ledger, &config(), &stream).await, retried([]), "once the table is back");
    assert_eq!(notes(&ledger).await[0].id, "event-of-a-stray");
}

#[tokio::test]
async fn a_value_that_is_no_record_delays_no_other_record() {
    let (ledger, mut stream) = three_commits().await;
    stream.insert(0, json!(null));
    stream.insert(2, json!({ "eventName": "INSERT", "dynamodb": { "NewImage": "someone@example.com" } }));
    assert_eq!(answer(&ledger, &config(), &stream).await, retried([]));
    assert_eq!(versions(&ledger).await, [Some(2), Some(1)]);
    let [note] = &notes(&ledger).await[..] else { panic!("one note") };
    assert_eq!((note.id.as_str(), note.attempts, note.event_id.as_deref()), ("unidentified", 2, None));
    assert!(!format!("{note:?}").contains("someone"), "{note:?}");
}

#[tokio::test]
async fn a_record_without_an_image_parks_the_order_that_its_keys_name() {
    let (ledger, mut stream) = three_commits().await;
    stream[1]["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    stream[2]["dynamodb"]["NewImage"]["recordedAt"] = json!({ "X": "no type of DynamoDB" });
    assert_eq!(answer(&ledger, &config(), &stream).await, retried([]));
    assert_eq!(versions(&ledger).await, [Some(1), None]);
    let notes = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    for (order, version, reason) in [("o-1", 2, "the record cannot be read"), ("o-2", 1, "the record has no image")] {
        for consumer in [SUMMARY_CONSUMER, TOTALS_CONSUMER] {
            let note = notes.find(&consumer, order).await.unwrap().unwrap();
            assert_eq!((note.version, note.reason.as_str()), (version, reason));
        }
    }
    // The stored commits can be read: the order's next record updates its row.
    ledger.record("o-2", pay("p-1", 1000), "2026-11-21T09:30:00.123Z").await;
    assert_eq!(answer(&ledger, &config(), &ledger.stream()[3..]).await, retried([]));
    assert_eq!(versions(&ledger).await[1], Some(2));
    assert_eq!(notes.find(&TOTALS_CONSUMER, "o-2").await.unwrap(), None);
}
