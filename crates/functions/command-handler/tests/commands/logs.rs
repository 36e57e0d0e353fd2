//! The one log line of each command, which identifies the command without its content, and its metrics.

use std::future::Future;
use std::io;

use embedded_dynamodb::same_reply;
use event_store::execute::MAX_ATTEMPTS;
use event_store::{DynamoEventStore, EventStore, StoreError, TableError};
use futures_util::future::join;
use http_api::AuthMode;
use order_aggregate::Orders;
use serde_json::{Value, json};
use test_support::failing_store::FailingStore;
use test_support::gateway::Call;
use test_support::log;

use crate::order_life::{cancel, handler, open_handler, pay, place_order, placed, send, ship};
use crate::stores::{Counted, Crowded, Outgrown};

/// Returns the log lines and the metrics that `meanwhile` writes.
async fn written(meanwhile: impl Future) -> (Vec<Value>, Vec<Value>) {
    log::capture();
    // The preparation of the test has written log lines too.
    let _before = log::take();
    meanwhile.await;
    log::lines(&log::take()).into_iter().partition(|line| line["target"] != "metrics")
}

async fn logged<S: EventStore<Orders>>(store: S, mode: AuthMode, call: &Call) -> Vec<Value> {
    written(send(&handler(store, mode), call)).await.0
}

/// Returns each metric that `meanwhile` writes, with name, code and value. All are counts.
async fn told(meanwhile: impl Future) -> Vec<(String, String, u64)> {
    let (_, lines) = written(meanwhile).await;
    let metrics = lines.iter().flat_map(|line| {
        let metrics: Vec<Value> = serde_json::from_str(line["metrics"].as_str().unwrap()).unwrap();
        metrics
    });
    let metric = |metric: Value| {
        assert_eq!(metric["unit"], "Count");
        let code = metric["dimensions"]["code"].as_str().unwrap_or_default();
        (metric["name"].as_str().unwrap().to_owned(), code.to_owned(), metric["value"].as_u64().unwrap())
    };
    metrics.map(metric).collect()
}

fn counts(expected: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    expected.iter().map(|(name, code, value)| ((*name).to_owned(), (*code).to_owned(), *value)).collect()
}

#[tokio::test]
async fn an_accepted_command_is_one_line_with_nothing_of_its_content() {
    let call =
        place_order().key("secret-key").header("authorization", "Bearer secret-token").gateway_request_id("gw-1");
    let lines = logged(Counted::default(), AuthMode::None, &call).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("command recorded")));
    assert_eq!((&line["request_id"], &line["outcome"]), (&json!("gw-1"), &json!("recorded")));
    assert_eq!((&line["version"], &line["attempts"]), (&json!(1), &json!(1)));
    assert!(line["order_id"].is_string() && line["duration_ms"].is_u64(), "{line}");
    assert_eq!(line.get("correlation_id"), None);
    let text = line.to_string();
    for content in ["secret", "T-shirt", "customer-1001", "1999"] {
        assert!(!text.contains(content), "{content} in {text}");
    }
}

#[tokio::test]
async fn a_refused_command_is_one_line_with_its_code() {
    let lines = logged(Counted::default(), AuthMode::None, &cancel("no-such-order")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("INFO"), &json!("order_not_found")));
    assert_eq!(lines[0]["order_id"], "no-such-order");
}

#[tokio::test]
async fn a_failure_is_one_error_with_everything_that_it_came_from() {
    let out = FailingStore(|| TableError::unavailable("Query", "cable cut").into());
    let lines = logged(out, AuthMode::None, &cancel("o-1")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("ERROR"), &json!("unavailable")));
    assert_eq!(lines[0]["error"], "Query failed: the store is unavailable: cable cut");
    assert_eq!(lines[0].get("throttling_reasons"), None);
}

#[tokio::test]
async fn a_503_names_the_reason_for_which_dynamodb_throttled() {
    let reason = "TableReadKeyRangeThroughputExceeded";
    let client = same_reply::throttled("ThrottlingException", reason, "table/OrderEvents");
    let lines = logged(DynamoEventStore::new(client, "OrderEvents"), AuthMode::None, &cancel("o-1")).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("ERROR"), &json!("unavailable")));
    assert_eq!(lines[0]["throttling_reasons"], format!("{reason} on table/OrderEvents"));
}

#[tokio::test]
async fn an_unreadable_order_is_an_error_although_its_caller_gets_a_404() {
    let poisoned = FailingStore(|| StoreError::Unreadable {
        aggregate_id: "o-1".to_owned(),
        version: 1,
        source: io::Error::other("torn").into(),
    });
    let call = cancel("o-1").token_of("customer-1001", "orders:cancel");
    let lines = logged(poisoned, AuthMode::Jwt, &call).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("ERROR"), &json!("order_not_found")));
    assert!(lines[0]["error"].as_str().unwrap().ends_with("torn"), "{lines:?}");
}

/// Contention on one order is not an error of the function. An error would alert the operator.
#[tokio::test]
async fn a_command_that_loses_every_race_is_a_warning_and_no_error() {
    let store = Crowded::default();
    let order_id = placed(&handler(store.inner.clone(), AuthMode::None)).await;
    let lines = logged(store, AuthMode::None, &pay(&order_id, "payment-1", 1)).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["outcome"]), (&json!("WARN"), &json!("contention")));
    assert_eq!((&lines[0]["attempts"], lines[0].get("error")), (&json!(MAX_ATTEMPTS), None));
    assert_eq!(lines[0]["order_id"], order_id);
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_is_a_warning_and_a_metric() {
    let store = Outgrown::default();
    let order_id = placed(&handler(store.inner.clone(), AuthMode::None)).await;
    let lines = logged(store.clone(), AuthMode::None, &pay(&order_id, "payment-1", 1)).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["order_id"]), (&json!("WARN"), &json!(order_id)));
    assert_eq!((&lines[0]["version"], &lines[0]["bytes"]), (&json!(2), &json!(410_000)));
    assert_eq!((&lines[1]["level"], &lines[1]["outcome"]), (&json!("INFO"), &json!("recorded")));

    let handler = handler(store, AuthMode::None);
    let outgrown = told(send(&handler, &pay(&order_id, "payment-2", 1))).await;
    assert_eq!(outgrown, counts(&[("CommandsAccepted", "", 1), ("SnapshotsTooLarge", "", 1)]));
    let replayed = told(send(&handler, &pay(&order_id, "payment-2", 1))).await;
    assert_eq!(replayed, counts(&[("CommandsAccepted", "", 1)]), "nothing was written");
}

#[tokio::test]
async fn a_command_is_found_by_the_correlation_id_that_it_came_with() {
    let call = place_order().key("key-1").header("x-correlation-id", "checkout-7");
    let store = Counted::default();
    for _ in 0..2 {
        assert_eq!(logged(store.clone(), AuthMode::None, &call).await[0]["correlation_id"], "checkout-7");
    }
    let refused = cancel("no-such-order").header("x-correlation-id", "checkout-7");
    assert_eq!(logged(store.clone(), AuthMode::None, &refused).await[0]["correlation_id"], "checkout-7");
    let forbidden = call.token_of("customer-2", "orders:place");
    let line = &logged(store, AuthMode::Jwt, &forbidden).await[0];
    assert_eq!((&line["outcome"], &line["correlation_id"]), (&json!("prices_not_trusted"), &json!("checkout-7")));
}

#[tokio::test]
async fn a_correlation_id_that_cannot_be_used_is_ignored_and_the_log_says_so() {
    for unusable in ["", "two words", &"c".repeat(129)] {
        let call = place_order().header("x-correlation-id", unusable);
        let line = &logged(Counted::default(), AuthMode::None, &call).await[0];
        assert_eq!((&line["outcome"], &line["correlation_id_ignored"]), (&json!("recorded"), &json!(true)));
        assert_eq!(line.get("correlation_id"), None);
    }
    let used = place_order().header("x-correlation-id", "c-1,two words");
    let line = &logged(Counted::default(), AuthMode::None, &used).await[0];
    assert_eq!((&line["correlation_id"], line.get("correlation_id_ignored")), (&json!("c-1"), None));
}

#[tokio::test]
async fn commands_are_counted_as_accepted_replayed_or_refused_by_code() {
    let (handler, _) = open_handler();
    let place = place_order().key("key-1");
    assert_eq!(told(send(&handler, &place)).await, counts(&[("CommandsAccepted", "", 1)]));
    assert_eq!(told(send(&handler, &place)).await, counts(&[("CommandsReplayed", "", 1)]));
    let order_id = placed(&handler).await;
    for _ in 0..2 {
        // The second cancellation changes nothing.
        assert_eq!(told(send(&handler, &cancel(&order_id))).await, counts(&[("CommandsAccepted", "", 1)]));
    }
    let refused = |code| counts(&[("CommandsRefused", code, 1)]);
    assert_eq!(told(send(&handler, &cancel("no-such-order"))).await, refused("order_not_found"));
    assert_eq!(told(send(&handler, &ship(&order_id, "shipment-1", "CAP-RED", 1))).await, refused("order_cancelled"));
    assert_eq!(told(send(&handler, &place.body(&json!({})))).await, refused("invalid_request"));
}

#[tokio::test]
async fn a_failure_is_no_refusal() {
    let out = FailingStore(|| TableError::unavailable("Query", "cable cut").into());
    assert_eq!(told(send(&handler(out, AuthMode::None), &cancel("o-1"))).await, []);
}

#[tokio::test]
async fn every_attempt_that_another_writer_won_is_counted() {
    let (open, store) = open_handler();
    let order_id = placed(&open).await;
    let (one, other) = (pay(&order_id, "payment-1", 1), pay(&order_id, "payment-2", 1));
    let race = told(join(send(&open, &one), send(&open, &other))).await;
    assert_eq!(race, counts(&[("CommandsAccepted", "", 1), ("CommandsAccepted", "", 1), ("Conflicts", "", 1)]));

    let crowded = handler(Crowded { inner: store.inner }, AuthMode::None);
    let lost = told(send(&crowded, &pay(&order_id, "payment-3", 1))).await;
    assert_eq!(lost, counts(&[("Conflicts", "", u64::from(MAX_ATTEMPTS)), ("CommandsContended", "", 1)]));
}
