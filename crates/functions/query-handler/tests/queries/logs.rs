//! The one log line of each query, which identifies the query without its content, and the line of metrics that reports a
//! cold start.

use std::io;

use embedded_dynamodb::same_reply;
use event_store::{DynamoEventStore, EventStore, StoreError, TableError};
use http_api::AuthMode;
use order_aggregate::Orders;
use query_handler::QueryHandler;
use serde_json::{Value, json};
use test_support::failing_store::FailingStore;
use test_support::gateway::Call;
use test_support::log;

use crate::given::{Ledger, ask, get_order, get_totals, list_events, list_orders, parked, readers};
use crate::rows::Rows;

/// Returns the one line of a query.
async fn logged<S: EventStore<Orders>>(handler: &QueryHandler<S>, call: Call) -> Value {
    log::capture();
    // The preparation of the test has written log lines too.
    let _before = log::take();
    ask(handler, &call.gateway_request_id("gw-1")).await;
    let lines = log::lines(&log::take());
    let [line, metrics] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((&metrics["target"], &metrics["metrics"]), (&json!("metrics"), &json!("[]")));
    line.clone()
}

#[tokio::test]
async fn an_answered_query_is_one_line_with_the_order_and_its_version() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let handler = ledger.handler(AuthMode::None);
    let line = logged(&handler, get_order(&order_id)).await;
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("query answered")));
    assert_eq!((&line["order_id"], &line["version"]), (&json!(order_id), &json!(5)));
    assert_eq!((&line["request_id"], &line["outcome"]), (&json!("gw-1"), &json!("answered")));
    assert!(line["duration_ms"].is_u64() && !line.to_string().contains("customer-1001"), "{line}");

    let line = logged(&handler, list_events(&order_id)).await;
    assert_eq!((&line["order_id"], line.get("version")), (&json!(order_id), None));
    let line = logged(&handler, list_orders("customer-1001")).await;
    assert_eq!((line.get("order_id"), &line["outcome"]), (None, &json!("answered")));
    assert!(!line.to_string().contains("customer-1001"), "{line}");
}

#[tokio::test]
async fn a_query_is_found_by_its_correlation_id_and_an_unusable_one_is_noted() {
    let handler = Ledger::empty().await.handler(AuthMode::None);
    let asked = async |id: &str| logged(&handler, get_order("no-such-order").header("x-correlation-id", id)).await;
    let line = asked("checkout-7").await;
    assert_eq!((&line["correlation_id"], line.get("correlation_id_ignored")), (&json!("checkout-7"), None));
    let line = asked("two words").await;
    assert_eq!((line.get("correlation_id"), &line["correlation_id_ignored"]), (None, &json!(true)));
}

#[tokio::test]
async fn a_query_that_is_not_answered_is_one_line_with_its_code() {
    let line = logged(&Ledger::empty().await.handler(AuthMode::None), get_order("no-such-order")).await;
    assert_eq!((&line["level"], &line["outcome"]), (&json!("INFO"), &json!("order_not_found")));
    assert_eq!(line["order_id"], "no-such-order");
}

#[tokio::test]
async fn a_failure_is_one_error_with_everything_that_it_came_from() {
    let events = FailingStore(|| TableError::unavailable("Query", "cable cut").into());
    let line =
        logged(&Ledger::empty().await.handler_on(events, Rows::default(), AuthMode::None), get_order("o-1")).await;
    assert_eq!((&line["level"], &line["outcome"]), (&json!("ERROR"), &json!("unavailable")));
    assert_eq!((&line["order_id"], &line["request_id"]), (&json!("o-1"), &json!("gw-1")));
    assert_eq!(line["error"], "Query failed: the store is unavailable: cable cut");
    assert_eq!(line.get("throttling_reasons"), None);
}

/// Events, rows and the notes on parked orders each wrap the client's error in their own type.
#[tokio::test]
async fn a_503_names_the_reason_for_which_dynamodb_throttled() {
    let reason = "IndexReadMaxOnDemandThroughputExceeded";
    let throttled = || same_reply::throttled("ProvisionedThroughputExceededException", reason, "table/T/index/I");
    let ledger = Ledger::empty().await;
    let no_events = ledger.handler_on(DynamoEventStore::new(throttled(), "T"), Rows::default(), AuthMode::None);
    let events = logged(&no_events, get_order("o-1").query("version=1")).await;

    let rows = readers(&throttled(), ledger.rows.clone());
    let no_totals = QueryHandler::new(ledger.events.clone(), rows, parked(&ledger.database), AuthMode::None);
    let totals = logged(&no_totals, get_totals("customer-1001")).await;
    for line in [events, totals] {
        assert_eq!((&line["level"], &line["outcome"]), (&json!("ERROR"), &json!("unavailable")), "{line}");
        assert_eq!(line["throttling_reasons"], format!("{reason} on table/T/index/I"), "{line}");
    }
}

#[tokio::test]
async fn an_unreadable_order_answered_with_404_is_logged_as_an_error() {
    for query in [get_order("o-1"), list_events("o-1")] {
        let poisoned = FailingStore(|| StoreError::Unreadable {
            aggregate_id: "o-1".to_owned(),
            version: 1,
            source: io::Error::other("torn").into(),
        });
        let handler = Ledger::empty().await.handler_on(poisoned, Rows::default(), AuthMode::Jwt);
        let line = logged(&handler, query.token_of("customer-1001", "orders:read")).await;
        assert_eq!((&line["level"], &line["outcome"]), (&json!("ERROR"), &json!("order_not_found")));
        assert!(line["error"].as_str().unwrap().ends_with("torn"), "{line}");
    }
}
