//! The projector of another function: it has its own name and counts only its own read models' parked orders.

use event_store::DynamoEventStore;
use lambda_runtime::{Context, LambdaEvent};
use parked_orders::{Consumer, ParkedOrderTable};
use projector::{Payload, Projector};
use read_models::registry::{self, CORE};
use serde_json::{Value, json};
use test_support::ledger::Ledger;

use crate::given::{SUMMARY_CONSUMER, SUMMARY_TABLE, TOTALS_CONSUMER, event, place};
use crate::log::lines_of;
use crate::tick::parking;

fn of_a_module(ledger: &Ledger) -> Projector {
    let client = ledger.server.client();
    let store = DynamoEventStore::new(client.clone(), "OrderEvents");
    let models = registry::open(&CORE, &client, &store, |name| (name == SUMMARY_TABLE).then_some(SUMMARY_TABLE));
    Projector::named("report-projector", store, &models, ParkedOrderTable::new(client, "ParkedOrders"))
}

#[tokio::test]
async fn a_tick_counts_only_orders_parked_by_its_own_read_models() {
    let ledger = Ledger::new().await;
    let parked = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders");
    for (consumer, order) in [(SUMMARY_CONSUMER, "o-1"), (TOTALS_CONSUMER, "o-2"), (Consumer::PUBLISHER, "o-2")] {
        parked.park(&consumer, &parking(order)).await.unwrap();
    }
    let tick: Payload = serde_json::from_value(json!({ "task": "tick" })).unwrap();
    let projector = of_a_module(&ledger);
    let tick = async { projector.handle(LambdaEvent::new(tick, Context::default())).await.unwrap() };
    let lines = lines_of(tick).await;
    let counted = lines.iter().find(|line| line["message"] == "counted parked orders").unwrap();
    assert_eq!((&counted["consumers"], &counted["parked_orders"]), (&json!(1), &json!(1)));
    let gauges: Vec<_> =
        lines.iter().filter(|line| line["consumer"].is_string()).map(|line| &line["consumer"]).collect();
    assert!(gauges.iter().all(|consumer| **consumer == SUMMARY_CONSUMER.as_str()), "{gauges:?}");
}

#[tokio::test]
async fn a_record_that_names_no_order_is_noted_by_that_function() {
    let ledger = Ledger::new().await;
    ledger.record("o-1", place("c-1"), "2026-11-21T09:00:00Z").await;
    let mut stream = ledger.stream();
    for part in ["Keys", "NewImage"] {
        stream[0]["dynamodb"][part]["version"] = json!({ "N": "1.5" });
    }
    let reply: Value = serde_json::to_value(of_a_module(&ledger).handle(event(&stream)).await.unwrap()).unwrap();
    assert_eq!(reply, json!({ "batchItemFailures": [] }));
    let page = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders").page(None).await.unwrap();
    let [Ok(note)] = &page.unaddressable[..] else { panic!("one note: {:?}", page.unaddressable) };
    assert_eq!(note.noted_by.iter().collect::<Vec<_>>(), ["report-projector"]);
}
