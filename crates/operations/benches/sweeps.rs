//! The commits that a rebuild and a verification process in a second, beside a bare parallel Scan of the same table.
//!
//! The operations run in this process, on the real AWS SDK and over HTTP, against the embedded DynamoDB in memory. It runs in
//! this process too, so all share the machine's cores. Both operations process all read models of the core, in as many
//! segments as `orders rebuild` and `orders verify` have by default.
//!
//! Other work on the machine does not change the processor time of this process. The rates are therefore commits in a second
//! of two cores, all of it spent on this process. The goal of a rebuild and of a verification is 3,300.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

use std::future::pending;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use embedded_dynamodb::Meter;
use event_store::{DynamoEventStore, Timestamp};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use operations::rebuild::{Rebuild, segments};
use operations::verify::{LagRule, Verification, Verify};
use operations::{Ended, OperationError, sweep};
use read_models::registry::CORE;
use read_models::{LagBound, ReadModels};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use test_support::recorded::{Recorded, at};

const EVENTS: &str = "OrderEvents";
const ORDERS: i64 = 4_000;
const CUSTOMERS: i64 = 120;
const SEGMENTS: i32 = 4;
const CORES: u128 = 2;
const GOAL: u128 = 3_300;

#[tokio::main]
async fn main() {
    let mut recorded = Recorded::nothing().await;
    // Without HTTP, so that this part is short.
    recorded.store = DynamoEventStore::new(recorded.dynamodb.distant_client(Duration::ZERO), EVENTS);
    record_orders(&recorded).await;
    let (client, meter) = recorded.dynamodb.metered_client();
    let orders = u64::try_from(ORDERS).unwrap();

    let begun = processor_time();
    let commits = scan(&client).await;
    println!("{ORDERS} orders of {CUSTOMERS} customers with {commits} commits, {} read models", CORE.len());
    print("bare Scan", commits, processor_time() - begun, &meter);

    let begun = processor_time();
    // One segment can write a row that another has counted in a customer's sums. The verification below checks them all.
    assert_eq!(rebuild(&client).await.0, commits);
    let rebuilt = print("rebuild, all rows missing", commits, processor_time() - begun, &meter);

    let begun = processor_time();
    assert_eq!(rebuild(&client).await, (commits, 0));
    print("rebuild, all rows up to date", commits, processor_time() - begun, &meter);

    let begun = processor_time();
    assert_eq!(verify(&client).await, (commits, orders, 0));
    let verified = print("verify", commits, processor_time() - begun, &meter);
    println!("goal of a rebuild and of a verification: {GOAL} commits a second");
    assert!(rebuilt.min(verified) >= GOAL, "a goal is missed");
}

/// Records orders as the command handler does: each is placed, paid, shipped and delivered, and seven of eight are returned.
async fn record_orders(recorded: &Recorded) {
    let beginning = at("2026-11-21T09:00:00Z").epoch_ms();
    let record = async |number: i64| {
        for (step, (event_type, data)) in (0..).zip(life(number)) {
            let time = Timestamp::from_epoch_ms(beginning + number * 1_000 + step).unwrap();
            recorded.record(&format!("order-{number}"), time, &[(event_type, data)]).await;
        }
    };
    stream::iter(0..ORDERS).for_each_concurrent(4, record).await;
}

/// Returns the events of an order.
fn life(number: i64) -> Vec<(&'static str, Value)> {
    let customer = format!("customer-{}", number % CUSTOMERS);
    let line =
        |sku, name, quantity, price| json!({ "sku": sku, "name": name, "quantity": quantity, "unitPrice": price });
    let lines =
        [line("TEA-1", "Green tea, 100 g", 3, 999), line("POT-7", "Teapot", 1, 3_450), line("CUP-2", "Cup", 4, 1_200)];
    let placed = json!({ "customerId": customer, "currency": "EUR", "items": lines, "shipping": 490 });
    let all = json!([{ "sku": "TEA-1", "quantity": 3 }, { "sku": "POT-7", "quantity": 1 }, { "sku": "CUP-2", "quantity": 4 }]);
    let mut events = vec![
        ("OrderPlaced", placed),
        ("PaymentReceived", json!({ "paymentId": "pay-1", "amount": 11_737, "method": "card" })),
        (
            "ItemShipped",
            json!({ "shipmentId": "ship-1", "items": all, "carrier": "DHL", "trackingNumber": "JD014600003" }),
        ),
        ("ItemDelivered", json!({ "shipmentId": "ship-1" })),
        (
            "ItemReturned",
            json!({ "returnId": "ret-1", "items": [{ "sku": "CUP-2", "quantity": 1 }], "reason": "broken" }),
        ),
    ];
    if number % 8 == 0 {
        events.pop();
    }
    events
}

fn read_models(client: &Client) -> ReadModels {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    CORE.iter().map(|registered| registered.open(client.clone(), store.clone(), registered.name)).collect()
}

/// Scans the events table in parallel segments, with nothing but the SDK. Returns the number of items.
async fn scan(client: &Client) -> u64 {
    let segment = async |number: i32| {
        let scan = client.scan().table_name(EVENTS).consistent_read(true).segment(number).total_segments(SEGMENTS);
        let mut pages = scan.into_paginator().send();
        let mut items = 0;
        while let Some(page) = pages.next().await {
            items += u64::try_from(page.unwrap().count).unwrap();
        }
        items
    };
    join_all((0..SEGMENTS).map(segment)).await.into_iter().sum()
}

/// Rebuilds all read models. Returns the numbers of commits and of written rows.
async fn rebuild(client: &Client) -> (u64, u64) {
    let mut rebuild = Rebuild::new(SEGMENTS.unsigned_abs());
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    let segments = segments(&store, &read_models(client), rebuild.segments());
    let ended = sweep(segments, pending(), |page| {
        rebuild.add(page);
        Ok::<_, OperationError>(())
    })
    .await
    .unwrap();
    assert_eq!(ended, Ended::Complete);
    (rebuild.counts.commits, rebuild.counts.rows_written.values().sum())
}

/// Verifies all read models. Returns the numbers of commits, orders and differences.
async fn verify(client: &Client) -> (u64, u64, u64) {
    let mut known = Verification::new(SEGMENTS.unsigned_abs());
    let rule = LagRule { bound: LagBound::Named(Duration::ZERO), patience: Duration::ZERO, clock: Timestamp::now };
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    let begun = known.clone();
    let verify = Verify::new(store, read_models(client), rule, &known);
    let ended = verify
        .run(&begun, pending(), |page| {
            known.add(page);
            Ok::<_, OperationError>(())
        })
        .await
        .unwrap();
    assert_eq!(ended, Ended::Complete);
    (known.counts.commits, known.counts.orders, known.counts.found())
}

/// Returns the processor time of all threads of this process so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// Prints the commits a second, the requests and the units of a run. Returns the commits a second.
fn print(run: &str, commits: u64, time: Duration, meter: &Meter) -> u128 {
    let rate = CORES * u128::from(commits) * 1_000 / time.as_millis().max(1);
    let reading = meter.take();
    let (reads, writes) = (reading.read_half_units() / 2, reading.write_half_units() / 2);
    println!(
        "{run:<30} {rate:>7} commits/s  {:>7} requests, {reads} read and {writes} write units",
        reading.total_requests()
    );
    println!("{:>32}{:?}", "", reading.requests);
    rate
}
