//! Streams of many orders, copied from the records of one.

use std::time::Duration;

use projector::Projector;
use read_models::{DynamoTotals, Totals};
use serde_json::Value;
use test_support::ledger::Ledger;
use tokio::time::Instant;

use crate::given::{config, event, pay, place};

/// The latency of a DynamoDB call.
const CALL: Duration = Duration::from_millis(10);

/// Returns the records of an order that is placed and paid.
pub(crate) async fn records() -> [String; 2] {
    let ledger = Ledger::new().await;
    ledger.record("the-order", place("the-customer"), "2026-11-21T09:30:00.123Z").await;
    ledger.record("the-order", pay("p-1", 1000), "2026-11-21T09:30:01.123Z").await;
    let records: Vec<String> = ledger.stream().iter().map(Value::to_string).collect();
    records.try_into().unwrap()
}

/// Returns copies of a record for this number of orders, which belong to this number of customers in turn.
pub(crate) fn copies(record: &str, orders: usize, customers: usize) -> Vec<Value> {
    (0..orders).map(|order| copy(record, &format!("o-{order}"), &format!("c-{}", order % customers))).collect()
}

fn copy(record: &str, order: &str, customer: &str) -> Value {
    serde_json::from_str(&record.replace("the-order", order).replace("the-customer", customer)).unwrap()
}

/// Returns the time in which the projector processes a stream, batch after batch.
pub(crate) async fn lag(ledger: &Ledger, stream: &[Value], batch: usize) -> Duration {
    let projector = Projector::on_dynamo(ledger.server.distant_client(CALL), &config());
    let begun = Instant::now();
    for batch in stream.chunks(batch) {
        let response = projector.handle(event(batch)).await.unwrap();
        assert!(response.batch_item_failures.is_empty());
    }
    begun.elapsed()
}

/// Returns the lag of another customer's order behind this number of orders of this number of customers.
pub(crate) async fn lag_behind(orders: usize, customers: usize, batch: usize, placed: &str) -> Duration {
    let ledger = Ledger::new().await;
    let mut stream = copies(placed, orders, customers);
    stream.push(copy(placed, "o-last", "another"));
    let lag = lag(&ledger, &stream, batch).await;
    assert_eq!(totals(&ledger, "c-0").await.0, orders.div_ceil(customers) as u64);
    assert_eq!(totals(&ledger, "another").await, (1, 0));
    lag
}

/// Returns the number of a customer's orders, and the amount paid for them.
pub(crate) async fn totals(ledger: &Ledger, customer: &str) -> (u64, u64) {
    let totals = DynamoTotals::new(ledger.server.client(), "CustomerTotals").of(customer).await.unwrap();
    (totals[0].orders, totals[0].gross)
}
