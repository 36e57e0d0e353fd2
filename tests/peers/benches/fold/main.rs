//! The fold of stored events to an order, and the load of an order from a table, beside dynamo-es with the same events, the
//! same domain and the same embedded DynamoDB.
//!
//! - **Fold.** The stored events are in memory: as items of the AWS SDK here, and as JSON texts for dynamo-es, which stores
//!   them so. One thread decodes and folds them. The goals are 250,000 events a second and ten times dynamo-es.
//! - **Load.** Both load one order after another over HTTP. The database runs in this process too.
//!
//! Rates are by processor time, which other work on the machine does not change: of one core for a fold, and of all threads of
//! this process for a load.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

mod dynamo_es;
mod order_ledger;

use std::time::Duration;

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use order_domain::{Event, stored};
use rustix::time::{ClockId, clock_gettime};
use sam_template::Template;
use serde_json::{Value, json};

const RUNS: usize = 5;
const GOAL_EVENTS: u128 = 250_000;
const GOAL_RATIO: u128 = 10;

#[tokio::main]
async fn main() {
    let dynamodb = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    dynamodb.create_tables(&Template::of_this_project().unwrap()).unwrap();
    dynamo_es::create_table(&dynamodb.client()).await;
    println!("the best of {RUNS} runs each; an order of 5 events, and one of 505");
    for (name, payments, folds, loads) in [("short", 1, 20_000, 300), ("long", 501, 200, 30)] {
        let events = life(payments);
        let here = order_ledger::Recorded::new(&dynamodb, name, &events).await;
        let there = dynamo_es::Recorded::new(&dynamodb, name, &events).await;
        let count = events.len() * folds;
        let ours = rate(count, best(|| here.fold(folds)));
        let theirs = rate(count, best(|| there.fold(folds)));
        println!(
            "{name} order, events folded a second: {ours} (goal {GOAL_EVENTS}), dynamo-es {theirs}: {} (goal {GOAL_RATIO})",
            times(ours, theirs)
        );
        let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            ours = ours.min(here.load(loads).await);
            theirs = theirs.min(there.load(loads).await);
        }
        let (ours, theirs) = (rate(loads, ours), rate(loads, theirs));
        println!("{name} order, loads a second: {ours}, dynamo-es {theirs}, {}", times(ours, theirs));
    }
}

/// Returns the events of an order that is placed, paid in so many parts, shipped, delivered and partly returned.
fn life(payments: u64) -> Vec<Event> {
    let line =
        |sku, name, quantity, price| json!({ "sku": sku, "name": name, "quantity": quantity, "unitPrice": price });
    let lines =
        [line("TEA-1", "Green tea, 100 g", 3, 999), line("POT-7", "Teapot", 1, 3_450), line("CUP-2", "Cup", 4, 1_200)];
    let placed = json!({ "customerId": "customer-17", "currency": "EUR", "items": lines, "shipping": 490 });
    let all = json!([{ "sku": "TEA-1", "quantity": 3 }, { "sku": "POT-7", "quantity": 1 }, { "sku": "CUP-2", "quantity": 4 }]);
    let payment = |number| json!({ "paymentId": format!("pay-{number}"), "amount": 20, "method": "card" });
    let shipped = json!({ "shipmentId": "ship-1", "items": all, "carrier": "DHL", "trackingNumber": "JD014600003" });
    let returned = json!({ "returnId": "ret-1", "items": [{ "sku": "CUP-2", "quantity": 1 }], "reason": "broken" });
    let event = |event_type: &str, data: Value| stored::decode(event_type, 1, data).unwrap();
    let payments = (0..payments).map(|number| event("PaymentReceived", payment(number)));
    let after =
        [("ItemShipped", shipped), ("ItemDelivered", json!({ "shipmentId": "ship-1" })), ("ItemReturned", returned)];
    let after = after.into_iter().map(|(event_type, data)| event(event_type, data));
    std::iter::once(event("OrderPlaced", placed)).chain(payments).chain(after).collect()
}

fn best(run: impl Fn() -> Duration) -> Duration {
    (0..RUNS).map(|_| run()).min().unwrap()
}

/// Returns the processor time of this process so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

fn rate(count: usize, time: Duration) -> u128 {
    count as u128 * 1_000_000_000 / time.as_nanos().max(1)
}

fn times(one: u128, other: u128) -> String {
    let tenths = one * 10 / other.max(1);
    format!("{}.{} times", tenths / 10, tenths % 10)
}
