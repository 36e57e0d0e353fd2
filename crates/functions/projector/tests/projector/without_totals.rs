//! A deployment with `CUSTOMER_TOTALS=false`: the projector keeps summaries only.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::Units;
use function_setup::{Config, ProjectorConfig};
use parked_orders::ParkedOrderTable;
use projector::Projector;
use read_models::registry::CORE;
use read_models::{CustomerTotals, DynamoSummaries, OrderSummaries, Projection};
use test_support::ledger::Ledger;

use crate::given::{SUMMARY_CONSUMER, SUMMARY_TABLE, config, event, pay, place, retried};
use crate::items::items_of;

fn without_totals() -> ProjectorConfig {
    let mut config = config();
    config.tables.remove(CustomerTotals::NAME);
    config
}

#[test]
fn every_read_model_of_the_core_has_a_table_in_the_configuration() {
    let registered = CORE.iter().map(|read_model| read_model.name).collect::<BTreeSet<_>>();
    // With this value, every switch is on.
    let config =
        ProjectorConfig::from_variables(|name| Some(if name == "LOG_LEVEL" { "info" } else { "true" }.to_owned()));
    assert_eq!(config.unwrap().tables.into_keys().collect::<BTreeSet<_>>(), registered);
}

/// Returns the requests by operation, and the capacity by table, for one order that is placed and paid.
async fn cost(config: &ProjectorConfig) -> (BTreeMap<String, u64>, BTreeMap<String, Units>) {
    let ledger = Ledger::new().await;
    ledger.record("o-1", place("c-1"), "2026-11-21T09:30:00.123Z").await;
    ledger.record("o-1", pay("p-1", 1000), "2026-11-21T09:30:01.123Z").await;
    let (client, meter) = ledger.server.metered_client();
    let response = Projector::on_dynamo(client, config).handle(event(&ledger.stream())).await.unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), retried([]));
    let summaries = DynamoSummaries::new(ledger.server.client(), SUMMARY_TABLE);
    assert_eq!(summaries.find("o-1").await.unwrap().map(|row| row.version), Some(2), "summaries are kept as ever");
    let rows = ledger.server.client().scan().table_name("CustomerTotals").send().await.unwrap();
    assert_eq!(rows.count > 0, config.tables.contains_key(CustomerTotals::NAME));
    let reading = meter.take();
    (reading.requests, reading.tables)
}

#[tokio::test]
async fn totals_that_are_not_kept_cost_no_request() {
    let ((_, with), (requests, without)) = (cost(&config()).await, cost(&without_totals()).await);
    assert!(with.contains_key("CustomerTotals"), "{with:?}");
    assert_eq!(without.keys().collect::<Vec<_>>(), ["OrderSummaryByCustomer", "ParkedOrders"]);
    // One read of the consumer's notes, and one new row.
    assert_eq!(requests, BTreeMap::from([("Query".to_owned(), 1), ("PutItem".to_owned(), 1)]));
    let of_notes = |tables: &BTreeMap<String, Units>| tables["ParkedOrders"].read_half_units;
    assert_eq!(of_notes(&without) * 2, of_notes(&with), "one Query of ParkedOrders, not two");
}

#[tokio::test]
async fn an_order_is_not_parked_for_totals_that_are_not_kept() {
    let ledger = Ledger::new().await;
    let mut item = items_of("o-1", "c-1", 1).await.remove(0);
    item.insert("events".to_owned(), AttributeValue::S("no list".to_owned()));
    ledger.put(&item).await;
    let projector = Projector::on_dynamo(ledger.server.client(), &without_totals());
    let response = projector.handle(event(&ledger.stream())).await.unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), retried([]));
    let page = ParkedOrderTable::new(ledger.server.client(), "ParkedOrders").page(None).await.unwrap();
    let consumers: Vec<_> = page.parked.into_iter().map(|note| note.unwrap().consumer).collect();
    assert_eq!(consumers, [SUMMARY_CONSUMER]);
}
