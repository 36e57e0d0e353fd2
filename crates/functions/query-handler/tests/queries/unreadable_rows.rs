//! A list with an unreadable row, on an embedded DynamoDB.

use event_store::{Delivered, EventStore, InMemoryEventStore, StoreError, TableError};
use http_api::AuthMode;
use order_aggregate::Orders;
use read_models::{DynamoRows, DynamoSummaries, Engine, OrderSummaryByCustomer};
use serde_json::json;
use test_support::failing_store::FailingStore;
use test_support::gateway::{Call, Reply};

use crate::given::{Ledger, ask, list_orders};

const SUMMARY_TABLE: &str = "OrderSummaryByCustomer";

/// Three orders of `customer-1001` with their rows, oldest first.
struct Given {
    ledger: Ledger,
    placed: Vec<String>,
}

impl Given {
    async fn three_orders() -> Self {
        let ledger = Ledger::empty().await;
        let rows = DynamoRows::new(ledger.database.client(), SUMMARY_TABLE);
        let engine: Engine<OrderSummaryByCustomer, _, _> = Engine::new(ledger.events.clone(), rows);
        let mut placed = Vec::new();
        for number in 1..=3 {
            let order_id = ledger.place("customer-1001", &format!("key-{number}")).await;
            let commits = ledger.commits(&order_id).await.into_iter();
            let entries = commits.map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) });
            assert!(engine.project(entries.collect(), None).await.failed.is_empty());
            placed.push(order_id);
        }
        Self { ledger, placed }
    }

    /// Removes the total from the middle order's row, as a newer release might.
    async fn damage(&self) {
        let placed_at = self.ledger.commits(&self.placed[1]).await[0].recorded_at;
        let request = json!({
            "TableName": SUMMARY_TABLE,
            "Key": {
                "customerId": { "S": "customer-1001" },
                "placedAtOrderId": { "S": format!("{placed_at}#{}", self.placed[1]) },
            },
            "ConditionExpression": "attribute_exists(customerId)",
            "UpdateExpression": "REMOVE #total",
            "ExpressionAttributeNames": { "#total": "total" },
        });
        self.ledger.database.database().update_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    async fn ask_on<S: EventStore<Orders>>(&self, events: S, query: &str) -> Reply {
        let summaries = DynamoSummaries::new(self.ledger.database.client(), SUMMARY_TABLE);
        let handler = self.ledger.handler_on(events, summaries, AuthMode::None);
        ask(&handler, &list_orders("customer-1001").query(query)).await
    }

    async fn ask(&self, query: &str) -> Reply {
        self.ask_on(self.ledger.events.clone(), query).await
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_listed_in_its_place_as_its_events_tell() {
    let given = Given::three_orders().await;
    let queries = ["", "status=placed", "limit=2"];
    let mut before = Vec::new();
    for query in queries {
        before.push(given.ask(query).await.body);
    }
    given.damage().await;
    for (query, before) in queries.into_iter().zip(before) {
        let reply = given.ask(query).await;
        assert_eq!((reply.status, reply.body), (200, before));
    }
}

#[tokio::test]
async fn an_order_that_has_left_the_status_asked_for_is_not_listed_under_it() {
    let given = Given::three_orders().await;
    given.damage().await;
    let cancel = Call::to("POST /orders/{orderId}/cancellation", &[("orderId", &given.placed[1])]);
    let reply = given.ledger.command(&cancel.body(&json!({ "reason": "ordered twice" }))).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(statuses(&given.ask("").await), ["placed", "cancelled", "placed"]);
    assert_eq!(statuses(&given.ask("status=placed").await), ["placed", "placed"]);
}

#[tokio::test]
async fn an_order_whose_events_cannot_be_read_either_costs_no_other() {
    let given = Given::three_orders().await;
    given.damage().await;
    let unreadable = || StoreError::Unreadable { aggregate_id: "o".to_owned(), version: 1, source: "secret".into() };
    assert_eq!(statuses(&given.ask_on(FailingStore(unreadable), "").await), ["placed", "placed"]);
    assert_eq!(given.ask_on(InMemoryEventStore::default(), "").await.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_outage_of_the_events_is_a_503_where_a_row_needs_them() {
    let given = Given::three_orders().await;
    let outage = || TableError::unavailable("Query", "secret").into();
    assert_eq!(given.ask_on(FailingStore(outage), "").await.status, 200);
    given.damage().await;
    assert_eq!(given.ask_on(FailingStore(outage), "").await.problem(), (503, "unavailable".to_owned()));
}

fn statuses(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let page = reply.json();
    page["items"].as_array().unwrap().iter().map(|order| order["status"].as_str().unwrap().to_owned()).collect()
}
