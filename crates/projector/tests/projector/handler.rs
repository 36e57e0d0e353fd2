//! Batches from the embedded DynamoDB's own stream, and what can be wrong with them.

use aws_lambda_events::event::dynamodb::Event;
use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::DynamoEventStore;
use function_setup::ProjectorConfig;
use lambda_runtime::{Context, LambdaEvent};
use order_domain::Command;
use order_domain::command::{OrderItem, PlaceOrder, RecordPayment};
use order_domain::values::{Amount, Currency, CustomerId, PaymentId, Quantity, Sku};
use projector::Projector;
use read_model::{DynamoRows, DynamoSummaries, OrderSummaries};
use serde_json::{Value, json};

use crate::ledger::Ledger;

const SUMMARY_TABLE: &str = "OrderSummaryByCustomer";

fn place() -> Command {
    Command::PlaceOrder(PlaceOrder {
        customer_id: CustomerId::parse("c-1").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: vec![OrderItem {
            sku: Sku::parse("sku-1").unwrap(),
            name: None,
            quantity: Quantity::new(1).unwrap(),
            unit_price: Amount::new(1000).unwrap(),
        }],
        shipping: Amount::ZERO,
        tax: Amount::ZERO,
        discount: Amount::ZERO,
    })
}

fn pay(id: &str, amount: u64) -> Command {
    let payment_id = PaymentId::parse(id).unwrap();
    Command::RecordPayment(RecordPayment { payment_id, amount: Amount::new(amount).unwrap(), method: None })
}

/// Two orders in turns: o-1 has versions 1 to 3, o-2 versions 1 and 2.
async fn two_orders() -> (Ledger, Vec<Value>) {
    let ledger = Ledger::new().await;
    for (order, command) in [
        ("o-1", place()),
        ("o-2", place()),
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

fn projector(server: &EmbeddedDynamoDb, summary_table: &str) -> Projector<DynamoEventStore, DynamoRows> {
    let tables = |name: &str| match name {
        "EVENTS_TABLE" => Some("OrderEvents".to_owned()),
        "SUMMARY_TABLE" => Some(summary_table.to_owned()),
        "LOG_LEVEL" => Some("info".to_owned()),
        _ => None,
    };
    Projector::on_dynamo(server.client(), &ProjectorConfig::from(tables).unwrap())
}

fn event(records: &[Value]) -> LambdaEvent<Event> {
    LambdaEvent::new(serde_json::from_value(json!({ "Records": records })).unwrap(), Context::default())
}

/// The answer to a batch, as it goes back to Lambda.
async fn answer(ledger: &Ledger, records: &[Value]) -> Value {
    let response = projector(&ledger.server, SUMMARY_TABLE).handle(event(records)).await.unwrap();
    serde_json::to_value(response).unwrap()
}

fn come_again<'a>(records: impl IntoIterator<Item = &'a Value>) -> Value {
    let failures = records.into_iter().map(|record| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }));
    json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
}

/// An order's version and status word, as queries see it.
async fn row(ledger: &Ledger, order: &str) -> Option<(u64, &'static str)> {
    let summaries = DynamoSummaries::new(ledger.server.client(), SUMMARY_TABLE);
    summaries.find(order).await.unwrap().map(|row| (row.version, row.status.as_str()))
}

#[tokio::test]
async fn a_batch_becomes_rows_and_nothing_comes_again() {
    let (ledger, stream) = two_orders().await;
    assert_eq!(answer(&ledger, &stream).await, json!({ "batchItemFailures": [] }));
    assert_eq!(row(&ledger, "o-1").await, Some((3, "paid")));
    assert_eq!(row(&ledger, "o-2").await, Some((2, "paid")));
}

#[tokio::test]
async fn a_batch_that_comes_again_changes_nothing() {
    let (ledger, stream) = two_orders().await;
    for records in [&stream[..], &stream[..], &stream[1..3]] {
        assert_eq!(answer(&ledger, records).await, come_again([]));
        assert_eq!(row(&ledger, "o-1").await, Some((3, "paid")));
    }
}

#[tokio::test]
async fn a_lost_record_is_repaired_from_the_events() {
    let (ledger, stream) = two_orders().await;
    assert_eq!(answer(&ledger, &stream[4..]).await, come_again([]));
    assert_eq!(row(&ledger, "o-1").await, Some((3, "paid")));
    assert_eq!(row(&ledger, "o-2").await, None);
}

#[tokio::test]
async fn an_event_from_the_future_holds_back_its_order_and_no_other() {
    let (ledger, mut stream) = two_orders().await;
    stream[2]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
    assert_eq!(answer(&ledger, &stream).await, come_again([&stream[2], &stream[4]]));
    assert_eq!(row(&ledger, "o-1").await, Some((1, "placed")));
    assert_eq!(row(&ledger, "o-2").await, Some((2, "paid")));
}

#[tokio::test]
async fn an_image_without_a_key_comes_again_alone() {
    let (ledger, mut stream) = two_orders().await;
    stream[1]["dynamodb"]["NewImage"] = json!({});
    assert_eq!(answer(&ledger, &stream[..2]).await, come_again([&stream[1]]));
    assert_eq!(row(&ledger, "o-1").await, Some((1, "placed")));
}

#[tokio::test]
async fn a_change_of_a_stored_commit_is_reported_and_folds_nothing() {
    let (ledger, mut stream) = two_orders().await;
    stream[2]["eventName"] = json!("MODIFY");
    stream[3]["eventName"] = json!("REMOVE");
    stream[3]["dynamodb"].as_object_mut().unwrap().remove("NewImage");

    let violations = order_stream::read(event(&stream).payload.records).unwrap().violations;
    let found: Vec<_> = violations.iter().map(|it| (it.event_name.as_str(), it.position.clone())).collect();
    let position = |order: &str| Some((order.to_owned(), 2));
    assert_eq!(found, [("MODIFY", position("o-1")), ("REMOVE", position("o-2"))]);

    assert_eq!(answer(&ledger, &stream[..4]).await, come_again([]));
    assert_eq!(row(&ledger, "o-1").await, Some((1, "placed")));
    assert_eq!(row(&ledger, "o-2").await, Some((1, "placed")));
}

#[tokio::test]
async fn a_record_without_a_sequence_number_fails_the_batch_before_anything_is_done() {
    let (ledger, stream) = two_orders().await;
    for sequence_number in [json!(""), json!(null)] {
        let mut stream = stream.clone();
        stream[1]["dynamodb"]["SequenceNumber"] = sequence_number;
        let error = projector(&ledger.server, SUMMARY_TABLE).handle(event(&stream)).await.unwrap_err();
        assert!(error.to_string().ends_with("has no sequence number"), "{error}");
        assert_eq!(row(&ledger, "o-1").await, None);
    }
}

#[tokio::test]
async fn when_rows_cannot_be_written_every_record_comes_again_in_the_streams_order() {
    let (ledger, stream) = two_orders().await;
    let response = projector(&ledger.server, "NoSuchTable").handle(event(&stream)).await.unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), come_again(&stream));
}

#[tokio::test]
async fn an_empty_batch_is_answered() {
    let ledger = Ledger::new().await;
    assert_eq!(answer(&ledger, &[]).await, come_again([]));
}
