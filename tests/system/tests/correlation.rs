//! A correlation id, followed from the request through commit, audit trail and bus to the logs of the real binaries; also
//! the metrics in these logs.

use std::collections::BTreeMap;

use read_models::registry::CORE;
use serde_json::{Value, json};
use system_tests::System;
use system_tests::api::three_items;
use system_tests::binaries::Written;

const ADMIN: (&str, &str) = ("x-test-claims", r#"{"sub":"desk","scope":"orders:admin"}"#);

/// Returns a function's log lines as JSON.
fn lines(written: &BTreeMap<String, String>, function: &str) -> Vec<Value> {
    written[function].lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correlation_id_leads_from_the_request_to_commit_trail_bus_and_logs() {
    let mut written = Written::default();
    let (system, functions) = System::start_with_overheard_binaries(&mut written).await;
    let headers = [ADMIN, ("idempotency-key", "order-7"), ("x-correlation-id", "checkout-7")];
    let placed = system.api.post_with("/orders", &headers, three_items("anna")).await.expect(201);
    assert_eq!(placed.header("x-correlation-id"), Some("checkout-7"));
    let order = placed.body["orderId"].as_str().unwrap();
    let (payments, payment) = (format!("/orders/{order}/payments"), json!({ "paymentId": "pay-1", "amount": 5_000 }));
    system.api.post_with(&payments, &[ADMIN, ("idempotency-key", "payment-7")], payment).await.expect(201);
    system.drained().await;

    let trail = system.api.get_with(&format!("/orders/{order}/events"), &[ADMIN]).await.expect(200).body;
    let published = system.stack.event_bus().published().await;
    // A request without a correlation id leaves none in the audit trail and on the bus. Its idempotency key must not appear,
    // because it would let any reader repeat the request.
    for (version, id) in [Some("checkout-7"), None].into_iter().enumerate() {
        assert_eq!(trail["items"][version].get("correlationId").and_then(Value::as_str), id);
        assert_eq!(published[version]["subject"], order);
        assert_eq!(published[version].get("correlationid").and_then(Value::as_str), id);
    }
    assert!(!json!(published).to_string().contains("payment-7"), "{published:#?}");

    drop(functions);
    system.stack.stop().await;
    let written = written.to_the_end().await;
    for (function, message) in [
        ("command-handler", "command recorded"),
        ("projector", "received a commit"),
        ("publisher", "received a commit"),
    ] {
        let lines = lines(&written, function);
        let found: Vec<_> = lines.iter().filter(|line| line["correlation_id"] == "checkout-7").collect();
        let [line] = &found[..] else { panic!("{function} wrote {lines:#?}") };
        assert_eq!((&line["order_id"], &line["version"]), (&json!(order), &json!(1)), "{function}");
        assert_eq!(line["message"], message, "{function}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_process_reports_one_cold_start_and_names_its_function() {
    let mut written = Written::default();
    let (system, functions) = System::start_with_overheard_binaries(&mut written).await;
    for _ in 0..2 {
        let placed = system.api.place_with(&[ADMIN], three_items("anna")).await.expect(201);
        let order = placed.body["orderId"].as_str().unwrap();
        system.api.get_with(&format!("/orders/{order}?minVersion=1"), &[ADMIN]).await.expect(200);
        system.drained().await;
    }

    drop(functions);
    system.stack.stop().await;
    let written = written.to_the_end().await;
    for (function, counted, value) in [
        ("command-handler", "CommandsAccepted", 2),
        // Each commit writes a row in each read model.
        ("projector", "RowsWritten", 2 * u64::try_from(CORE.len()).unwrap()),
        ("publisher", "EventsPublished", 2),
        ("query-handler", "ColdStarts", 1),
    ] {
        let mut metrics = lines(&written, function);
        metrics.retain(|line| line["_aws"].is_object());
        assert!(metrics.iter().all(|line| line["function_name"] == function), "{metrics:#?}");
        let sum = |name: &str| metrics.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
        assert_eq!((sum("ColdStarts"), sum(counted)), (1, value), "{metrics:#?}");
    }
}
