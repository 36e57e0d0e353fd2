//! Text from clients never reaches a log. Bodies, headers, tokens, queries and stored data contain canaries, and the real
//! binaries log at the most detailed level. No line of their logs may contain a canary.
//!
//! Logs may contain values that are not personal data: ids of orders and requests, `X-Correlation-Id`, versions, codes and
//! counts.

mod requests;
mod stored;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use system_tests::System;
use system_tests::binaries::Written;

/// The text that no log line contains, in any letter case.
const CANARY: &str = "canary";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_holds_a_body_a_token_a_name_or_an_address() {
    let mut written = Written::default();
    let (system, functions) = System::start_with_overheard_binaries(&mut written).await;

    let order = requests::life(&system).await;
    requests::refusals(&system, &order).await;
    requests::queries(&system, &order).await;
    system.drained().await;
    assert_canaries_were_recorded_and_published(&system).await;

    let poisoned = stored::poison(&system, &order);
    system.drained().await;
    for order in &poisoned {
        stored::ask_for(&system, order).await;
    }
    system.stack.run_schedules().await.unwrap();
    stored::spoil_the_read_models(&system, &order, &functions).await;
    system.stack.run_schedules().await.unwrap();
    stored::invoke_with_what_is_no_payload(&functions).await;

    drop(functions);
    system.stack.stop().await;
    let written = written.to_the_end().await;
    assert_the_logs_are_those_of(&order, &poisoned, &written);
    let lines = written.iter().flat_map(|(function, text)| text.lines().map(move |line| (function, line)));
    let leaks: Vec<_> = lines.filter(|(_, line)| line.to_lowercase().contains(CANARY)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// Asserts that the test uses real data: the accepted texts were stored, and the rejected texts are not in the tables or on
/// the bus.
async fn assert_canaries_were_recorded_and_published(system: &System) {
    let stored = [everything_in(system, "OrderEvents"), everything_in(system, "OrderSummaryByCustomer")].concat();
    let published = json!(system.stack.event_bus().published().await).to_string();
    for text in requests::RECORDED {
        assert!(stored.contains(text), "not recorded: {text}");
        assert!(published.contains(text), "not published: {text}");
    }
    for text in ["canary.token", "canary-session", "canary-agent", "canary.example", "1 Canary Row"] {
        assert!(!stored.contains(text) && !published.contains(text), "kept: {text}");
    }
}

fn everything_in(system: &System, table: &str) -> String {
    let scan = serde_json::from_value(json!({ "TableName": table })).unwrap();
    json!(system.stack.database().database().scan(scan).unwrap().items).to_string()
}

/// Asserts that the test reads real logs: each function has logged the order, and the problems of the other orders.
fn assert_the_logs_are_those_of(order: &str, poisoned: &[String], written: &BTreeMap<String, String>) {
    assert_eq!(written.keys().collect::<Vec<_>>(), ["command-handler", "projector", "publisher", "query-handler"]);
    for (function, text) in written {
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let of = |order: &str| lines.iter().filter(|line| line["order_id"] == order).count();
        if function.ends_with("handler") {
            assert!(of(order) > 5, "{function} wrote {text}");
        }
        for order in poisoned {
            assert!(of(order) > 0, "{function} wrote nothing of {order}: {text}");
        }
        let strays = lines.iter().filter(|line| line["unaddressable"] == true).count();
        assert_eq!(strays > 0, ["projector", "publisher"].contains(&function.as_str()), "{function} wrote {text}");
    }
    let gauges = written["projector"].lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let gauges = gauges.filter_map(|line| line["ParkedOrders"].as_u64());
    assert!(gauges.filter(|orders| *orders >= poisoned.len() as u64).count() >= 3, "{}", written["projector"]);
}
