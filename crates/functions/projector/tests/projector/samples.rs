//! The sample batches in `events/`: the store's items as the stream delivers them, with fixed names and times.
//!
//! After a change of the stored format, run `UPDATE_SAMPLES=1 cargo test -p projector` to update them.

use std::path::PathBuf;
use std::sync::Arc;

use event_store::{Fingerprint, InMemoryEventStore};
use lambda_runtime::{Context, LambdaEvent};
use order_domain::Command;
use order_domain::command::{
    CancelOrder, ItemQuantity, OrderItem, PlaceOrder, RecordDelivery, RecordPayment, ReturnItems, ShipItems,
};
use order_domain::values::{
    Amount, Currency, CustomerId, Metadata, PaymentId, Quantity, ReturnId, ShipmentId, Sku, Text,
};
use parked_orders::ParkedOrderTable;
use projector::{Payload, Projector};
use read_models::{ExistingRow, InMemoryRows, OrderSummaryByCustomer, ProjectedRows, ReadModels};
use serde_json::{Value, json};

use test_support::ledger::Ledger;

const TEAPOT: &str = "019aa5d6-2c40-7b31-8f0e-5d1c9a7e2001";
const LAMP: &str = "019aa5d6-9d11-7e02-a4c7-0b6f3e5d2002";
const CHAIR: &str = "019aa5d7-1f6a-7c58-9b23-7e4a8d0c2003";

const ARN: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/order-ledger-OrderEvents-1M2N3P4Q5R6S7/stream/2026-11-01T08:00:00.000";

fn place(customer: &str, sku: &str, name: &str, quantity: u32, price: u64) -> Command {
    Command::PlaceOrder(PlaceOrder {
        customer_id: CustomerId::parse(customer).unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: vec![OrderItem {
            sku: Sku::parse(sku).unwrap(),
            name: Some(Text::parse(name).unwrap()),
            quantity: Quantity::new(quantity).unwrap(),
            unit_price: Amount::new(price).unwrap(),
        }],
        shipping: Amount::new(495).unwrap(),
        tax: Amount::ZERO,
        discount: Amount::ZERO,
        reference: None,
        metadata: Metadata::default(),
        quote: None,
    })
}

fn pay(amount: u64) -> Command {
    let (payment_id, method) = (PaymentId::parse("payment-1").unwrap(), Some(Text::parse("card").unwrap()));
    Command::RecordPayment(RecordPayment { payment_id, amount: Amount::new(amount).unwrap(), method })
}

fn units(sku: &str, quantity: u32) -> Vec<ItemQuantity> {
    vec![ItemQuantity { sku: Sku::parse(sku).unwrap(), quantity: Quantity::new(quantity).unwrap() }]
}

fn ship(shipment: &str, sku: &str, quantity: u32) -> Command {
    Command::ShipItems(ShipItems {
        shipment_id: ShipmentId::parse(shipment).unwrap(),
        items: units(sku, quantity),
        carrier: Some(Text::parse("DHL").unwrap()),
        tracking_number: None,
    })
}

fn deliver(shipment: &str) -> Command {
    Command::RecordDelivery(RecordDelivery { shipment_id: ShipmentId::parse(shipment).unwrap() })
}

fn take_back(sku: &str, quantity: u32) -> Command {
    let return_id = ReturnId::parse("return-1").unwrap();
    Command::ReturnItems(ReturnItems { return_id, items: units(sku, quantity), reason: None, reason_code: None })
}

fn cancel() -> Command {
    Command::CancelOrder(CancelOrder { reason: Text::parse("ordered twice").unwrap(), reason_code: None })
}

/// Returns the records that the stream delivers if no error occurs.
async fn stream() -> Vec<Value> {
    let ledger = Ledger::new().await;
    for (order, command, at) in [
        (TEAPOT, place("customer-2001", "TEAPOT-GREEN", "Teapot, green", 2, 3400), "2026-11-21T10:00:00.120Z"),
        (LAMP, place("customer-2002", "LAMP-BRASS", "Lamp, brass", 1, 8900), "2026-11-21T10:00:28.930Z"),
        (TEAPOT, pay(7295), "2026-11-21T10:00:41.007Z"),
        (CHAIR, place("customer-2001", "CHAIR-OAK", "Chair, oak", 4, 12900), "2026-11-21T10:01:02.650Z"),
        (TEAPOT, ship("shipment-1", "TEAPOT-GREEN", 1), "2026-11-21T11:15:00.000Z"),
        (LAMP, pay(9395), "2026-11-21T11:15:03.511Z"),
        (CHAIR, cancel(), "2026-11-21T11:16:40.288Z"),
        (TEAPOT, ship("shipment-2", "TEAPOT-GREEN", 1), "2026-11-21T11:20:00.000Z"),
        (TEAPOT, deliver("shipment-1"), "2026-11-22T09:05:12.744Z"),
        (TEAPOT, take_back("TEAPOT-GREEN", 1), "2026-11-24T16:40:30.002Z"),
    ] {
        ledger.record(order, command, at).await;
    }
    ledger.stream()
}

/// Returns a batch of some of the stream's records, by their positions, with names and times as on AWS.
fn batch(stream: &[Value], places: &[usize]) -> Value {
    let delivered = places.iter().enumerate().map(|(position, &place)| {
        let mut record = stream[place].clone();
        let keys = record["dynamodb"]["Keys"].to_string();
        let recorded_at = record["dynamodb"]["NewImage"]["recordedAt"]["S"].as_str().unwrap();
        let recorded_at: event_store::Timestamp = recorded_at.parse().unwrap();
        // A record that is delivered again has the same id.
        record["eventID"] = json!(Fingerprint::of(keys.as_bytes()).0.map(|byte| format!("{byte:02x}")).concat());
        record["awsRegion"] = json!("eu-central-1");
        record["eventSourceARN"] = json!(ARN);
        record["dynamodb"]["ApproximateCreationDateTime"] = json!(recorded_at.epoch_ms() / 1000);
        record["dynamodb"]["SequenceNumber"] = json!(format!("48293000000000{:011}", 24_680_135_791 + position * 37));
        record
    });
    json!({ "Records": delivered.collect::<Vec<_>>() })
}

/// Returns the samples by the names of their files.
async fn samples() -> Vec<(&'static str, Value)> {
    let stream = stream().await;
    let all: Vec<usize> = (0..stream.len()).collect();
    vec![
        ("stream-one-commit.json", batch(&stream, &all[..1])),
        ("stream-many-orders.json", batch(&stream, &all)),
        ("stream-repeated-and-out-of-order.json", batch(&stream, &[4, 0, 2, 0, 9, 7, 4, 8, 1, 5, 1])),
    ]
}

fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "..", "events", file].iter().collect()
}

fn read(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(file)).unwrap()).unwrap()
}

/// Returns the batch without its snapshots and sizes. They depend on the shape of the order's state, which the projector
/// does not read, so samples of earlier shapes stay valid.
fn without_snapshots(mut batch: Value) -> Value {
    for record in batch["Records"].as_array_mut().unwrap() {
        let record = record["dynamodb"].as_object_mut().unwrap();
        record.remove("SizeBytes").unwrap();
        record["NewImage"].as_object_mut().unwrap().remove("snapshot").unwrap();
    }
    batch
}

#[tokio::test]
async fn sample_batches_match_the_stream_except_for_snapshots() {
    for (file, batch) in samples().await {
        if std::env::var_os("UPDATE_SAMPLES").is_some() {
            std::fs::write(path(file), format!("{batch:#}\n")).unwrap();
        }
        let (sample, batch) = (without_snapshots(read(file)), without_snapshots(batch));
        assert_eq!(sample, batch, "{file} is outdated: run UPDATE_SAMPLES=1 cargo test -p projector");
    }
}

/// Returns the resulting rows of a sample, on empty tables: each order's number, version and status.
async fn rows_after(file: &str) -> Vec<(String, u64, &'static str)> {
    let rows = InMemoryRows::<OrderSummaryByCustomer>::default();
    let server = Ledger::new().await.server;
    let parked = ParkedOrderTable::new(server.client(), "ParkedOrders");
    let store = InMemoryEventStore::default();
    let models = ReadModels::new(vec![Arc::new(ProjectedRows::new(store.clone(), rows.clone(), "rows"))]);
    let projector = Projector::new(store, &models, parked);
    let event: Payload = serde_json::from_value(read(file)).unwrap();
    let response = projector.handle(LambdaEvent::new(event, Context::default())).await.unwrap();
    assert_eq!(response.batch_item_failures, []);
    let row = |standing| match standing {
        ExistingRow::Row { row, .. } => row,
        ExistingRow::Outdated | ExistingRow::Newer => panic!("a row of another number"),
    };
    rows.all().into_values().map(row).map(|row| (row.order_id, row.version, row.status.as_str())).collect()
}

#[tokio::test]
async fn one_commit_makes_one_row() {
    assert_eq!(rows_after("stream-one-commit.json").await, [(TEAPOT.to_owned(), 1, "placed")]);
}

#[tokio::test]
async fn many_orders_make_a_row_each() {
    let expected = [
        (TEAPOT.to_owned(), 6, "partially_returned"),
        (CHAIR.to_owned(), 2, "cancelled"),
        (LAMP.to_owned(), 2, "paid"),
    ];
    assert_eq!(rows_after("stream-many-orders.json").await, expected);
}

#[tokio::test]
async fn repeated_and_out_of_order_commits_make_the_same_rows() {
    let expected = [(TEAPOT.to_owned(), 6, "partially_returned"), (LAMP.to_owned(), 2, "paid")];
    assert_eq!(rows_after("stream-repeated-and-out-of-order.json").await, expected);
}
