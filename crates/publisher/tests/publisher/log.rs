//! What is written, by which saved queries and alarms go; and what never is.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use embedded_eventbridge::Faults;
use lambda_runtime::Context;
use serde_json::{Value, json};
use tracing_subscriber::fmt;

use crate::bus::{Bus, NAME, batch};
use crate::stream;

thread_local! {
    /// What was written on this thread, and so by this test: each has a thread of its own.
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct OnThisThread;

impl io::Write for OnThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One subscriber for all threads: with one for each, whether a line is written depends on which thread came to it first.
fn subscribe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| fmt().json().flatten_event(true).with_writer(|| OnThisThread).init());
}

/// What is written about a batch, by whomever. The runtime writes the publisher's error, if it ends with one.
async fn everything_written(bus: &Bus, name: &str, records: &[Value]) -> Vec<Value> {
    subscribe();
    let outcome = bus.publisher(name).handle(batch(records, Context::default())).await;
    let text = String::from_utf8(WRITTEN.take()).unwrap();
    for private in ["c-1", "Assam tea", "sku-"] {
        assert!(!text.contains(private), "{private} is in the log: {text}");
        assert!(!outcome.as_ref().is_err_and(|error| error.to_string().contains(private)), "{outcome:?}");
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the publisher itself writes about a batch.
async fn written(bus: &Bus, name: &str, records: &[Value]) -> Vec<Value> {
    let mut lines = everything_written(bus, name, records).await;
    lines.retain(|line| line["target"].as_str().unwrap().starts_with("publisher"));
    lines
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
        assert!(line["reason"].as_str().unwrap().contains("PaymentPromised"), "{line}");
    }
    // Of o-1 the third version waits too, poison or not, and of o-3 the second.
    assert_eq!((&lines[2]["parked"], &lines[2]["held"], &lines[2]["failed"]), (&json!(2), &json!(4), &json!(0)));
    // Nobody knows whether whoever parked them came to say so.
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
async fn a_record_that_names_no_order_is_an_error() {
    let (bus, mut stream) = (Bus::start().await, stream::of(2).await);
    stream[0]["dynamodb"]["NewImage"] = json!({});
    let lines = written(&bus, NAME, &stream).await;
    assert_eq!(levels(&lines), ["ERROR", "INFO"]);
    assert_eq!((&lines[0]["poison"], &lines[0]["parked"]), (&json!(true), &json!(null)));
    assert_eq!(lines[0]["sequence_number"], stream[0]["dynamodb"]["SequenceNumber"]);
    assert_eq!((&lines[1]["held"], &lines[1]["failed"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn orders_that_are_parked_are_a_metric_and_what_waits_with_them_is_another() {
    let (bus, mut stream) = (Bus::start().await, stream::of(8).await);
    for number in [1, 2] {
        stream[number]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
    }
    let metrics = |lines: Vec<Value>| lines.into_iter().filter(|line| line["target"] == "metrics").collect::<Vec<_>>();
    // The same batch again: nobody knows whether whoever parked them came to say so.
    for _ in 0..2 {
        let told = metrics(everything_written(&bus, NAME, &stream[..6]).await);
        let counted: Vec<_> =
            told.iter().map(|metric| (metric["metric"].as_str().unwrap(), &metric["value"])).collect();
        assert_eq!(counted, [("OrdersParked", &json!(2)), ("EventsHeld", &json!(2))]);
        assert!(told.iter().all(|metric| metric["dimensions"] == r#"{"consumer":"publisher"}"#), "{told:?}");
    }
    let told = metrics(everything_written(&bus, NAME, &stream[6..]).await);
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["metric"], &told[0]["value"]), (&json!("EventsHeld"), &json!(2)));
    assert_eq!(metrics(everything_written(&bus, NAME, &stream[3..5]).await), [json!(null); 0]);
}

#[tokio::test]
async fn a_malformed_event_is_told_by_field_and_kind_and_not_quoted() {
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
            json!({ "M": { "Assam tea": { "S": "c-1" } } }),
            "items[0].quantity: invalid type: map",
        ),
        (
            data(3, "customerId"),
            json!({ "L": [{ "S": "c-1" }] }),
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
    assert_eq!(lines[0]["refused"], true);
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
    assert_eq!(lines[0]["order_id"], "o-0");
    assert_eq!(lines[1]["retried"], 12 * 9);
}
