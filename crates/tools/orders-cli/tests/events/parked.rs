//! `orders parked`, against both embedded services, and against a whole stack whose functions park orders.

use std::collections::HashMap;
use std::process::Output;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::ANY_PORT;
use embedded_eventbridge::EmbeddedEventBridge;
use local_stack::{Admission, Authentication, DataLocation, LocalStack, Options};
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable, UnaddressableRecord};
use sam_template::Template;
use serde_json::{Value, json};
use test_support::recorded::{Recorded, arrived, second};

use crate::{bus, orders, output, said, stderr, stdout};

const SUMMARY_CONSUMER: Consumer = Consumer::new("OrderSummaryByCustomer");
const TOTALS_CONSUMER: Consumer = Consumer::new("CustomerTotals");
const CONSUMERS: [Consumer; 3] = [SUMMARY_CONSUMER, TOTALS_CONSUMER, Consumer::PUBLISHER];

type Item = HashMap<String, AttributeValue>;

struct Scene {
    recorded: Recorded,
    bus: EmbeddedEventBridge,
}

impl Scene {
    /// Records orders with three versions each: placed, paid in full, and overpaid.
    async fn with_orders(count: u64) -> Self {
        let recorded = Recorded::nothing().await;
        recorded.orders(count).await;
        for order in 0..count {
            let payment = json!({ "paymentId": "pay-2", "amount": 1 });
            recorded.record(&format!("o-{order}"), second(60), &[("PaymentReceived", payment)]).await;
        }
        Self { recorded, bus: bus().await }
    }

    fn client(&self) -> Client {
        self.recorded.dynamodb.client()
    }

    /// Parks an order at version 2, with commits up to version 3 waiting.
    async fn park(&self, consumer: &Consumer, order: &str) {
        let (aggregate_id, reason) = (order.to_owned(), "event PaymentPromised cannot be read".to_owned());
        let parking =
            ParkRequest { aggregate_id, customer_id: Some("alice".to_owned()), version: 2, held_up_to: 3, reason };
        ParkedOrderTable::new(self.client(), "ParkedOrders").park(consumer, &parking).await.unwrap();
    }

    async fn parked(&self, arguments: &[&str]) -> Output {
        let (dynamodb, eventbridge) = (self.recorded.dynamodb.endpoint(), self.bus.endpoint());
        parked(arguments, &dynamodb, &eventbridge).await
    }
}

/// Runs the command on services at these addresses.
async fn parked(arguments: &[&str], dynamodb: &str, eventbridge: &str) -> Output {
    let mut command = orders(&["parked"]);
    let yes = ["redrive"].iter().filter(|command| arguments.starts_with(&[command])).map(|_| "--yes");
    command.args(arguments).arg("--local").args(yes);
    command.env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb).env("AWS_ENDPOINT_URL_EVENTBRIDGE", eventbridge);
    output(command).await
}

async fn stored(client: &Client, order: &str, version: u64) -> Item {
    let get = client.get_item().table_name("OrderEvents").key("aggregateId", AttributeValue::S(order.to_owned()));
    get.key("version", AttributeValue::N(version.to_string())).send().await.unwrap().item.unwrap()
}

async fn put(client: &Client, item: &Item) {
    client.put_item().table_name("OrderEvents").set_item(Some(item.clone())).send().await.unwrap();
}

/// Returns a commit as a newer release would write it, with an event type that this release does not know.
fn from_the_future(mut item: Item) -> Item {
    let Some(AttributeValue::L(events)) = item.get_mut("events") else { unreachable!("a commit has events") };
    let Some(AttributeValue::M(event)) = events.first_mut() else { unreachable!("an event is a map") };
    event.insert("eventType".to_owned(), AttributeValue::S("PaymentPromised".to_owned()));
    item
}

fn json_of(output: &Output) -> Value {
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
async fn the_plan_lists_the_orders_and_nothing_is_redriven_without_a_yes() {
    let scene = Scene::with_orders(2).await;
    scene.park(&TOTALS_CONSUMER, "o-0").await;
    for order in ["o-0", "o-1"] {
        scene.park(&Consumer::PUBLISHER, order).await;
    }
    let mut redrive = orders(&["parked", "redrive", "--all", "--local"]);
    redrive.env("AWS_ENDPOINT_URL_DYNAMODB", scene.recorded.dynamodb.endpoint());
    let refused = output({
        redrive.env("AWS_ENDPOINT_URL_EVENTBRIDGE", scene.bus.endpoint());
        redrive
    })
    .await;
    let expected = "\
Redrive the parked orders in ParkedOrders:
  CustomerTotals          1 orders, 2 commits, to CustomerTotals
  publisher               2 orders, 4 commits, to OrderBus
Reads the commits from OrderEvents. Publication cannot be undone; rows only move to newer versions.
error: standard input is not a terminal: add --yes to continue without a question
";
    assert_eq!((refused.status.code(), stdout(&refused), stderr(&refused)), (Some(1), "", expected));
    assert_eq!(json_of(&scene.parked(&["list", "--json"]).await)["count"], 3);
    assert_eq!(scene.bus.counts().calls, 0);
}

#[tokio::test]
async fn a_redrive_from_the_table_of_another_stack_is_refused() {
    let scene = Scene::with_orders(1).await;
    scene.park(&TOTALS_CONSUMER, "o-0").await;
    scene.park(&Consumer::PUBLISHER, "o-0").await;
    let memory =
        [("customerId", "#events"), ("entry", "#events"), ("eventsTableId", "other-id"), ("eventsTable", "Another")];
    let memory = memory.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    scene.client().put_item().table_name("CustomerTotals").set_item(Some(memory.into())).send().await.unwrap();
    for arguments in [&["redrive", "--all"][..], &["redrive", "o-0", "--consumer", "publisher"]] {
        let refused = scene.parked(arguments).await;
        let expected =
            "error: CustomerTotals was folded from the events table Another (other-id), and not from OrderEvents (";
        assert!(stderr(&refused).starts_with(expected), "{}", stderr(&refused));
        assert_eq!((refused.status.code(), stdout(&refused)), (Some(1), ""));
    }
    assert_eq!(json_of(&scene.parked(&["list", "--json"]).await)["count"], 2);
    assert_eq!(scene.bus.counts().calls, 0);
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

#[tokio::test]
async fn an_order_that_stays_parked_is_named_and_delays_no_other() {
    let scene = Scene::with_orders(3).await;
    let sound = stored(&scene.client(), "o-1", 3).await;
    put(&scene.client(), &from_the_future(sound.clone())).await;
    for order in ["o-0", "o-1", "o-2"] {
        scene.park(&Consumer::PUBLISHER, order).await;
    }
    let done = scene.parked(&["redrive", "--all"]).await;
    assert_eq!((done.status.code(), stdout(&done)), (Some(1), "2 redriven, 5 commits, 1 still parked\n"));
    let complaint = said(&done);
    assert!(
        complaint.starts_with("error: order o-1 is still parked by publisher, at version 3: event PaymentPromised"),
        "{complaint}"
    );
    assert!(complaint.ends_with("error: 1 orders were not redriven, listed above\n"), "{complaint}");

    let done = scene.parked(&["redrive", "o-1", "--json"]).await;
    assert_eq!((done.status.code(), &json_of(&done)["stillParked"][0]["version"]), (Some(1), &json!(3)));
    let list = json_of(&scene.parked(&["list", "--json"]).await);
    assert_eq!((&list["count"], &list["parked"][0]["attempts"]), (&json!(1), &json!(3)));

    put(&scene.client(), &sound).await;
    let done = scene.parked(&["redrive", "o-1", "--json"]).await;
    assert_eq!((done.status.code(), said(&done)), (Some(0), ""));
    assert_eq!(json_of(&done), json!({ "redriven": 1, "commits": 1, "stillParked": [] }));
    let published = arrived(&scene.bus.published().await);
    let of_o_1: Vec<_> = published.iter().map(String::as_str).filter(|event| event.starts_with("o-1@")).collect();
    assert_eq!((of_o_1, published.len()), (vec!["o-1@0000000002", "o-1@0000000003"], 6));
}

#[tokio::test]
async fn a_row_of_a_newer_release_is_named_and_delays_no_other() {
    let scene = Scene::with_orders(2).await;
    let newer = [("customerId", "alice"), ("entry", "order#o-0")];
    let newer = newer.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let put = scene.client().put_item().table_name("CustomerTotals").set_item(Some(newer.into()));
    put.item("projection", AttributeValue::N("99".to_owned())).send().await.unwrap();
    for order in ["o-0", "o-1"] {
        scene.park(&TOTALS_CONSUMER, order).await;
    }
    let done = scene.parked(&["redrive", "--all", "--json"]).await;
    assert_eq!((done.status.code(), &json_of(&done)["redriven"]), (Some(1), &json!(1)));
    let left = &json_of(&done)["stillParked"];
    assert_eq!((&left[0]["orderId"], &left[0]["version"], &left[1]), (&json!("o-0"), &json!(null), &json!(null)));
    let complaint = said(&done);
    assert!(
        complaint.starts_with("error: order o-0 is still parked by CustomerTotals: the row has a newer"),
        "{complaint}"
    );
    let list = json_of(&scene.parked(&["list", "--json"]).await);
    assert_eq!((&list["count"], &list["parked"][0]["attempts"]), (&json!(1), &json!(1)), "that was no attempt");
}

#[tokio::test]
async fn an_unreadable_note_does_not_delay_the_orders_other_notes() {
    let scene = Scene::with_orders(1).await;
    for consumer in [TOTALS_CONSUMER, Consumer::PUBLISHER] {
        scene.park(&consumer, "o-0").await;
    }
    let spoil = scene.client().update_item().table_name("ParkedOrders").update_expression("REMOVE heldUpTo");
    let spoil = spoil.key("consumer", AttributeValue::S("CustomerTotals".to_owned()));
    spoil.key("aggregateId", AttributeValue::S("o-0".to_owned())).send().await.unwrap();
    let done = scene.parked(&["redrive", "o-0"]).await;
    assert_eq!((done.status.code(), stdout(&done)), (Some(1), "1 redriven, 2 commits, 1 still parked\n"));
    let complaint = said(&done);
    assert!(
        complaint.starts_with("error: order o-0 is still parked by CustomerTotals: the note on order o-0"),
        "{complaint}"
    );
    assert_eq!(arrived(&scene.bus.published().await).len(), 2);
}

#[tokio::test]
async fn an_order_can_be_redriven_for_one_consumer_alone() {
    let scene = Scene::with_orders(1).await;
    scene.park(&Consumer::PUBLISHER, "o-0").await;
    scene.park(&TOTALS_CONSUMER, "o-0").await;
    let done = scene.parked(&["redrive", "o-0", "--consumer", "CustomerTotals"]).await;
    assert_eq!(stdout(&done), "1 redriven, 2 commits, 0 still parked\n");
    let list = json_of(&scene.parked(&["list", "--json"]).await);
    assert_eq!((&list["count"], &list["parked"][0]["consumer"]), (&json!(1), &json!("publisher")));
    assert_eq!(scene.bus.counts().calls, 0);
}

#[tokio::test]
async fn a_missing_bus_or_table_leaves_the_order_parked() {
    let scene = Scene::with_orders(1).await;
    scene.park(&Consumer::PUBLISHER, "o-0").await;
    for (arguments, said) in [
        (&["redrive", "o-0", "--bus", "Missing"][..], "error: there is no event bus Missing in the local stack\n"),
        (
            &["redrive", "--all", "--table", "OrderEvents=Missing"],
            "error: there is no table Missing in the local stack\n",
        ),
    ] {
        let failed = scene.parked(arguments).await;
        assert_eq!(failed.status.code(), Some(1));
        assert!(stderr(&failed).starts_with(said), "{}", stderr(&failed));
    }
    assert_eq!(json_of(&scene.parked(&["list", "--json"]).await)["count"], 1);
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        &["parked", "list"][..],
        &["parked", "redrive", "--local"],
        &["parked", "redrive", "o-1", "--all", "--local"],
        &["parked", "list", "--local", "--consumer", "unknown"],
    ] {
        assert_eq!(orders(arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_catches_up_in_sequence_in_a_whole_stack() {
    let draft = Scene::with_orders(2).await;
    let options = Options {
        data: DataLocation::InMemory,
        http: ANY_PORT,
        dynamodb: ANY_PORT,
        eventbridge: ANY_PORT,
        admission: Admission::default(),
        authentication: Authentication::None,
        cors_origins: Vec::new(),
        quote_keys: String::new(),
        template: Template::of_this_project().unwrap(),
    };
    let stack = LocalStack::start_in_process(options).await.unwrap();
    let client = stack.database().client();
    let sound = stored(&draft.client(), "o-0", 2).await;
    put(&client, &stored(&draft.client(), "o-0", 1).await).await;
    put(&client, &from_the_future(sound.clone())).await;
    put(&client, &stored(&draft.client(), "o-0", 3).await).await;
    for version in 1..=3 {
        put(&client, &stored(&draft.client(), "o-1", version).await).await;
    }
    stack.drained().await.unwrap();
    let run = |arguments: &'static [&'static str]| {
        let (dynamodb, eventbridge) = (stack.dynamodb_endpoint(), stack.event_bus().endpoint());
        async move { parked(arguments, &dynamodb, &eventbridge).await }
    };
    let of = |order: &'static str, events: Vec<Value>| {
        arrived(&events).into_iter().filter(move |event| event.starts_with(order)).collect::<Vec<_>>()
    };
    let all = |order: &str| (1..=3).map(|version| format!("{order}@{version:010}")).collect::<Vec<_>>();
    assert_eq!(of("o-0", stack.event_bus().published().await), all("o-0")[..1]);
    assert_eq!(of("o-1", stack.event_bus().published().await), all("o-1"), "the others flow");
    let list = json_of(&run(&["list", "--json"]).await);
    let notes = list["parked"].as_array().unwrap().iter();
    let notes: Vec<_> =
        notes.map(|note| [&note["consumer"], &note["orderId"], &note["version"], &note["heldUpTo"]]).collect();
    for (note, consumer) in notes.iter().zip(CONSUMERS) {
        assert_eq!(*note, [&json!(consumer.as_str()), &json!("o-0"), &json!(2), &json!(3)]);
    }
    assert_eq!(notes.len(), CONSUMERS.len());

    put(&client, &sound).await;
    let done = run(&["redrive", "--all"]).await;
    assert_eq!(
        (done.status.code(), stdout(&done)),
        (Some(0), "3 redriven, 6 commits, 0 still parked\n"),
        "{}",
        stderr(&done)
    );
    assert_eq!(of("o-0", stack.event_bus().published().await), all("o-0"), "in sequence, each once");
    let rows = client.scan().table_name("OrderSummaryByCustomer").send().await.unwrap().items.unwrap();
    assert!(rows.iter().all(|row| row["version"] == AttributeValue::N("3".to_owned())), "{rows:?}");
    assert_eq!(stdout(&run(&["list"]).await), "no orders are parked\n");
    stack.stop().await;
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
