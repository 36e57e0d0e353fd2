//! One commit among a thousand orders that no consumer can process, from its recording to its repair.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use read_models::registry::CORE;
use serde_json::{Value, json};
use system_tests::System;

use crate::lists::all_pages;
use crate::read_model::orders;

const POISONED: &str = "poisoned";
/// The version of the unreadable commit: the second of the poisoned order's three commits.
const POISON: u64 = 2;
/// The number of orders besides the poisoned one and the healthy one whose commits it copies.
const OTHERS: usize = 998;
const CUSTOMERS: usize = 20;
/// The consumers that park the order: every read model and the publisher.
const CONSUMERS: usize = CORE.len() + 1;

/// Returns the stored commits of an order.
fn stored(system: &System, order: &str) -> Vec<Value> {
    let query = json!({
        "TableName": "OrderEvents",
        "KeyConditionExpression": "aggregateId = :order",
        "ExpressionAttributeValues": { ":order": { "S": order } },
    });
    let found = system.stack.database().database().query(serde_json::from_value(query).unwrap()).unwrap();
    found.items.unwrap().iter().map(|item| serde_json::to_value(item).unwrap()).collect()
}

fn put(system: &System, commit: &Value) {
    let put = json!({ "TableName": "OrderEvents", "Item": commit });
    system.stack.database().database().put_item(serde_json::from_value(put).unwrap()).unwrap();
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Returns the rows of every customer, by order.
async fn rows(system: &System) -> BTreeMap<String, Value> {
    let customers: BTreeSet<String> =
        (0..CUSTOMERS).map(|number| format!("customer-{number}")).chain(["zoe".to_owned()]).collect();
    let mut rows = BTreeMap::new();
    for customer in customers {
        for row in all_pages(&system.api, &format!("/customers/{customer}/orders"), 100).await {
            rows.insert(text(&row, "orderId").to_owned(), row);
        }
    }
    rows
}

/// Returns the sequence of each event on the bus, by order, in the order of arrival.
async fn published(system: &System) -> BTreeMap<String, Vec<u64>> {
    let mut orders = BTreeMap::<String, Vec<u64>>::new();
    for event in system.stack.event_bus().published().await {
        orders.entry(text(&event, "subject").to_owned()).or_default().push(text(&event, "sequence").parse().unwrap());
    }
    orders
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_delays_only_its_order_and_a_redrive_completes_it() {
    let system = System::start().await;
    let healthy = system.api.place("zoe").await;
    system.api.pay(&healthy, "pay-1", 5_000).await.expect(201);
    system.api.ship(&healthy, "parcel-1", &[("plate", 1)]).await.expect(201);
    let mut life = stored(&system, &healthy);
    for commit in &mut life {
        commit["aggregateId"]["S"] = POISONED.into();
    }
    let genuine = life[1].clone();
    life[1]["events"]["L"][0]["M"]["eventType"]["S"] = "OrderTeleported".into();

    let place = |number: usize| {
        let (system, life) = (&system, &life);
        async move {
            if number == OTHERS / 2 {
                life.iter().for_each(|commit| put(system, commit));
            }
            system.api.place(&format!("customer-{}", number % CUSTOMERS)).await
        }
    };
    let placed: BTreeSet<String> = stream::iter(0..OTHERS).map(place).buffer_unordered(8).collect().await;
    system.drained().await;

    // All other orders are up to date, in both read models and on the bus. The poisoned order ends before the poison, and is
    // marked as stale.
    let mut expected: BTreeMap<&str, u64> = placed.iter().map(|order| (order.as_str(), 1)).collect();
    expected.extend([(healthy.as_str(), 3), (POISONED, POISON - 1)]);
    assert_eq!(expected.len(), 1_000);
    let found = rows(&system).await;
    let versions = |rows: &BTreeMap<String, Value>| -> BTreeMap<String, u64> {
        rows.iter().map(|(order, row)| (order.clone(), row["version"].as_u64().unwrap())).collect()
    };
    let owned = |expected: &BTreeMap<&str, u64>| -> BTreeMap<String, u64> {
        expected.iter().map(|(order, version)| ((*order).to_owned(), *version)).collect()
    };
    assert_eq!(versions(&found), owned(&expected));
    let stale: Vec<&String> = found.iter().filter(|(_, row)| row["stale"] == true).map(|(order, _)| order).collect();
    assert_eq!(stale, [POISONED]);
    let sequences = |expected: &BTreeMap<&str, u64>| -> BTreeMap<String, Vec<u64>> {
        expected.iter().map(|(order, version)| ((*order).to_owned(), (1..=*version).collect())).collect()
    };
    assert_eq!(published(&system).await, sequences(&expected));
    let totals = system.api.get("/customers/zoe/totals").await.expect(200).body;
    assert_eq!((&totals["totals"][0]["orders"], &totals["totals"][0]["gross"]), (&json!(2), &json!(5_000)));
    let parked = orders(&system, &["parked", "list"]).await;
    assert_eq!(parked["count"], CONSUMERS, "{parked}");
    for order in parked["parked"].as_array().unwrap() {
        assert_eq!(text(order, "orderId"), POISONED, "{parked}");
        assert_eq!((&order["version"], &order["heldUpTo"]), (&json!(POISON), &json!(3)), "{parked}");
    }

    // The commit is repaired and can be read again. The consumers do not process it before a redrive.
    put(&system, &genuine);
    system.drained().await;
    assert_eq!(versions(&rows(&system).await), owned(&expected));
    let redriven = orders(&system, &["parked", "redrive", "--all", "--yes"]).await;
    assert_eq!(redriven, json!({ "redriven": CONSUMERS, "commits": CONSUMERS * 2, "stillParked": [] }));

    // Every event was published exactly once and in sequence.
    expected.insert(POISONED, 3);
    let found = rows(&system).await;
    assert_eq!(versions(&found), owned(&expected));
    assert!(found.values().all(|row| row.get("stale").is_none()), "{found:?}");
    assert_eq!(published(&system).await, sequences(&expected));
    assert_eq!(orders(&system, &["parked", "list"]).await["count"], 0);
    let verified = orders(&system, &["verify"]).await;
    assert_eq!(verified["differences"], json!([]));
    assert_eq!(verified["verified"]["orders"], 1_000);
}
