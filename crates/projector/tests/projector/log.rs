//! What is written, by which saved queries and alarms go; and what never is.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use aws_sdk_dynamodb::types::AttributeValue;
use function_setup::ProjectorConfig;
use parked_orders::{Consumer, ParkedOrders};
use projector::Projector;
use serde_json::{Value, json};
use tracing_subscriber::fmt;

use crate::given::{config, event};
use crate::items::Item;
use crate::ledger::Ledger;

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

/// What is written about a batch.
async fn written(ledger: &Ledger, config: &ProjectorConfig, records: &[Value]) -> Vec<Value> {
    // One subscriber for all threads: with one for each, whether a line is written depends on which thread came to it first.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| fmt().json().flatten_event(true).with_writer(|| OnThisThread).init());
    Projector::on_dynamo(ledger.server.client(), config).handle(event(records)).await.unwrap();
    let text = String::from_utf8(WRITTEN.take()).unwrap();
    for private in ["c-1", "sku-", "someone@example.com"] {
        assert!(!text.contains(private), "{private} is in the log: {text}");
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_level<'a>(lines: &'a [Value], level: &str, target: &str) -> Vec<&'a Value> {
    let wanted = |line: &&Value| line["level"] == level && line["target"].as_str().unwrap().starts_with(target);
    let mut lines: Vec<_> = lines.iter().filter(wanted).collect();
    lines.sort_by_key(|line| line.to_string().contains("CustomerTotals"));
    lines
}

/// Three versions of an order, the second of which is no commit.
async fn with_poison(ledger: &Ledger) -> (Vec<Item>, Vec<Value>) {
    let items = Ledger::items("o-1", "c-1", 4).await;
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
    let metrics = of_level(&lines, "INFO", "metrics");
    assert_eq!((errors.len(), metrics.len(), batches.len(), lines.len()), (2, 2, 2, 6), "{lines:#?}");
    for (place, projection) in PROJECTIONS.into_iter().enumerate() {
        let error = errors[place];
        assert_eq!((&error["poison"], &error["parked"]), (&json!(true), &json!(true)));
        assert_eq!(
            (&error["consumer"], &error["order_id"], &error["version"]),
            (&json!(projection), &json!("o-1"), &json!(2))
        );
        assert_eq!(error["sequence_number"], stream[1]["dynamodb"]["SequenceNumber"]);
        assert_eq!(error["reason"], "events is not a list");
        let metric = metrics[place];
        assert_eq!((&metric["metric"], &metric["value"]), (&json!("OrdersParked"), &json!(1)));
        assert_eq!(metric["dimensions"], json!({ "consumer": projection }).to_string());
        let batch = batches[place];
        assert_eq!((&batch["projection"], &batch["records"]), (&json!(projection), &json!(3)));
        assert_eq!((&batch["parked"], &batch["unparked"], &batch["failed"]), (&json!(1), &json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn an_order_that_has_caught_up_is_one_line_and_no_metric() {
    let ledger = Ledger::new().await;
    let (items, stream) = with_poison(&ledger).await;
    written(&ledger, &config(), &stream).await;
    ledger.put(&items[1]).await;
    ledger.put(&items[3]).await;
    let lines = written(&ledger, &config(), &ledger.stream()[4..]).await;
    let lines = of_level(&lines, "INFO", "");
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
async fn what_could_not_be_parked_says_so_and_is_no_metric() {
    let ledger = Ledger::new().await;
    let (_, stream) = with_poison(&ledger).await;
    let without = ProjectorConfig { parked_table: "NoSuchTable".to_owned(), ..config() };
    let lines = written(&ledger, &without, &stream).await;
    let errors = of_level(&lines, "ERROR", "projector");
    assert_eq!(errors.len(), 2, "{lines:#?}");
    for error in errors {
        assert_eq!((&error["poison"], &error["parked"]), (&json!(true), &json!(false)));
        assert!(error["not_parked"].as_str().unwrap().starts_with("UpdateItem was refused"), "{error}");
    }
    assert_eq!(of_level(&lines, "WARN", "projector").len(), 2, "which orders are parked is not known");
    assert_eq!(of_level(&lines, "INFO", "metrics").len(), 0);
}

#[tokio::test]
async fn a_sum_that_is_not_ours_parks_its_order_and_neither_log_nor_note_quotes_it_or_its_customer() {
    let ledger = Ledger::new().await;
    let items = Ledger::items("o-1", "c-1", 2).await;
    ledger.put(&items[0]).await;
    written(&ledger, &config(), &ledger.stream()).await;
    let sum = ledger.server.client().update_item().table_name("CustomerTotals");
    let sum = sum.key("customerId", AttributeValue::S("c-1".to_owned()));
    let sum = sum.key("entry", AttributeValue::S("total#1#EUR".to_owned())).update_expression("SET gross = :it");
    let sum = sum.expression_attribute_values(":it", AttributeValue::S("someone@example.com".to_owned()));
    sum.send().await.unwrap();
    ledger.put(&items[1]).await;
    let lines = written(&ledger, &config(), &ledger.stream()[1..]).await;
    let errors = of_level(&lines, "ERROR", "projector");
    let [error] = &errors[..] else { panic!("{lines:#?}") };
    let reason = "the row total#1#EUR cannot be read: its attributes are not those that this release reads";
    assert_eq!((&error["parked"], &error["version"], &error["reason"]), (&json!(true), &json!(2), &json!(reason)));
    let notes = ParkedOrders::new(ledger.server.client(), "ParkedOrders");
    let note = notes.find(Consumer::CustomerTotals, "o-1").await.unwrap().unwrap();
    assert_eq!((note.version, note.reason.as_str()), (2, reason));
}
