//! `orders parked redrive`, against both embedded services, and against a whole stack whose functions park orders.

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::ANY_PORT;
use local_stack::{Admission, Authentication, DataLocation, LocalStack, Options};
use parked_orders::Consumer;
use sam_template::Template;
use serde_json::{Value, json};
use test_support::recorded::arrived;

use crate::parked::{SUMMARY_CONSUMER, Scene, TOTALS_CONSUMER, from_the_future, json_of, parked, put, stored};
use crate::{orders, output, said, stderr, stdout};

const CONSUMERS: [Consumer; 3] = [SUMMARY_CONSUMER, TOTALS_CONSUMER, Consumer::PUBLISHER];

#[tokio::test]
async fn the_plan_lists_the_orders_and_no_order_is_redriven_without_yes() {
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
async fn an_order_that_stays_parked_is_reported_and_delays_no_other() {
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
async fn a_row_of_a_newer_release_is_reported_and_delays_no_other() {
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
async fn an_order_can_be_redriven_for_one_consumer_only() {
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
