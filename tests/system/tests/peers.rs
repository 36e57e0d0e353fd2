//! Faults found in similar systems. Each test covers the guard against one of them here. The names in brackets are the
//! projects with the fault; docs/RELIABILITY.md has the details.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::stream;
use embedded_eventbridge::Faults;
use event_store::{Appended, DynamoEventStore, EventStore, Fingerprint, Request, Timestamp, UpTo};
use function_setup::{Config, ProjectorConfig};
use lambda_runtime::{Context, LambdaEvent};
use order_aggregate::Orders;
use parked_orders::{Consumer, ParkedOrderTable};
use projector::Projector;
use publication::EventBus;
use publisher::Publisher;
use sam_template::Template;
use serde_json::{Value, json};
use system_tests::System;

/// Deletes all rows of a system, and returns the records of its stream so far.
async fn emptied(system: &System) -> Vec<Value> {
    system.drained().await;
    system.delete_rows();
    stream::all(system.stack.database().database(), "OrderEvents", None).unwrap()
}

/// Returns a projector in addition to the system's own.
fn projector(system: &System) -> Projector {
    let functions = Template::of_this_project().unwrap().functions().unwrap();
    let environment = functions.into_iter().find(|function| function.name == "projector").unwrap().environment;
    let config = ProjectorConfig::from_variables(|name| environment.get(name).cloned()).unwrap();
    Projector::on_dynamo(system.stack.database().client(), &config)
}

fn event<T: serde::de::DeserializeOwned>(records: &[Value]) -> LambdaEvent<T> {
    LambdaEvent::new(serde_json::from_value(json!({ "Records": records })).unwrap(), Context::default())
}

/// Delivers a batch to a projector, and asserts that it processes all records.
async fn projected(projector: &Projector, records: &[Value]) {
    let answer = projector.handle(event(records)).await.unwrap();
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
}

/// (dynamo-es 0.5 reads one page of a stream: an aggregate beyond 1 MB is loaded incompletely, and then rejects every
/// command.)
#[tokio::test]
async fn an_order_is_loaded_whole_beyond_the_megabyte_that_one_query_returns() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let store = DynamoEventStore::new(system.stack.database().client(), "OrderEvents");
    for commit in 2..=6 {
        // Payments of the largest allowed size. Each uses one of the order's 1,000 ids.
        let payments = (0..190)
            .map(|part| json!({ "paymentId": format!("{commit}-{part}"), "amount": 1, "method": "🍵".repeat(256) }));
        let events = payments.map(|data| order_domain::stored::decode("PaymentReceived", 1, data).unwrap()).collect();
        let loaded = EventStore::<Orders>::load(&store, &order, UpTo::Head).await.unwrap();
        assert_eq!(loaded.version, commit - 1);
        let request = Request {
            request_id: format!("request-{commit}"),
            fingerprint: Fingerprint::of(b"many payments"),
            actor: "order-desk".to_owned(),
            correlation_id: None,
            causation_id: None,
        };
        assert!(matches!(
            store.append(&loaded.next(&request, events, Timestamp::now())).await.unwrap(),
            Appended::Written { oversized_snapshot: None }
        ));
    }
    let query = system.stack.database().client().query().table_name("OrderEvents");
    let query = query.key_condition_expression("aggregateId = :order");
    let page = query.expression_attribute_values(":order", AttributeValue::S(order.clone())).send().await.unwrap();
    assert!(page.last_evaluated_key.is_some(), "one query returns all of it");
    let commits = EventStore::<Orders>::commits(&store, &order, 0, None).await.unwrap();
    assert!(commits.iter().map(|commit| commit.version).eq(1..=6));
    let folded = commits.iter().fold(Default::default(), |state, commit| commit.apply_to::<Orders>(state));
    let loaded = EventStore::<Orders>::load(&store, &order, UpTo::Head).await.unwrap();
    assert_eq!((loaded.version, loaded.state), (6, folded));
    assert_eq!(system.api.pay(&order, "pay-1", 1).await.expect(201).version(), 7);
    system.drained().await;
    let row = system.api.get("/customers/anna/orders").await.expect(200).body["items"][0].clone();
    assert_eq!((&row["version"], &row["amountPaid"]), (&json!(7), &json!(951)));
}

/// (dynamo-es numbers a view by its number of updates: after a repeated delivery, the number matches no version.)
#[tokio::test]
async fn a_row_knows_its_version_and_not_how_often_it_was_delivered() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    system.api.pay(&order, "pay-1", 2_500).await.expect(201);
    let records = emptied(&system).await;
    let projector = projector(&system);
    for _ in 0..3 {
        projected(&projector, &records[..1]).await;
    }
    let row = system.api.get("/customers/anna/orders").await.expect(200).body;
    assert_eq!((&row["items"][0]["version"], &row["items"][0]["amountPaid"]), (&json!(1), &json!(0)));
    for _ in 0..3 {
        projected(&projector, &records).await;
    }
    let row = system.api.get("/customers/anna/orders").await.expect(200).body;
    assert_eq!((&row["items"][0]["version"], &row["items"][0]["amountPaid"]), (&json!(2), &json!(2_500)));
    let totals = system.api.get("/customers/anna/totals").await.expect(200).body;
    assert_eq!((&totals["totals"][0]["orders"], &totals["totals"][0]["gross"]), (&json!(1), &json!(2_500)));
}

/// (castore and serverless-rust-demo ignore the failed entries in a PutEvents response of 200: those events are lost.)
#[tokio::test]
async fn entries_that_putevents_refuses_in_a_good_answer_are_sent_again() {
    let system = System::start().await;
    for _ in 0..25 {
        system.api.place("anna").await;
    }
    let records = emptied(&system).await;
    let ids = |published: Vec<Value>| published.iter().map(|event| event["id"].to_string()).collect::<Vec<_>>();
    let before = ids(system.stack.event_bus().published().await);
    system.stack.event_bus().set_faults(Faults { seed: 1, entries_percent: 50, ..Faults::default() });
    let bus = EventBus::new(system.stack.event_bus().client(), "OrderBus");
    let publisher = Publisher::new(bus, ParkedOrderTable::new(system.stack.database().client(), "ParkedOrders"));
    let answer = publisher.handle(event(&records)).await.unwrap();
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    assert!(system.stack.event_bus().fired().entries > 0, "nothing was refused");
    let published = ids(system.stack.event_bus().published().await);
    let (before, again): (BTreeSet<_>, BTreeSet<_>) =
        (before.iter().collect(), published[before.len()..].iter().collect());
    assert_eq!((before.len(), &before), (25, &again));
}

/// (cqrs-es-example-rs panics on a record that it cannot read, and blocks the whole batch for ever.)
#[tokio::test]
async fn one_record_that_cannot_be_read_costs_no_other_record_anything() {
    let system = System::start().await;
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(system.api.place("anna").await);
    }
    let mut records = emptied(&system).await;
    records[4]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["data"] = json!({ "S": "not what an event holds" });
    projected(&projector(&system), &records).await;
    let list = system.api.get("/customers/anna/orders?limit=100").await.expect(200).body;
    let listed: BTreeSet<_> =
        list["items"].as_array().unwrap().iter().map(|row| row["orderId"].as_str().unwrap().to_owned()).collect();
    let bad = orders.remove(4);
    assert_eq!(listed, orders.into_iter().collect());
    let parked = ParkedOrderTable::new(system.stack.database().client(), "ParkedOrders");
    let note = parked.find(&Consumer::new("OrderSummaryByCustomer"), &bad).await.unwrap().unwrap();
    assert_eq!((note.version, note.attempts), (1, 1));
}

/// (DynamoDB Streams orders records by item, and not by partition key or transaction: aws-sdk-net 1601, jet/equinox 403.)
#[tokio::test]
async fn commits_that_a_stream_ships_out_of_order_end_in_the_same_rows() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    system.api.pay(&order, "pay-1", 5_000).await.expect(201);
    system.api.ship(&order, "ship-1", &[("plate", 1)]).await.expect(201);
    system.drained().await;
    let expected = system.api.get("/customers/anna/orders").await.expect(200).body;
    let totals = system.api.get("/customers/anna/totals").await.expect(200).body;
    let mut records = emptied(&system).await;
    assert_eq!(system.api.get("/customers/anna/orders").await.expect(200).body["items"], json!([]));
    records.reverse();
    let projector = projector(&system);
    for record in records {
        projected(&projector, &[record]).await;
    }
    assert_eq!(system.api.get("/customers/anna/orders").await.expect(200).body, expected);
    assert_eq!(system.api.get("/customers/anna/totals").await.expect(200).body, totals);
}
