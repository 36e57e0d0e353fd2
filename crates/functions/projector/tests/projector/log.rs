//! The log lines that saved queries and alarms use, and the data that is never logged.

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::Timestamp;
use function_setup::ProjectorConfig;
use parked_orders::ParkedOrderTable;
use projector::Projector;
use serde_json::{Value, json};
use test_support::ledger::Ledger;
use test_support::log;

use crate::given::{SUMMARY_TABLE, TOTALS_CONSUMER, config, config_without_table_of, event, pay, place};
use crate::items::{Item, items_of};

/// Returns the lines about a batch, without those at debug level.
async fn written(ledger: &Ledger, config: &ProjectorConfig, records: &[Value]) -> Vec<Value> {
    let mut lines = everything_written(ledger, config, records).await;
    lines.retain(|line| line["level"] != "DEBUG");
    lines
}

async fn everything_written(ledger: &Ledger, config: &ProjectorConfig, records: &[Value]) -> Vec<Value> {
    let projector = Projector::on_dynamo(ledger.server.client(), config);
    lines_of(async { projector.handle(event(records)).await.unwrap() }).await
}

/// Returns the lines that an invocation writes.
pub(crate) async fn lines_of<T>(invocation: impl Future<Output = T>) -> Vec<Value> {
    log::capture_with_debug_of("stream_consumer");
    invocation.await;
    let text = log::take();
    for private in ["c-1", "sku-", "someone@example.com"] {
        assert!(!text.contains(private), "{private} is in the log: {text}");
    }
    log::lines(&text)
}

fn of_level<'a>(lines: &'a [Value], level: &str, target: &str) -> Vec<&'a Value> {
    let wanted = |line: &&Value| line["level"] == level && line["target"].as_str().unwrap().starts_with(target);
    let mut lines: Vec<_> = lines.iter().filter(wanted).collect();
    lines.sort_by_key(|line| line.to_string().contains("CustomerTotals"));
    lines
}

/// Returns each projection's metrics of a batch, by their names. All have a unit and the projection as their dimension.
fn metrics(lines: &[Value]) -> [Value; 2] {
    let of = |line: &Value, projection: &str| {
        let metrics: Vec<Value> = serde_json::from_str(line["metrics"].as_str().unwrap()).unwrap();
        let named = metrics.iter().map(|metric| {
            let unit = if metric["name"] == "ProjectionLag" { "Milliseconds" } else { "Count" };
            assert_eq!((&metric["unit"], &metric["dimensions"]), (&json!(unit), &json!({ "consumer": projection })));
            (metric["name"].as_str().unwrap().to_owned(), metric["value"].clone())
        });
        named.collect()
    };
    let lines = of_level(lines, "INFO", "metrics");
    let [summaries, totals] = &lines[..] else { panic!("one line a projection: {lines:#?}") };
    [of(summaries, PROJECTIONS[0]), of(totals, PROJECTIONS[1])]
}

/// Creates three versions of an order, the second of which is not a valid commit.
async fn with_poison(ledger: &Ledger) -> (Vec<Item>, Vec<Value>) {
    let items = items_of("o-1", "c-1", 4).await;
    let mut poison = items[1].clone();
    poison.insert("events".to_owned(), AttributeValue::S("someone@example.com".to_owned()));
    for item in [&items[0], &poison, &items[2]] {
        ledger.put(item).await;
    }
    (items, ledger.stream())
}

const PROJECTIONS: [&str; 2] = ["OrderSummaryByCustomer", "CustomerTotals"];

#[tokio::test]
async fn poison_is_one_error_an_order_and_projection_and_a_metric_each() {
    let ledger = Ledger::new().await;
    let (_, stream) = with_poison(&ledger).await;
    let lines = written(&ledger, &config(), &stream).await;
    let (errors, batches) = (of_level(&lines, "ERROR", ""), of_level(&lines, "INFO", "projector"));
    let metrics = metrics(&lines);
    assert_eq!((errors.len(), batches.len(), lines.len()), (2, 2, 6), "{lines:#?}");
    for (place, projection) in PROJECTIONS.into_iter().enumerate() {
        let error = errors[place];
        assert_eq!((&error["poison"], &error["parked"]), (&json!(true), &json!(true)));
        assert_eq!(
            (&error["consumer"], &error["order_id"], &error["version"]),
            (&json!(projection), &json!("o-1"), &json!(2))
        );
        assert_eq!(error["sequence_number"], stream[1]["dynamodb"]["SequenceNumber"]);
        assert_eq!(error["reason"], "events is not a list");
        assert_eq!((&metrics[place]["OrdersParked"], &metrics[place]["RowsWritten"]), (&json!(1), &json!(1)));
        let batch = batches[place];
        assert_eq!((&batch["projection"], &batch["records"]), (&json!(projection), &json!(3)));
        assert_eq!((&batch["parked"], &batch["unparked"], &batch["failed"]), (&json!(1), &json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn an_order_that_has_caught_up_is_one_line_and_none_that_is_parked() {
    let ledger = Ledger::new().await;
    let (items, stream) = with_poison(&ledger).await;
    written(&ledger, &config(), &stream).await;
    ledger.put(&items[1]).await;
    ledger.put(&items[3]).await;
    let lines = written(&ledger, &config(), &ledger.stream()[4..]).await;
    assert!(metrics(&lines).iter().all(|metrics| metrics.get("OrdersParked").is_none()), "{lines:#?}");
    let lines = of_level(&lines, "INFO", "projector");
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for (lines, projection) in lines.chunks(2).zip(PROJECTIONS) {
        let (unparked, batch) = (lines[0], lines[1]);
        assert_eq!(
            (&unparked["message"], &unparked["order_id"]),
            (&json!("a parked order has caught up"), &json!("o-1"))
        );
        assert_eq!(unparked["consumer"], projection);
        assert_eq!(
            (&batch["unparked"], &batch["rows_written"], &batch["gaps_repaired"]),
            (&json!(1), &json!(1), &json!(1))
        );
    }
}

#[tokio::test]
async fn an_order_that_could_not_be_parked_is_logged_and_not_counted() {
    let ledger = Ledger::new().await;
    let (_, stream) = with_poison(&ledger).await;
    let without = ProjectorConfig { parked_table: "NoSuchTable".to_owned(), ..config() };
    let lines = written(&ledger, &without, &stream).await;
    let errors = of_level(&lines, "ERROR", "projector");
    assert_eq!(errors.len(), 2, "{lines:#?}");
    for error in errors {
        assert_eq!((&error["poison"], &error["parked"]), (&json!(true), &json!(false)));
        assert!(error["not_parked"].as_str().unwrap().contains("UpdateItem was refused"), "{error}");
    }
    assert_eq!(of_level(&lines, "WARN", "projector").len(), 2, "which orders are parked is not known");
    assert!(metrics(&lines).iter().all(|metrics| metrics.get("OrdersParked").is_none()), "{lines:#?}");
}

#[tokio::test]
async fn the_lag_is_the_age_of_the_oldest_commit_after_the_write() {
    let ledger = Ledger::new().await;
    let oldest: Timestamp = "2020-01-01T00:00:00.000Z".parse().unwrap();
    ledger.record("o-1", place("c-1"), &oldest.to_string()).await;
    ledger.record("o-2", place("c-1"), "2021-01-01T00:00:00.000Z").await;
    ledger.record("o-1", pay("pay-1", 1), "2022-01-01T00:00:00.000Z").await;
    let age = || u64::try_from(Timestamp::now().epoch_ms() - oldest.epoch_ms()).unwrap();
    let before = age();
    let lines = written(&ledger, &config(), &ledger.stream()).await;
    for metrics in metrics(&lines) {
        assert_eq!(metrics["RowsWritten"], 2);
        let lag = metrics["ProjectionLag"].as_u64().unwrap();
        assert!((before..=age()).contains(&lag), "{lag}");
    }
    // A repeat writes no row, and has the same age.
    for metrics in metrics(&written(&ledger, &config(), &ledger.stream()).await) {
        assert_eq!(metrics.get("RowsWritten"), None);
        assert!(metrics["ProjectionLag"].as_u64().unwrap() >= before);
    }
}

#[tokio::test]
async fn a_batch_without_a_commit_that_can_be_read_has_no_lag() {
    let ledger = Ledger::new().await;
    let (_, stream) = with_poison(&ledger).await;
    for metrics in metrics(&written(&ledger, &config(), &stream[1..2]).await) {
        assert_eq!(metrics, json!({ "OrdersParked": 1 }));
    }
}

#[tokio::test]
async fn a_batch_that_is_stuck_lags_and_names_the_cause_that_it_is_stuck_with() {
    let ledger = Ledger::new().await;
    ledger.record("o-1", place("c-1"), "2020-01-01T00:00:00.000Z").await;
    let without = config_without_table_of(SUMMARY_TABLE);
    let lines = written(&ledger, &without, &ledger.stream()).await;
    let [summaries, _] = metrics(&lines);
    assert!(summaries["ProjectionLag"].is_u64() && summaries.get("RowsWritten").is_none(), "{summaries}");
    let warning = of_level(&lines, "WARN", "projector")[0];
    assert_eq!((&warning["order_id"], &warning["correlation_id"]), (&json!("o-1"), &json!("checkout-2001")));
}

#[tokio::test]
async fn at_level_debug_each_commit_is_logged_with_its_correlation_id() {
    let ledger = Ledger::new().await;
    let (_, stream) = with_poison(&ledger).await;
    let lines = everything_written(&ledger, &config(), &stream).await;
    let received = of_level(&lines, "DEBUG", "stream_consumer");
    let versions: Vec<_> = received.iter().map(|line| (&line["order_id"], &line["version"])).collect();
    assert_eq!(versions, [(&json!("o-1"), &json!(1)), (&json!("o-1"), &json!(3))]);
    assert!(received.iter().all(|line| line["correlation_id"] == "checkout-2001"), "{received:#?}");
}

#[tokio::test]
async fn a_malformed_sum_parks_its_order_without_its_value_in_log_or_note() {
    let ledger = Ledger::new().await;
    let items = items_of("o-1", "c-1", 2).await;
    ledger.put(&items[0]).await;
    written(&ledger, &config(), &ledger.stream()).await;
    let sum = ledger.server.client().update_item().table_name("CustomerTotals");
    let sum = sum.key("customerId", AttributeValue::S("c-1".to_owned()));
    let sum = sum.key("entry", AttributeValue::S("total#2".to_owned())).update_expression("SET sums = :it");
    let sum = sum.expression_attribute_values(":it", AttributeValue::S("someone@example.com".to_owned()));
    sum.send().await.unwrap();
    ledger.put(&items[1]).await;
    let lines = written(&ledger, &config(), &ledger.stream()[1..]).await;
    let errors = of_level(&lines, "ERROR", "projector");
    let [error] = &errors[..] else { panic!("{lines:#?}") };
    let reason = "the row total#2 cannot be read: its attributes are not those that this release reads";
    assert_eq!((&error["parked"], &error["version"], &error["reason"]), (&json!(true), &json!(2), &json!(reason)));
    assert_eq!(error["correlation_id"], "checkout-2001");
    let notes = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    let note = notes.find(&TOTALS_CONSUMER, "o-1").await.unwrap().unwrap();
    assert_eq!((note.version, note.reason.as_str()), (2, reason));
}

#[tokio::test]
async fn a_record_that_names_no_order_is_one_error_and_one_metric() {
    let ledger = Ledger::new().await;
    ledger.record("o-1", place("c-1"), "2026-11-21T09:30:00.123Z").await;
    let mut stream = ledger.stream();
    let mut stray = stream[0].clone();
    stray["dynamodb"]["SequenceNumber"] = json!("77");
    for part in ["Keys", "NewImage"] {
        stray["dynamodb"][part]["aggregateId"] = json!({ "S": "someone@example.com" });
    }
    stream.push(stray);
    let lines = written(&ledger, &config(), &stream).await;
    let [error] = &of_level(&lines, "ERROR", "stream_consumer")[..] else { panic!("{lines:#?}") };
    assert_eq!(
        (&error["unaddressable"], &error["poison"], &error["noted"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!((&error["consumer"], &error["sequence_number"]), (&json!("projector"), &json!("77")));
    assert_eq!(error["key"], "aggregateId: S of 19 bytes, version: N 1");
    assert_eq!(error["reason"], "aggregateId is not the id of an order");
    let counted =
        lines.iter().filter(|line| line["target"] == "metrics" && line.to_string().contains("UnaddressableRecords"));
    let counted: Vec<Value> =
        counted.map(|line| serde_json::from_str(line["metrics"].as_str().unwrap()).unwrap()).collect();
    assert_eq!(counted, [json!([{ "name": "UnaddressableRecords", "unit": "Count", "value": 1, "dimensions": {} }])]);
    let batches = of_level(&lines, "INFO", "projector");
    assert!(batches.iter().all(|batch| batch["records"] == 2 && batch["failed"] == 0), "{batches:#?}");

    let without = ProjectorConfig { parked_table: "NoSuchTable".to_owned(), ..config() };
    let lines = written(&ledger, &without, &stream[1..]).await;
    let [error] = &of_level(&lines, "ERROR", "stream_consumer")[..] else { panic!("{lines:#?}") };
    assert_eq!(error["noted"], false);
    assert!(error["not_noted"].as_str().unwrap().contains("UpdateItem was refused"), "{error}");
}
