//! Commits in the stream, and the events that must be published for them.

use order_domain::Command;
use order_domain::command::{OrderItem, PlaceOrder, RecordPayment};
use order_domain::values::{Amount, Currency, CustomerId, Metadata, PaymentId, Quantity, Sku, Text};
use publication::{CloudEvent, cloud_events};
use serde_json::{Value, json};
use test_support::ledger::Ledger;

use crate::bus;

pub(crate) fn place(items: usize, name: &str) -> Command {
    let item = |number| OrderItem {
        sku: Sku::parse(&format!("sku-{number}")).unwrap(),
        name: Some(Text::parse(name).unwrap()),
        quantity: Quantity::new(1).unwrap(),
        unit_price: Amount::new(1000).unwrap(),
    };
    Command::PlaceOrder(PlaceOrder {
        customer_id: CustomerId::parse("buyer-1").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: (0..items).map(item).collect(),
        shipping: Amount::ZERO,
        tax: Amount::ZERO,
        discount: Amount::ZERO,
        reference: None,
        metadata: Metadata::default(),
        quote: None,
    })
}

fn pay(number: usize) -> Command {
    let payment_id = PaymentId::parse(&format!("p-{number}")).unwrap();
    Command::RecordPayment(RecordPayment { payment_id, amount: Amount::new(10).unwrap(), method: None })
}

/// Returns the records of this number of commits, of five orders in turn.
pub(crate) async fn of(commits: usize) -> Vec<Value> {
    let ledger = Ledger::new().await;
    for number in 0..commits {
        let command = if number < 5 { place(1, "Assam tea") } else { pay(number) };
        ledger.record(&format!("o-{}", number % 5), command, "2026-11-21T09:30:00.123Z").await;
    }
    let stream = ledger.stream();
    assert_eq!(stream.len(), commits);
    stream
}

/// Returns the ids of the events in records, in order.
pub(crate) fn ids(records: &[Value]) -> Vec<String> {
    let id = |event: &Value| event["M"]["eventId"]["S"].as_str().unwrap().to_owned();
    records.iter().flat_map(|record| events_of(record).iter().map(id)).collect()
}

/// Returns the events that must be published for records.
pub(crate) fn events(records: &[Value]) -> Vec<CloudEvent> {
    let batch = stream_consumer::read(bus::batch(records, lambda_runtime::Context::default()).payload);
    batch.delivered.into_iter().flat_map(|it| cloud_events(&it.record.unwrap()).unwrap()).collect()
}

/// Adds a second event to a record's commit, which no command does yet: a copy of the first under another id.
pub(crate) fn add_an_event(record: &mut Value) {
    let mut event = events_of(record)[0].clone();
    let id = event["M"]["eventId"]["S"].as_str().unwrap();
    event["M"]["eventId"]["S"] = json!(format!("ffffffff{}", &id[8..]));
    record["dynamodb"]["NewImage"]["events"]["L"].as_array_mut().unwrap().push(event);
}

fn events_of(record: &Value) -> &Vec<Value> {
    record["dynamodb"]["NewImage"]["events"]["L"].as_array().unwrap()
}
