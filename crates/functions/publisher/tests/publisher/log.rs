//! The log lines that saved queries and alarms use, and the data that is never logged.

use embedded_eventbridge::Faults;
use event_store::Timestamp;
use lambda_runtime::Context;
use serde_json::{Value, json};
use test_support::log;

use crate::bus::{Bus, NAME, batch};
use crate::stream;

/// Returns all lines about a batch, of every crate. If the publisher returns an error, the runtime logs it.
async fn everything_written(bus: &Bus, name: &str, records: &[Value]) -> Vec<Value> {
    log::capture_with_debug_of("stream_consumer");
    let outcome = bus.publisher(name).handle(batch(records, Context::default())).await;
    let text = log::take();
    for private in ["buyer-1", "Assam tea", "sku-"] {
        assert!(!text.contains(private), "{private} is in the log: {text}");
        assert!(!outcome.as_ref().is_err_and(|error| error.to_string().contains(private)), "{outcome:?}");
    }
    log::lines(&text)
}

/// Returns the publisher's own lines about a batch, without those at debug level.
async fn written(bus: &Bus, name: &str, records: &[Value]) -> Vec<Value> {
    let mut lines = everything_written(bus, name, records).await;
    lines.retain(|line| line["target"].as_str().unwrap().starts_with("publisher") && line["level"] != "DEBUG");
    lines
}

/// Returns the metrics of a batch, by their names.
async fn told(bus: &Bus, name: &str, records: &[Value]) -> Value {
    let mut lines = everything_written(bus, name, records).await;
    lines.retain(|line| line["target"] == "metrics");
    let [line] = &lines[..] else { panic!("one line a batch: {lines:#?}") };
    let metrics: Vec<Value> = serde_json::from_str(line["metrics"].as_str().unwrap()).unwrap();
    let named = metrics.iter().map(|metric| {
        let name = metric["name"].as_str().unwrap();
        let unit = if name == "PublicationLag" { "Milliseconds" } else { "Count" };
        let of_consumer = ["OrdersParked", "EventsHeld"].contains(&name);
        let dimensions = if of_consumer { json!({ "consumer": "publisher" }) } else { json!({}) };
        assert_eq!((&metric["unit"], &metric["dimensions"]), (&json!(unit), &dimensions), "{name}");
        (name.to_owned(), metric["value"].clone())
    });
    named.collect()
}

fn levels(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["level"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_batch_is_one_line() {
    let (bus, stream) = (Bus::start().await, stream::of(12).await);
    let lines = written(&bus, NAME, &stream).await;
    assert_eq!(levels(&lines), ["INFO"]);
    assert_eq!(lines[0]["message"], "published a batch");
    let counted = ["records", "events", "calls", "retried", "parked", "held", "failed"];
    assert_eq!(counted.map(|field| lines[0][field].as_u64().unwrap()), [12, 12, 2, 0, 0, 0, 0]);
    for measured in ["lag_ms", "duration_ms"] {
        assert!(lines[0][measured].is_u64(), "{measured}");
    }
}

#[tokio::test]
async fn each_order_that_is_parked_is_an_error_and_what_waits_with_it_is_none() {
    let (bus, mut stream) = (Bus::start().await, stream::of(12).await);
    for number in [3, 6, 11] {
        stream[number]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
    }
    let lines = written(&bus, NAME, &stream).await;
    assert_eq!(levels(&lines), ["ERROR", "ERROR", "INFO"]);
    for (line, (record, order, version)) in lines.iter().zip([(&stream[6], "o-1", 2), (&stream[3], "o-3", 1)]) {
        assert_eq!((&line["poison"], &line["parked"]), (&json!(true), &json!(true)));
        assert_eq!(line["consumer"], "publisher");
        assert_eq!((&line["order_id"], &line["version"]), (&json!(order), &json!(version)));
        assert_eq!(line["sequence_number"], record["dynamodb"]["SequenceNumber"]);
        assert_eq!(line["correlation_id"], "checkout-2001", "also of what cannot be read");
        assert!(line["reason"].as_str().unwrap().contains("PaymentPromised"), "{line}");
    }
    // The third version of o-1 waits too, whether or not it is poison, and so does the second version of o-3.
    assert_eq!((&lines[2]["parked"], &lines[2]["held"], &lines[2]["failed"]), (&json!(2), &json!(4), &json!(0)));
    // The orders are logged again, because the invocation that parked them may have ended before it logged them.
    let again = written(&bus, NAME, &stream).await;
    assert_eq!(levels(&again), ["ERROR", "ERROR", "INFO"]);
    let mut told: Vec<_> =
        again[..2].iter().map(|line| (line["order_id"].as_str(), line["version"].as_u64())).collect();
    told.sort_unstable();
    assert_eq!(told, [(Some("o-1"), Some(2)), (Some("o-3"), Some(1))]);
    assert_eq!((&again[2]["parked"], &again[2]["held"]), (&json!(2), &json!(4)));
    assert_eq!(levels(&written(&bus, NAME, &stream[7..]).await), ["INFO"], "what only waits is no news");
}

#[tokio::test]
async fn a_record_that_names_no_order_is_one_error_and_a_metric() {
    let (bus, mut stream) = (Bus::start().await, stream::of(2).await);
    for part in ["Keys", "NewImage"] {
        stream[0]["dynamodb"][part]["aggregateId"] = json!({ "S": "buyer-1 has no order of this id" });
    }
    let lines = everything_written(&bus, NAME, &stream).await;
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    let [error] = errors[..] else { panic!("{lines:#?}") };
    assert_eq!(
        (&error["poison"], &error["unaddressable"], &error["noted"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(
        (&error["consumer"], &error["key"]),
        (&json!("publisher"), &json!("aggregateId: S of 31 bytes, version: N 1"))
    );
    assert_eq!(error["sequence_number"], stream[0]["dynamodb"]["SequenceNumber"]);
    let batch = lines.iter().find(|line| line["message"] == "published a batch").unwrap();
    let counted = ["records", "events", "unaddressable", "held", "failed"];
    assert_eq!(counted.map(|field| batch[field].as_u64().unwrap()), [2, 1, 1, 0, 0]);
    assert_eq!(told(&bus, NAME, &stream).await["UnaddressableRecords"], 1);
}

#[tokio::test]
async fn parked_orders_and_held_events_are_two_metrics() {
    let (bus, mut stream) = (Bus::start().await, stream::of(8).await);
    for number in [1, 2] {
        stream[number]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
    }
    // The same batch again: the orders are logged again, because the invocation that parked them may have ended before it
    // logged them.
    for _ in 0..2 {
        let told = told(&bus, NAME, &stream[..6]).await;
        assert_eq!((&told["OrdersParked"], &told["EventsHeld"]), (&json!(2), &json!(2)));
    }
    let waiting = told(&bus, NAME, &stream[6..]).await;
    assert_eq!((waiting.get("OrdersParked"), &waiting["EventsHeld"]), (None, &json!(2)));
    let others = told(&bus, NAME, &stream[3..5]).await;
    assert_eq!((others.get("OrdersParked"), others.get("EventsHeld")), (None, None));
}

#[tokio::test]
async fn published_events_and_failed_attempts_are_counted() {
    let (bus, stream) = (Bus::start().await, stream::of(12).await);
    let all = told(&bus, NAME, &stream).await;
    assert_eq!((&all["EventsPublished"], all.get("PublishFailures")), (&json!(12), None));

    bus.server.set_faults(Faults { seed: 3, entries_percent: 40, ..Faults::default() });
    let in_part = told(&bus, NAME, &stream).await;
    let refused = bus.server.fired().entries;
    assert!(refused > 0, "no entry failed: this tests nothing");
    assert_eq!((&in_part["EventsPublished"], &in_part["PublishFailures"]), (&json!(12), &json!(refused)));

    bus.server.set_faults(Faults { entries_percent: 100, ..Faults::default() });
    let none = told(&bus, NAME, &stream).await;
    assert_eq!((none.get("EventsPublished"), &none["PublishFailures"]), (None, &json!(12 * 10)));

    let refused = told(&bus, "NoSuchBus", &stream).await;
    assert_eq!((refused.get("EventsPublished"), &refused["PublishFailures"]), (None, &json!(12)));
}

#[tokio::test]
async fn an_unpublishable_event_is_no_publish_failure() {
    let (bus, mut stream) = (Bus::start().await, stream::of(3).await);
    stream[1]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
    let told = told(&bus, NAME, &stream).await;
    assert_eq!((&told["EventsPublished"], told.get("PublishFailures")), (&json!(2), None));
}

#[tokio::test]
async fn the_lag_is_the_age_of_the_oldest_commit_even_if_unpublished() {
    let (bus, stream) = (Bus::start().await, stream::of(3).await);
    let mut records = stream.clone();
    records[1]["dynamodb"]["NewImage"]["recordedAt"]["S"] = json!("2020-01-01T00:00:00.000Z");
    let oldest: Timestamp = "2020-01-01T00:00:00.000Z".parse().unwrap();
    let age = || u64::try_from(Timestamp::now().epoch_ms() - oldest.epoch_ms()).unwrap();
    for name in [NAME, "NoSuchBus"] {
        let before = age();
        let lag = told(&bus, name, &records).await["PublicationLag"].as_u64().unwrap();
        assert!((before..=age()).contains(&lag), "{lag}");
    }
    records[0]["dynamodb"]["NewImage"]["events"] = json!({ "S": "not a list" });
    let unreadable = told(&bus, NAME, &records[..1]).await;
    assert_eq!(unreadable, json!({ "OrdersParked": 1, "EventsHeld": 1 }));
}

#[tokio::test]
async fn at_level_debug_each_commit_is_logged_with_its_correlation_id() {
    let (bus, stream) = (Bus::start().await, stream::of(2).await);
    let mut lines = everything_written(&bus, NAME, &stream).await;
    lines.retain(|line| line["level"] == "DEBUG");
    let orders: Vec<_> = lines.iter().map(|line| (&line["order_id"], &line["version"])).collect();
    assert_eq!(orders, [(&json!("o-0"), &json!(1)), (&json!("o-1"), &json!(1))]);
    assert!(lines.iter().all(|line| line["correlation_id"] == "checkout-2001"), "{lines:#?}");
}

#[tokio::test]
async fn a_malformed_event_is_reported_by_field_and_kind_and_not_quoted() {
    let (bus, mut stream) = (Bus::start().await, stream::of(4).await);
    let data = |record: usize, field: &str| format!("/{record}/dynamodb/NewImage/events/L/0/M/data/M/{field}");
    let malformed = [
        (data(0, "total"), json!({ "S": "Assam tea" }), "total: invalid type: string, expected u64"),
        (
            data(1, "items/L/0/M/sku"),
            json!({ "S": "sku-1, expected Assam tea" }),
            "items[0].sku: must start with a letter",
        ),
        (
            data(2, "items/L/0/M/quantity"),
            json!({ "M": { "Assam tea": { "S": "buyer-1" } } }),
            "items[0].quantity: invalid type: map",
        ),
        (
            data(3, "customerId"),
            json!({ "L": [{ "S": "buyer-1" }] }),
            "customerId: invalid type: sequence, expected a string",
        ),
    ];
    let mut records = json!(stream);
    for (place, value, _) in &malformed {
        *records.pointer_mut(place).unwrap() = value.clone();
    }
    stream = serde_json::from_value(records).unwrap();
    let lines = written(&bus, NAME, &stream).await;
    for (line, (_, _, problem)) in lines.iter().zip(malformed) {
        assert!(line["reason"].as_str().unwrap().contains(problem), "{line}");
    }
}

#[tokio::test]
async fn a_refusal_is_one_error_however_many_records_it_holds_up() {
    let (bus, stream) = (Bus::start().await, stream::of(12).await);
    let lines = written(&bus, "NoSuchBus", &stream).await;
    assert_eq!(levels(&lines), ["ERROR", "INFO"]);
    assert_eq!((&lines[0]["refused"], &lines[0]["correlation_id"]), (&json!(true), &json!("checkout-2001")));
    assert_eq!(lines[0]["sequence_number"], stream[0]["dynamodb"]["SequenceNumber"]);
    assert!(lines[0]["reason"].as_str().unwrap().contains("ResourceNotFoundException"), "{}", lines[0]);
    assert_eq!(lines[1]["failed"], 12);
}

#[tokio::test]
async fn an_outage_is_one_warning() {
    let (bus, stream) = (Bus::start().await, stream::of(12).await);
    bus.server.set_faults(Faults { entries_percent: 100, ..Faults::default() });
    let lines = written(&bus, NAME, &stream).await;
    assert_eq!(levels(&lines), ["WARN", "INFO"]);
    assert_eq!((&lines[0]["order_id"], &lines[0]["correlation_id"]), (&json!("o-0"), &json!("checkout-2001")));
    assert_eq!(lines[1]["retried"], 12 * 9);
}
