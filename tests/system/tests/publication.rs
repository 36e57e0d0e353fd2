//! Events that other services receive: every recorded event is published, matches its schema, and survives failures of the
//! bus.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use embedded_eventbridge::{Faults, Fired};
use lambda_runtime::{Context, LambdaEvent};
use loyalty_points::LoyaltyPoints;
use sam_template::Template;
use serde_json::{Value, json};
use system_tests::{System, published};

use crate::journeys;
use crate::lists::all_pages;
use crate::read_model::orders;

/// The time limit for the read model while the bus fails. It is far shorter than the minute for which the publisher retries.
const UNDELAYED: Duration = Duration::from_secs(20);

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[tokio::test]
async fn an_orders_whole_life_is_published_as_it_is_recorded() {
    let system = System::start().await;
    journeys::whole_life(&system).await;
    the_published_life_is_the_recorded_one(&system).await;
}

/// Also runs with the real binaries. The system has one order and no failures. The published events are written to a file,
/// which `.ci/run` also checks with the official CloudEvents SDK.
pub(crate) async fn the_published_life_is_the_recorded_one(system: &System) {
    system.drained().await;
    let published = system.stack.event_bus().published().await;
    let order = text(&published[0], "subject").to_owned();
    let recorded = all_pages(&system.api, &format!("/orders/{order}/events"), 100).await;
    assert_eq!(published.len(), recorded.len());
    let lines: String = published.iter().map(|event| format!("{event}\n")).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{order}.ndjson")), lines).unwrap();
    for (event, recorded) in published.iter().zip(&recorded) {
        published::check(event).unwrap_or_else(|problem| panic!("{problem}: {event}"));
        let expected = json!({
            "specversion": "1.0",
            "id": recorded["eventId"],
            "source": format!("order-ledger/orders/{order}"),
            "type": recorded["eventType"],
            "subject": order,
            "time": recorded["recordedAt"],
            "dataschema": event["dataschema"],
            "sequence": format!("{:010}", recorded["version"].as_u64().unwrap()),
            "customerid": "anna",
            "data": recorded["data"],
        });
        assert_eq!(event, &expected);
    }
}

#[tokio::test]
async fn a_refused_command_and_a_repeated_one_publish_nothing() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    system.api.ship(&order, "too-early", &[("plate", 1)]).await.expect_problem(409, "not_paid");
    let (path, payment) = (format!("/orders/{order}/payments"), json!({ "paymentId": "pay-1", "amount": 5_000 }));
    for _ in 0..3 {
        system.api.post_with(&path, &[("idempotency-key", "once")], payment.clone()).await.expect(201);
    }
    system.drained().await;
    let published = system.stack.event_bus().published().await;
    let types: Vec<&str> = published.iter().map(|event| text(event, "type")).collect();
    assert_eq!(types, ["OrderPlaced", "PaymentReceived"]);
}

#[tokio::test]
async fn a_bus_that_refuses_every_entry_delays_no_read_model_and_loses_no_event() {
    a_failing_bus_delays_nothing(Faults { seed: 1, entries_percent: 100, ..Faults::default() }).await;
}

#[tokio::test]
async fn a_bus_that_answers_with_errors_delays_no_read_model_and_loses_no_event() {
    a_failing_bus_delays_nothing(Faults { seed: 1, calls_percent: 100, ..Faults::default() }).await;
}

async fn a_failing_bus_delays_nothing(faults: Faults) {
    let system = System::start().await;
    let bus = system.stack.event_bus();
    bus.set_faults(faults);
    let mut orders = BTreeSet::from([system.api.place("anna").await]);
    // The publisher has started its retries, which last a minute.
    while bus.fired() == Fired::default() {
        system.api.get("/customers/anna/orders").await.expect(200);
    }
    for _ in 0..25 {
        orders.insert(system.api.place("anna").await);
    }
    // No event is published, and the list is complete.
    tokio::time::timeout(UNDELAYED, system.stack.drained_by("projector")).await.unwrap().unwrap();
    let listed = all_pages(&system.api, "/customers/anna/orders", 100).await;
    assert_eq!(listed.iter().map(|order| text(order, "orderId").to_owned()).collect::<BTreeSet<_>>(), orders);
    assert_eq!(bus.published().await, Vec::<Value>::new());

    bus.set_faults(Faults::default());
    system.drained().await;
    let published = bus.published().await;
    let subjects: BTreeSet<String> = published.iter().map(|event| text(event, "subject").to_owned()).collect();
    assert_eq!(subjects, orders);
}

#[tokio::test]
async fn a_bus_that_fails_now_and_then_gets_every_event_all_the_same() {
    let system = System::start().await;
    let bus = system.stack.event_bus();
    bus.set_faults(Faults { seed: 7, entries_percent: 30, calls_percent: 0, cut_percent: 0 });
    let mut recorded = BTreeSet::new();
    for _ in 0..40 {
        let order = system.api.place("anna").await;
        let paid = system.api.pay(&order, "pay-1", 5_000).await.expect(201);
        recorded.insert(text(&paid.body["events"][0], "eventId").to_owned());
    }
    system.drained().await;
    let published: BTreeSet<String> = bus.published().await.iter().map(|event| text(event, "id").to_owned()).collect();
    let lost: Vec<_> = recorded.difference(&published).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(published.len(), 80);
    assert!(bus.counts().refused > 0, "no entry failed: this tests nothing");
}

#[tokio::test]
async fn rebuilding_a_read_model_publishes_nothing() {
    let system = System::start().await;
    journeys::whole_life(&system).await;
    system.drained().await;
    let before = system.stack.event_bus().counts();
    let list = || all_pages(&system.api, "/customers/anna/orders", 100);
    let rows = list().await;
    assert_eq!(rows.len(), 1);
    system.delete_rows();
    assert_eq!(list().await, Vec::<Value>::new());

    let rebuilt = orders(&system, &["rebuild", "--yes"]).await;
    assert_eq!(rebuilt["rebuilt"]["rowsWritten"]["OrderSummaryByCustomer"], 1);

    assert_eq!(list().await, rows);
    system.drained().await;
    assert_eq!(system.stack.event_bus().counts(), before);
}

/// The sample function of another team, which knows only the published contract, receives published events.
#[tokio::test]
async fn a_consumer_of_another_team_takes_an_event_however_often_it_comes() {
    let system = System::start().await;
    journeys::whole_life(&system).await;
    system.drained().await;
    let published = system.stack.event_bus().published().await;
    let placed = published.iter().find(|event| event["type"] == "OrderPlaced").unwrap();

    let template = Template::parse(include_str!("../../../examples/loyalty-points/template.yaml")).unwrap();
    let database = system.stack.database();
    database.create_tables(&template).unwrap();
    let consumer = LoyaltyPoints::new(database.client(), "LoyaltyCredits");
    for repeat in [false, true, true] {
        let event = json!({
            "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "account": "123456789012",
            "region": "eu-central-1", "time": placed["time"], "resources": [],
            "source": "order-ledger", "detail-type": "OrderPlaced", "detail": placed,
        });
        let event = LambdaEvent::new(serde_json::from_value(event).unwrap(), Context::default());
        let credit = consumer.handle(event).await.unwrap();
        assert_eq!((credit.points, credit.repeat), (50, repeat));
    }
}
