//! The tick of the schedule: gauges of parked orders, even if no commits arrive.

use lambda_runtime::{Context, LambdaEvent};
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable};
use projector::Payload;
use read_models::registry::CORE;
use serde_json::{Value, json};
use test_support::ledger::Ledger;

use crate::given::{TOTALS_CONSUMER, config, projector};
use crate::log::lines_of;

fn tick() -> LambdaEvent<Payload> {
    LambdaEvent::new(serde_json::from_value(json!({ "task": "tick" })).unwrap(), Context::default())
}

/// Returns the output of a tick: its own lines without their times, and the gauges of each consumer.
async fn written(ledger: &Ledger, parked_table: &str) -> (Vec<Value>, Vec<(String, Value)>) {
    let config = function_setup::ProjectorConfig { parked_table: parked_table.to_owned(), ..config() };
    let projector = projector::Projector::on_dynamo(ledger.server.client(), &config);
    let mut lines = lines_of(async { projector.handle(tick()).await.unwrap() }).await;
    lines.retain(|line| line["target"] == "metrics" || line["target"].as_str().unwrap().starts_with("projector"));
    let (metrics, lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line["target"] == "metrics");
    let gauges = metrics.iter().map(|line| {
        let metrics: Vec<Value> = serde_json::from_str(line["metrics"].as_str().unwrap()).unwrap();
        let consumer = metrics[0]["dimensions"]["consumer"].as_str().unwrap().to_owned();
        let named = metrics.iter().map(|metric| {
            assert_eq!(metric["dimensions"], json!({ "consumer": consumer }));
            let name = metric["name"].as_str().unwrap();
            assert_eq!(metric["unit"], if name == "ParkedOrders" { "Count" } else { "Seconds" });
            (name.to_owned(), metric["value"].clone())
        });
        (consumer.clone(), named.collect())
    });
    (lines, gauges.collect())
}

pub(crate) fn parking(order: &str) -> ParkRequest {
    let (aggregate_id, reason) = (order.to_owned(), "events is not a list".to_owned());
    ParkRequest { aggregate_id, customer_id: None, version: 1, held_up_to: 1, reason }
}

#[tokio::test]
async fn a_tick_shows_zero_for_every_consumer_while_nothing_is_parked() {
    let ledger = Ledger::new().await;
    let (lines, gauges) = written(&ledger, "ParkedOrders").await;
    let consumers = CORE.iter().map(|model| Consumer::new(model.name)).chain([Consumer::PUBLISHER]);
    let zero: Vec<_> = consumers.map(|consumer| (consumer.to_string(), json!({ "ParkedOrders": 0 }))).collect();
    assert_eq!(gauges, zero);
    let [line] = &lines[..] else { panic!("one line: {lines:#?}") };
    assert_eq!((&line["message"], &line["level"]), (&json!("counted parked orders"), &json!("INFO")));
    assert_eq!((&line["parked_orders"], &line["consumers"]), (&json!(0), &json!(zero.len())));
}

#[tokio::test]
async fn a_tick_shows_parked_orders_until_they_are_redriven() {
    let ledger = Ledger::new().await;
    let notes = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    for order in ["o-1", "o-2"] {
        notes.park(&Consumer::PUBLISHER, &parking(order)).await.unwrap();
    }
    notes.park(&TOTALS_CONSUMER, &parking("o-1")).await.unwrap();
    // A tick changes nothing, whatever its clock shows: the next one has the same output.
    for _ in 0..2 {
        let (lines, gauges) = written(&ledger, "ParkedOrders").await;
        assert_eq!(parked(&gauges), [("CustomerTotals", 1), ("publisher", 2)], "{gauges:?}");
        for (consumer, gauges) in &gauges {
            assert_eq!(
                gauges.get("OldestParkedSeconds").is_some(),
                gauges["ParkedOrders"] != 0,
                "{consumer}: {gauges}"
            );
        }
        let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
        assert_eq!(warned.iter().map(|line| &line["consumer"]).collect::<Vec<_>>(), ["CustomerTotals", "publisher"]);
        assert_eq!(warned[1]["parked_orders"], 2);
    }
    for (consumer, order) in [(Consumer::PUBLISHER, "o-1"), (TOTALS_CONSUMER, "o-1")] {
        let note = notes.find(&consumer, order).await.unwrap().unwrap();
        assert!(notes.unpark(&note).await.unwrap());
    }
    let (_, gauges) = written(&ledger, "ParkedOrders").await;
    assert_eq!(parked(&gauges), [("publisher", 1)]);
}

/// Returns the numbers of parked orders that are not zero.
fn parked(gauges: &[(String, Value)]) -> Vec<(&str, u64)> {
    let counts = gauges.iter().map(|(consumer, gauges)| (consumer.as_str(), gauges["ParkedOrders"].as_u64().unwrap()));
    counts.filter(|(_, parked)| *parked > 0).collect()
}

#[tokio::test]
async fn a_tick_shows_the_age_of_the_oldest_parked_order() {
    let ledger = Ledger::new().await;
    let notes = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    for order in ["o-1", "o-2", "o-3"] {
        notes.park(&Consumer::PUBLISHER, &parking(order)).await.unwrap();
    }
    let since = "2026-01-01T00:00:00.000Z";
    let set = ledger.server.client().update_item().table_name("ParkedOrders");
    let set = set.key("consumer", text("publisher")).key("aggregateId", text("o-2"));
    set.update_expression("SET parkedAt = :at").expression_attribute_values(":at", text(since)).send().await.unwrap();
    let age = || {
        let since: event_store::Timestamp = since.parse().unwrap();
        u64::try_from((event_store::Timestamp::now().epoch_ms() - since.epoch_ms()) / 1000).unwrap()
    };
    let before = age();
    let (_, gauges) = written(&ledger, "ParkedOrders").await;
    let oldest = gauges.last().unwrap().1["OldestParkedSeconds"].as_u64().unwrap();
    assert!((before..=age()).contains(&oldest), "{oldest}");
}

fn text(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned())
}

/// A count of zero would clear the alarm, and an error of the function would roll back a deployment.
#[tokio::test]
async fn a_tick_that_cannot_count_writes_no_sample_and_is_no_error() {
    let ledger = Ledger::new().await;
    let (lines, gauges) = written(&ledger, "NoSuchTable").await;
    assert_eq!(gauges, []);
    let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    // The first warning is that the deferred orders could not be read.
    assert_eq!(warned.len(), 2 + CORE.len(), "{lines:#?}");
    assert!(warned[1..].iter().all(|line| line["message"] == "parked orders could not be counted"), "{lines:#?}");
    assert_eq!(lines.last().unwrap()["consumers"], 0);
}

#[tokio::test]
async fn a_tick_is_answered_as_an_empty_batch() {
    let ledger = Ledger::new().await;
    let answer = projector(&ledger.server).handle(tick()).await.unwrap();
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({ "batchItemFailures": [] }));
}

#[test]
fn the_sample_is_what_the_schedule_of_the_template_sends() {
    let sample: Value = serde_json::from_str(include_str!("../../../../../events/tick.json")).unwrap();
    let schedules = sam_template::Template::of_this_project().unwrap().schedules().unwrap();
    let payloads: Vec<_> = schedules.into_iter().map(|schedule| (schedule.function, schedule.payload)).collect();
    assert_eq!(payloads, [("projector".to_owned(), sample.clone())]);
    assert!(matches!(serde_json::from_value(sample).unwrap(), Payload::Tick));
}
