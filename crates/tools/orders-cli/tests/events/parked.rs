//! `orders parked`, against both embedded services: the lists and the arguments. Redrives are in [`crate::redrive`].

use std::collections::HashMap;
use std::process::Output;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use embedded_eventbridge::EmbeddedEventBridge;
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable, UnaddressableRecord};
use serde_json::{Value, json};
use test_support::recorded::{Recorded, second};

use crate::{bus, orders, output, stderr, stdout};

pub(crate) const SUMMARY_CONSUMER: Consumer = Consumer::new("OrderSummaryByCustomer");
pub(crate) const TOTALS_CONSUMER: Consumer = Consumer::new("CustomerTotals");
pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) struct Scene {
    pub(crate) recorded: Recorded,
    pub(crate) bus: EmbeddedEventBridge,
}

impl Scene {
    /// Records orders with three versions each: placed, paid in full, and overpaid.
    pub(crate) async fn with_orders(count: u64) -> Self {
        let recorded = Recorded::nothing().await;
        recorded.orders(count).await;
        for order in 0..count {
            let payment = json!({ "paymentId": "pay-2", "amount": 1 });
            recorded.record(&format!("o-{order}"), second(60), &[("PaymentReceived", payment)]).await;
        }
        Self { recorded, bus: bus().await }
    }

    pub(crate) fn client(&self) -> Client {
        self.recorded.dynamodb.client()
    }

    /// Parks an order at version 2, with commits up to version 3 waiting.
    pub(crate) async fn park(&self, consumer: &Consumer, order: &str) {
        let (aggregate_id, reason) = (order.to_owned(), "event PaymentPromised cannot be read".to_owned());
        let parking =
            ParkRequest { aggregate_id, customer_id: Some("alice".to_owned()), version: 2, held_up_to: 3, reason };
        ParkedOrderTable::new(self.client(), "ParkedOrders").park(consumer, &parking).await.unwrap();
    }

    pub(crate) async fn parked(&self, arguments: &[&str]) -> Output {
        let (dynamodb, eventbridge) = (self.recorded.dynamodb.endpoint(), self.bus.endpoint());
        parked(arguments, &dynamodb, &eventbridge).await
    }
}

/// Runs the command on services at these addresses.
pub(crate) async fn parked(arguments: &[&str], dynamodb: &str, eventbridge: &str) -> Output {
    let mut command = orders(&["parked"]);
    let yes = ["redrive"].iter().filter(|command| arguments.starts_with(&[command])).map(|_| "--yes");
    command.args(arguments).arg("--local").args(yes);
    command.env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb).env("AWS_ENDPOINT_URL_EVENTBRIDGE", eventbridge);
    output(command).await
}

pub(crate) async fn stored(client: &Client, order: &str, version: u64) -> Item {
    let get = client.get_item().table_name("OrderEvents").key("aggregateId", AttributeValue::S(order.to_owned()));
    get.key("version", AttributeValue::N(version.to_string())).send().await.unwrap().item.unwrap()
}

pub(crate) async fn put(client: &Client, item: &Item) {
    client.put_item().table_name("OrderEvents").set_item(Some(item.clone())).send().await.unwrap();
}

/// Returns a commit as a newer release would write it, with an event type that this release does not know.
pub(crate) fn from_the_future(mut item: Item) -> Item {
    let Some(AttributeValue::L(events)) = item.get_mut("events") else { unreachable!("a commit has events") };
    let Some(AttributeValue::M(event)) = events.first_mut() else { unreachable!("an event is a map") };
    event.insert("eventType".to_owned(), AttributeValue::S("PaymentPromised".to_owned()));
    item
}

pub(crate) fn json_of(output: &Output) -> Value {
    serde_json::from_str(stdout(output)).unwrap()
}

#[tokio::test]
async fn commands_succeed_if_no_orders_are_parked() {
    let scene = Scene::with_orders(1).await;
    for (arguments, said) in [
        (&["list"][..], "no orders are parked\n"),
        (&["list", "--json"], "{\"count\":0,\"parked\":[],\"unaddressable\":[]}\n"),
        (&["redrive", "o-0"], "0 redriven, 0 commits, 0 still parked\n"),
        (&["redrive", "--all"], "0 redriven, 0 commits, 0 still parked\n"),
        (&["redrive", "--all", "--json"], "{\"commits\":0,\"redriven\":0,\"stillParked\":[]}\n"),
    ] {
        let done = scene.parked(arguments).await;
        assert_eq!((done.status.code(), stdout(&done), stderr(&done)), (Some(0), said, ""), "{arguments:?}");
    }
}

#[tokio::test]
async fn an_order_that_is_not_parked_cannot_be_shown() {
    let scene = Scene::with_orders(1).await;
    for order in ["o-0", "nosuch"] {
        let done = scene.parked(&["show", order]).await;
        let expected = format!("error: order {order} is not parked\n");
        assert_eq!((done.status.code(), stdout(&done), stderr(&done)), (Some(1), "", expected.as_str()));
        let done = scene.parked(&["show", order, "--json"]).await;
        assert_eq!((done.status.code(), stderr(&done)), (Some(1), expected.as_str()));
        assert_eq!(json_of(&done), json!({ "orderId": order, "parked": [], "waiting": [] }));
    }
}

#[tokio::test]
async fn parked_orders_are_listed_by_consumer_and_order() {
    let scene = Scene::with_orders(2).await;
    scene.park(&Consumer::PUBLISHER, "o-0").await;
    for order in ["o-1", "o-0"] {
        scene.park(&SUMMARY_CONSUMER, order).await;
    }
    let list = scene.parked(&["list"]).await;
    assert_eq!((list.status.code(), stderr(&list)), (Some(0), ""));
    let lines: Vec<Vec<&str>> = stdout(&list).lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["CONSUMER", "ORDER", "VERSIONS", "ATTEMPTS", "SINCE", "REASON"]);
    assert_eq!(lines[1][..4], ["OrderSummaryByCustomer", "o-0", "2..3", "1"]);
    assert_eq!(lines[2][..4], ["OrderSummaryByCustomer", "o-1", "2..3", "1"]);
    assert_eq!(lines[3][..4], ["publisher", "o-0", "2..3", "1"]);
    assert_eq!(lines[3][5..].join(" "), "event PaymentPromised cannot be read");

    let list = json_of(&scene.parked(&["list", "--consumer", "publisher", "--json"]).await);
    assert_eq!(list["count"], 1);
    let note = &list["parked"][0];
    assert_eq!(
        (&note["consumer"], &note["orderId"], &note["customerId"]),
        (&json!("publisher"), &json!("o-0"), &json!("alice"))
    );
    assert_eq!((&note["version"], &note["heldUpTo"], &note["attempts"]), (&json!(2), &json!(3), &json!(1)));
}

#[tokio::test]
async fn an_order_is_shown_with_its_waiting_commits_and_their_errors() {
    let scene = Scene::with_orders(1).await;
    put(&scene.client(), &from_the_future(stored(&scene.client(), "o-0", 2).await)).await;
    scene.park(&Consumer::PUBLISHER, "o-0").await;
    let shown = scene.parked(&["show", "o-0"]).await;
    assert_eq!((shown.status.code(), stderr(&shown)), (Some(0), ""));
    let lines: Vec<Vec<&str>> = stdout(&shown).lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1][..4], ["publisher", "o-0", "2..3", "1"]);
    assert_eq!(lines[3].join(" "), "VERSION RECORDED AT EVENTS CANNOT BE READ");
    assert_eq!(lines[4][..3], ["2", "2026-11-21T09:00:01.000Z", "PaymentPromised"]);
    assert!(
        lines[4][3..].join(" ").starts_with("event PaymentPromised of schema version 1 cannot be read"),
        "{lines:?}"
    );
    assert_eq!(lines[5], ["3", "2026-11-21T09:01:00.000Z", "PaymentReceived"]);

    let shown = json_of(&scene.parked(&["show", "o-0", "--json"]).await);
    assert_eq!((&shown["parked"][0]["version"], &shown["waiting"][1]["error"]), (&json!(2), &json!(null)));
    assert_eq!(shown["waiting"][0]["eventTypes"], json!(["PaymentPromised"]));
}

#[test]
fn invalid_arguments_exit_with_2() {
    for arguments in [
        &["parked", "list"][..],
        &["parked", "redrive", "--local"],
        &["parked", "redrive", "o-1", "--all", "--local"],
        &["parked", "list", "--local", "--consumer", "unknown"],
    ] {
        assert_eq!(orders(arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_record_that_names_no_order_is_listed_beside_parked_orders() {
    let scene = Scene::with_orders(1).await;
    let record = UnaddressableRecord {
        sequence_number: Some("4800000001".to_owned()),
        event_id: Some("e-1".to_owned()),
        key: "aggregateId: S o-0, version: N 1.5".to_owned(),
        reason: "version is not a whole number from 1 to 2^53 - 1".to_owned(),
    };
    let notes = ParkedOrderTable::new(scene.client(), "ParkedOrders");
    for function in ["projector", "publisher"] {
        notes.note_unaddressable(function, &record).await.unwrap();
    }
    let listed = scene.parked(&["list"]).await;
    let listed = stdout(&listed);
    assert!(listed.starts_with("no orders are parked\n\nSkipped records that name no order:\n"), "{listed}");
    let row = listed.lines().last().unwrap();
    for cell in ["4800000001", "aggregateId: S o-0, version: N 1.5", "projector, publisher", "version is not"] {
        assert!(row.contains(cell), "{cell} is not in {row}");
    }
    let json = json_of(&scene.parked(&["list", "--json"]).await);
    assert_eq!((&json["count"], &json["parked"]), (&json!(0), &json!([])));
    let note = &json["unaddressable"][0];
    assert_eq!(
        (&note["record"], &note["eventId"], &note["attempts"]),
        (&json!("4800000001"), &json!("e-1"), &json!(2))
    );
    assert_eq!(note["notedBy"], json!(["projector", "publisher"]));

    // A note on a record that names no order belongs to no consumer, and a redrive ignores it.
    scene.park(&Consumer::PUBLISHER, "o-0").await;
    let of_consumer = scene.parked(&["list", "--consumer", "publisher"]).await;
    let of_consumer = stdout(&of_consumer);
    assert!(!of_consumer.contains("4800000001"), "{of_consumer}");
    let redriven = json_of(&scene.parked(&["redrive", "--all", "--json"]).await);
    assert_eq!((&redriven["redriven"], &redriven["stillParked"]), (&json!(1), &json!([])));
}
